/** What the page reads of the engines' answers; each engine's OpenAPI document has all of it. */

export interface Items<T> {
  items: T[];
}

export interface Origin {
  signal: string | null;
  source: string | null;
  asOf: string | null;
  method: string | null;
  stale: boolean | null;
}

export interface Stretch {
  from: string;
  to: string;
  gramsPerKwh: number;
}

/** GET /green-scheduler/v1/outlook */
export interface Outlook {
  region: string;
  demonstration: boolean;
  at: string;
  past: Stretch[];
  now: (Stretch & { estimated: boolean }) | null;
  band: { errorShare: number; basis: string } | null;
  ahead: (Stretch & { low: number | null; high: number | null })[];
  grounds: Origin & {
    trusted: boolean;
    why: string;
    generatedAt: string | null;
    by: string | null;
    errorShare: number | null;
  };
}

export interface Plan {
  region: string;
  slots: { from: string; to: string }[];
  outcome: string;
  expectedGrams: number;
  baselineGrams: number;
  latestStart: string;
  reason: string;
}

/** GET /green-scheduler/v1/jobs */
export interface Job {
  id: string;
  name: string;
  state: string;
  submittedAt: string;
  releaseAt: string | null;
  deadline: string | null;
  schedule: { cron: string; timeZone: string } | null;
  faults: { field: string; message: string }[];
  decisionId: string | null;
  plan: Plan | null;
  unplannableSince: string | null;
  runs: { from: string; to: string | null; region: string }[];
  finishedAt: string | null;
  account: { gramsCo2e: number; baselineGramsCo2e: number; deadlineMet: boolean } | null;
}

export interface Saved {
  signal: string;
  jobs: number;
  energyKwh: number;
  gramsCo2e: number;
  baselineGramsCo2e: number;
  savedGramsCo2e: number;
  lostGramsCo2e: number;
  unkeptGramsCo2e: number;
  missedDeadlines: number;
  unplanned: number;
}

/** GET /green-scheduler/v1/savings */
export interface Savings {
  from: string;
  to: string;
  bySignal: Saved[];
  items: (Saved & { region: string; source: string })[];
  demonstrations: (Saved & { region: string; source: string })[];
}

/** GET /energy-optimizer/v1/plans */
export interface EnergyPlan {
  id: string;
  kind: string;
  state: string;
  expected: { kwh: { value: number }; gramsCo2e: { value: number } };
  measured: { expectedKwh: number; savedKwh: number } | null;
}

export interface Part {
  kind: string;
  workload: string | null;
  tenant: string | null;
  energyKwh: number;
  gramsCo2e: number;
}

/** GET /carbon-monitor/v1/records */
export interface EnergyRecord {
  id: string;
  node: string;
  region: string;
  from: string;
  to: string;
  method: string;
  uncertaintyPercent: number | null;
  energyKwh: number;
  gramsCo2e: number;
  intensity: Stretch & {
    signal: string;
    source: string;
    asOf: string;
    method: string;
    estimated: boolean;
    stale: boolean;
  };
  parts: Part[];
}

/** GET /carbon-monitor/v1/energy */
export interface EnergySums {
  from: string;
  to: string;
  totals: { signal: string; energyKwh: number; gramsCo2e: number; embodiedGramsCo2e: number }[];
}
