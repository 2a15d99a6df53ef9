import type { EnergyRecord, Job, Outlook, Plan, Savings } from "../../../runtime/console/browser/api";
import type { Answer, Ask } from "../../../runtime/console/browser/ask";

export const NOW = Date.parse("2026-11-23T12:00:00Z");
export const at = (minutes: number): string => new Date(NOW + minutes * 60_000).toISOString();

/** Engines that answer what they are given, by the beginning of the path; the rest is away. */
export function engines(answers: Record<string, unknown>): { ask: Ask; asked: string[] } {
  const asked: string[] = [];
  const ask: Ask = async <T>(path: string): Promise<Answer<T>> => {
    asked.push(path);
    const found = Object.entries(answers)
      .sort(([a], [b]) => b.length - a.length)
      .find(([start]) => path.startsWith(start));
    return found ? { ok: true, data: found[1] as T } : { ok: false, why: `${path} answered 404 MNO_NOT_FOUND: away` };
  };
  return { ask, asked };
}

export function outlook(changes: Partial<Outlook> = {}, grounds: Partial<Outlook["grounds"]> = {}): Outlook {
  const origin = { signal: "average", source: "test feed", asOf: at(-60), method: "measured", stale: false };
  return {
    region: "DE",
    demonstration: false,
    at: at(0),
    past: [{ from: at(-60), to: at(0), gramsPerKwh: 300 }],
    now: { from: at(0), to: at(60), gramsPerKwh: 250, estimated: false },
    band: { errorShare: 0.1, basis: "past forecasts" },
    ahead: [
      { from: at(0), to: at(60), gramsPerKwh: 250, low: 200, high: 300 },
      { from: at(60), to: at(120), gramsPerKwh: 100, low: 50, high: 150 },
    ],
    grounds: { ...origin, trusted: true, why: "", generatedAt: at(-5), by: "feed", errorShare: 0.1, ...grounds },
    ...changes,
  };
}

export function plan(changes: Partial<Plan> = {}): Plan {
  return {
    region: "DE",
    slots: [{ from: at(60), to: at(90) }],
    outcome: "shifted",
    expectedGrams: 50,
    baselineGrams: 125,
    latestStart: at(80),
    reason: "after 1 h: cleaner",
    ...changes,
  };
}

export function job(changes: Partial<Job> = {}): Job {
  return {
    id: "job_1",
    name: "report",
    state: "waiting",
    submittedAt: at(-10),
    releaseAt: at(-10),
    deadline: at(110),
    schedule: null,
    faults: [],
    decisionId: "dec_1",
    plan: plan(),
    unplannableSince: null,
    runs: [],
    finishedAt: null,
    account: null,
    ...changes,
  };
}

export function savings(changes: Partial<Savings["items"][number]> = {}): Savings["items"][number] {
  return {
    region: "DE",
    source: "test feed",
    signal: "average",
    jobs: 3,
    energyKwh: 1.5,
    gramsCo2e: 100,
    baselineGramsCo2e: 400,
    savedGramsCo2e: 300,
    lostGramsCo2e: 12,
    unkeptGramsCo2e: 34,
    missedDeadlines: 1,
    unplanned: 2,
    ...changes,
  };
}

export function record(changes: Partial<EnergyRecord> = {}): EnergyRecord {
  const figure = { gramsPerKwh: 100, signal: "average", source: "test feed", asOf: at(-60), method: "measured" };
  return {
    id: "rec_1",
    node: "node-1",
    region: "DE",
    from: at(-2),
    to: at(-1),
    method: "rapl",
    uncertaintyPercent: null,
    energyKwh: 0.001,
    gramsCo2e: 0.1,
    intensity: { ...figure, from: at(-2), to: at(-1), estimated: false, stale: false },
    parts: [
      { kind: "workload", workload: "web", tenant: "red", energyKwh: 0.0006, gramsCo2e: 0.06 },
      { kind: "idle", workload: null, tenant: null, energyKwh: 0.0004, gramsCo2e: 0.04 },
    ],
    ...changes,
  };
}

/** As a reader sees it. */
export const words = (text: string): string =>
  text
    .replace(/<[^>]+>/g, " ")
    .replace(/\s+/g, " ")
    .trim();

/** Targets of the links around each figure. */
export const links = (text: string): string[] => [...text.matchAll(/href="([^"]+)"/g)].map(([, href]) => href!);
