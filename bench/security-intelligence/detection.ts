import { Detector } from "../../runtime/security/security-intelligence/detection/detector";
import type { Alert } from "../../runtime/security/security-intelligence/detection/alert";
import { Grouping } from "../../runtime/security/security-intelligence/incidents/grouping";
import { DEFAULT_PACK } from "../../runtime/security/security-intelligence/rules/pack";
import { loadSigma } from "../../runtime/kernel/sigma/load";
import type { OcsfEvent } from "../../runtime/kernel/ocsf/schema";
import { type BenchRow, median, spread } from "../contract";
import { benign, campaigns } from "./traffic";

/** Not those of the tests, by which the rules' thresholds were chosen. */
const SEEDS = [101, 102, 103, 104, 105];
const START = Date.UTC(2026, 2, 2, 9);
const HOUR = 3600;
const USERS = 300;
const ATTACK_AT = 600_000;
const SYNTHETIC = "synthetic, seeded";

/** Seeded attacks in ordinary traffic: found or not, how soon, how many alerts become how many incidents; and hours without any. */
export function detectionRows(): BenchRow[] {
  const loaded = loadSigma(DEFAULT_PACK);
  const ordinary = SEEDS.map((seed) => benign({ seed, start: START, seconds: HOUR, users: USERS }));
  const falseAlerts = ordinary.map((events) => alertsOf(events, loaded).length);
  const byName = new Map<string, { found: number; seconds: number[]; alerts: number; incidents: number }>();
  for (const [index, seed] of SEEDS.entries()) {
    const attacks = campaigns(seed, START + ATTACK_AT);
    const events = [...ordinary[index]!, ...attacks.flatMap((campaign) => campaign.events)].sort(
      (a, b) => a.time - b.time,
    );
    const alerts = alertsOf(events, loaded);
    for (const campaign of attacks) {
      const result = byName.get(campaign.name) ?? { found: 0, seconds: [], alerts: 0, incidents: 0 };
      byName.set(campaign.name, result);
      const uids = new Set(campaign.events.map(({ metadata }) => metadata.uid));
      const mine = alerts.filter((alert) => alert.events.some((uid) => uids.has(uid)));
      const first = mine.find(({ title }) => campaign.expected.test(title));
      if (first) {
        result.found++;
        result.seconds.push((first.time - campaign.events[0]!.time) / 1000);
      }
      result.alerts += mine.length;
      result.incidents += incidentsOf(mine);
    }
  }
  const rows = [...byName].flatMap(([name, { found, seconds, alerts, incidents }]): BenchRow[] => [
    {
      work: `${name} in an hour of ${USERS} users (${SYNTHETIC})`,
      metric: "attacks_detected",
      unit: "attacks",
      better: "higher",
      ours: found,
      bound: SEEDS.length,
      spread: 0,
      peers: {},
    },
    ...(seconds.length === 0
      ? []
      : [
          {
            work: `${name}, from its first event (${SYNTHETIC})`,
            metric: "time_to_detect_s",
            unit: "s",
            better: "lower" as const,
            ours: median(seconds),
            spread: median(seconds) === 0 ? 0 : spread(seconds),
            peers: {},
          },
        ]),
    {
      work: `${name}: incidents (${SYNTHETIC})`,
      metric: "incidents_per_attack",
      unit: "incidents",
      better: "lower",
      ours: incidents / SEEDS.length,
      bound: 1,
      spread: 0,
      peers: { "alerts, ungrouped": alerts / SEEDS.length },
    },
  ]);
  return [
    {
      work: `${SEEDS.length} ordinary hours of ${USERS} users (${SYNTHETIC})`,
      metric: "false_alerts_per_hour",
      unit: "alerts",
      better: "lower",
      ours: falseAlerts.reduce((sum, count) => sum + count, 0) / SEEDS.length,
      bound: 0,
      spread: 0,
      peers: {},
    },
    ...rows,
  ];
}

function alertsOf(events: readonly OcsfEvent[], loaded: ReturnType<typeof loadSigma>): Alert[] {
  const detector = new Detector(loaded, 120_000);
  const alerts = events.flatMap((event) => detector.process(event));
  return [...alerts, ...detector.advance(START + 10 * HOUR * 1000)];
}

function incidentsOf(alerts: readonly Alert[]): number {
  let count = 0;
  const grouping = new Grouping(
    { windowMilliseconds: 4 * HOUR * 1000, announceAt: 0.3, capacity: 1000 },
    () => `i${count++}`,
  );
  for (const alert of alerts) grouping.take(alert, alert.time);
  return grouping.size;
}
