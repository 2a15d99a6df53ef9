import type { ClusterNode, WorkloadStatus } from "../../kernel/cluster/cluster";
import type { EventData } from "../../kernel/events/catalogue";
import type { Consolidation } from "./consolidate";
import { type Expectation, expectation, HOURS_OF_30_DAYS, type IntensityFigure } from "./expectation";
import type { IdleFinding } from "./idle";
import type { Proposal } from "./plan";
import { planPowerCap, type PowerLimit } from "./power-cap";
import type { SleepSchedule } from "./schedule";
import { type EnergyHour, expectSleep } from "./sleep";
import { learnIdleWeek } from "./weekly";
import type { UsageHour } from "./usage";

/** Orders of waking that a plan spells out. */
const MOST_ORDERS = 5;

/** Each function makes one kind of proposal of what is known, or none; none of them reads or changes anything. */

export interface SleepFacts {
  status: WorkloadStatus;
  finding: IdleFinding;
  usage: readonly UsageHour[];
  energy: readonly EnergyHour[];
  region: string;
  nodes: string[];
  intensity: IntensityFigure;
  now: number;
  /** Replaces what would be learned. */
  declared?: SleepSchedule;
}

/** Sleep in the hours that were learned, or declared; for a zombie always. The plan only says what to do where an autoscaler owns the replicas. */
export function proposeSleep(facts: SleepFacts): Proposal | undefined {
  const { status, finding, usage, energy, region, nodes, intensity, now, declared } = facts;
  const { name, kind, scaledBy, replicas } = status.spec;
  if (kind !== "service" || status.phase === "suspended") return undefined;
  if (declared === undefined && finding.lineCores === null) return undefined;
  const windows =
    finding.state === "zombie" ? [{ from: 0, hours: 168 }] : learnIdleWeek(usage, finding.lineCores ?? Number.NaN);
  const schedule = declared ?? { by: "learned" as const, windows };
  if (schedule.by === "learned" && schedule.windows.length === 0) return undefined;
  const expected = expectSleep(schedule, energy, now, intensity);
  if (!expected || expected.kwh.value <= 0) return undefined;
  const steps = [
    `give the scaler of ${name} (${scaledBy}) minReplicas 0 and idle.cooldownSeconds: the first request through the balancer wakes it`,
  ];
  return {
    kind: "sleep",
    region,
    workloads: [name],
    nodes,
    emptied: [],
    action: scaledBy === undefined ? { do: "sleep", schedule, asleep: null, wokenAt: null } : { do: "steps", steps },
    expected,
    risk: declared
      ? "low: declared by its owner"
      : "medium: the past may not be the future; whoever calls it then waits for a start",
    disruption: `no replica of ${name} (now ${replicas}) in those hours; a start when it is woken`,
    undo: `its replicas are started again, at once`,
    reasons: [declared ? "a sleep schedule was declared" : finding.reason, describe(schedule)],
  };
}

function describe(schedule: SleepSchedule): string {
  if (schedule.by === "declared")
    return `sleeps at "${schedule.sleepAt}", wakes at "${schedule.wakeAt}", ${schedule.timeZone}`;
  const hours = schedule.windows.reduce((sum, window) => sum + window.hours, 0);
  return `${hours} of 168 hours of the week were idle each time`;
}

export interface FleetFacts {
  region: string;
  intensity: IntensityFigure;
  /** Half of the 95 % interval of the power models' error, as a share. */
  uncertainty: number;
  /** What the power rests on. */
  method: string;
}

/** `plan` as a proposal, where it empties anything. Net of what the moves cost, once in 30 days. */
export function proposeConsolidation(
  plan: Consolidation,
  { region, intensity, uncertainty, method }: FleetFacts,
): Proposal | undefined {
  const { moves, emptied, woken, waking, wattsBefore, wattsAfter, costKwh } = plan;
  if (emptied.length === 0) return undefined;
  const value = ((wattsBefore - wattsAfter) / 1000) * HOURS_OF_30_DAYS - costKwh;
  const half = Math.abs(value) * uncertainty;
  const kwh = { value, low: value - half, high: value + half };
  return {
    kind: "consolidate",
    region,
    workloads: [...new Set(moves.map(({ workload }) => workload))].sort(),
    nodes: [...new Set([...emptied, ...woken, ...moves.map(({ to }) => to)])].sort(),
    emptied,
    action: {
      do: "steps",
      steps: [
        ...woken.map((node) => `switch on ${node}`),
        ...moves.map(({ item, from, to }) => `move ${item} from ${from} to ${to}`),
        ...emptied.map((node) => `cordon ${node} and switch it off`),
      ],
    },
    expected: expectation(kwh, (wattsBefore / 1000) * HOURS_OF_30_DAYS, intensity, `${method}; load stays as it is`),
    risk: "medium: less room for what comes next; a node has to be switched on again for it",
    disruption: `${moves.length} replica(s) are moved, at most half of any workload`,
    undo: [`uncordon and switch on ${emptied.join(", ")}`, ...wakingText(waking)].join("; "),
    reasons: [
      `${wattsBefore.toFixed(0)} W become ${wattsAfter.toFixed(0)} W`,
      `the moves cost ${costKwh.toPrecision(2)} kWh once`,
    ],
  };
}

/** In which order to wake nodes for what finds no room: what is woken first decides what all that follows uses. */
function wakingText(waking: Consolidation["waking"]): string[] {
  const orders = waking.filter(({ nodes }) => nodes.length > 1);
  const more = orders.length - MOST_ORDERS;
  return [
    ...orders.slice(0, MOST_ORDERS).map(({ need: { cpuCores, memoryBytes, gpus = 0 }, nodes }) => {
      const need = [
        `${cpuCores} cores`,
        `${(memoryBytes / 2 ** 30).toPrecision(3)} GiB`,
        ...(gpus ? [`${gpus} GPU`] : []),
      ];
      return `where ${need.join(", ")} find no room, one at a time in this order: ${nodes.join(", ")}`;
    }),
    ...(more > 0 ? [`and so for ${more} other size(s)`] : []),
  ];
}

/**
 * Right-sizing uses less of nothing by itself: what was only requested draws no power. It lets nodes be emptied, and that is
 * what is expected of it: what consolidation saves with the advised requests, less what it saves without.
 */
export function proposeRightSize(
  advice: EventData<"mno.scalability.advice.issued">,
  without: Consolidation,
  withAdvice: Consolidation,
  facts: FleetFacts,
): Proposal | undefined {
  const wholeOf = (plan: Consolidation): Proposal | undefined => proposeConsolidation(plan, facts);
  const more = wholeOf(withAdvice);
  if (!more) return undefined;
  const value = more.expected.kwh.value - (wholeOf(without)?.expected.kwh.value ?? 0);
  if (value <= 0) return undefined;
  const half = value * facts.uncertainty;
  const expected: Expectation = expectation(
    { value, low: 0, high: value + half },
    more.expected.baselineKwh,
    facts.intensity,
    `${facts.method}; what consolidation saves more with the advised requests, and nothing without it`,
  );
  const path = `/performance-optimizer/v1/advice/${encodeURIComponent(advice.adviceId)}`;
  return {
    kind: "right-size",
    region: facts.region,
    workloads: [advice.workload],
    nodes: more.nodes,
    emptied: [],
    action: { do: "request", applyPath: `${path}/apply`, undoPath: `${path}/revert` },
    expected,
    risk: `confidence of the advice: ${advice.confidence.toFixed(2)}`,
    disruption: `the replicas of ${advice.workload} are rolled`,
    undo: "the advice is reverted: the old requests, by another roll",
    reasons: [...advice.reasons, `${more.emptied.length} node(s) could be emptied, not ${without.emptied.length}`],
  };
}

/** A power cap of this machine, where it may be set. */
export function proposePowerCap(
  limit: PowerLimit,
  node: Pick<ClusterNode, "name">,
  hourlyWatts: readonly number[],
  { region, intensity }: Pick<FleetFacts, "region" | "intensity">,
): Proposal | undefined {
  const planned = planPowerCap(limit, hourlyWatts, intensity);
  return (
    planned && {
      kind: "power-cap",
      region,
      workloads: [],
      nodes: [node.name],
      emptied: [],
      action: { do: "cap", ...planned.cap },
      expected: planned.expected,
      risk: "medium: whatever needs more power than the cap runs slower; latencies at peaks rise",
      disruption: "none: the limit changes under running work",
      undo: `${planned.cap.fromWatts} W are written again`,
      reasons: [`9 of 10 measured hours of ${node.name} stay below ${planned.cap.toWatts.toFixed(1)} W`],
    }
  );
}
