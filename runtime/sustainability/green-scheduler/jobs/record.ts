import type { FieldFault } from "../../../exports";
import type { Plan } from "../engine";
import type { Declaration } from "./declaration";

/** A stretch in which the job ran; `to` is null while it does. Milliseconds since the epoch. */
export interface Run {
  from: number;
  to: number | null;
  region: string;
}

export type JobState = "waiting" | "running" | "paused" | "succeeded" | "failed" | "deleted";
export type Outcome = Extract<JobState, "succeeded" | "failed" | "deleted">;

/** All that the scheduler knows of one job, as it is stored. */
export interface JobRecord {
  id: string;
  /** The workload's name; of jobs that are not over, unique. */
  name: string;
  /** `cluster`: a suspended job that is released here. `caller`: posted by somebody who runs it himself. */
  origin: "cluster" | "caller";
  tenant: string | null;
  state: JobState;
  submittedAt: number;
  /** Of the annotations that the declaration was read from; changed ones are read anew. Empty for callers' jobs. */
  declarationKey: string;
  /** null where it is not valid: `faults` says why, and the job is released at once. */
  declaration: Declaration | null;
  faults: FieldFault[];
  /** Of one replica, and how many there are; cores are 0 where the job runs elsewhere. */
  cores: number;
  replicas: number;
  runs: Run[];
  plan: Plan | null;
  decisionId: string | null;
  /** Of the decision that lets it run without a slot's leave, until it does; null where there is none. */
  releaseId: string | null;
  /** When the plan was made; null where there is none. */
  plannedAt: number | null;
  /** When it was last said that it cannot be planned; null where it can. */
  unplannableSince: number | null;
  /** gCO2e per kWh that the plan promised to save when it first ran; null before, and where it ran without a plan. */
  promisedGramsPerKwh: number | null;
  /** How it ended; the accounts may still be open. */
  finishedAt: number | null;
  account: Account | null;
}

/** What is known of a job when it is first heard of; the rest comes with its plan and its runs. */
type Known = Pick<JobRecord, "id" | "name" | "origin" | "tenant" | "submittedAt" | "cores" | "replicas"> &
  Partial<JobRecord>;

/** A job that waits, of which nothing is planned yet; it is without a declaration unless there is one. */
export function newRecord(known: Known): JobRecord {
  return {
    state: "waiting",
    declarationKey: "",
    declaration: null,
    faults: [],
    runs: [],
    plan: null,
    decisionId: null,
    releaseId: null,
    plannedAt: null,
    unplannableSince: null,
    promisedGramsPerKwh: null,
    finishedAt: null,
    account: null,
    ...known,
  };
}

/** What an ended job emitted, and what the same energy would have emitted from a start at once. */
export interface Account {
  /** Where it ran, or would have. */
  region: string;
  energyKwh: number;
  gramsCo2e: number;
  baselineGramsCo2e: number;
  deadlineMet: boolean;
  intensity: {
    gramsPerKwh: number;
    signal: "average" | "marginal";
    source: string;
    asOf: string;
    estimated: boolean;
    stale: boolean;
  };
  /** How the figures came to be. */
  method: string;
}

/** What a plan promises to save against a start at once, gCO2e per kWh: by energy, for a job may run longer than was thought. */
export function promiseOf(plan: Plan | null): number | null {
  return plan && plan.expectedKwh > 0 ? (plan.baselineGrams - plan.expectedGrams) / plan.expectedKwh : null;
}

export const isOver = ({ state }: JobRecord): boolean =>
  state === "succeeded" || state === "failed" || state === "deleted";

/**
 * How an ended job stands to its deadline: `missed` ran past it, in success or not, and `failed` did so before it. What was
 * deleted is neither: somebody wanted it no more, or its end was not seen.
 */
export function fateOf({ state, finishedAt, declaration }: JobRecord): "met" | "missed" | "failed" | "deleted" {
  if (state === "deleted") return "deleted";
  if ((finishedAt ?? 0) > (declaration?.deadline ?? Infinity)) return "missed";
  return state === "succeeded" ? "met" : "failed";
}

/** Seconds that it has run until `now`. */
export function ranSeconds({ runs }: Pick<JobRecord, "runs">, now: number): number {
  return runs.reduce((sum, { from, to }) => sum + Math.max(0, (to ?? now) - from), 0) / 1000;
}

/** Ends the run under way, if there is one. */
export function closeRuns(runs: readonly Run[], now: number): Run[] {
  return runs.map((run) => (run.to === null ? { ...run, to: Math.max(run.from, now) } : run));
}
