import { type DurationEstimate, estimateLength, type Job, type SeenRun } from "../engine";
import type { Declaration } from "./declaration";
import { type JobRecord, ranSeconds } from "./record";

/** What stands in for what a job does not say. */
export interface Defaults {
  /** Of a job that neither says how long it runs nor has run before. */
  durationSeconds: number;
  wattsPerCore: number;
  region: string;
  /** What acting may take: jobs that are released here are let run, and so planned, so long before their deadlines demand it. */
  marginMilliseconds: number;
}

/** How long the rest of it runs, learned from earlier runs of its recurring key and from what it declares itself. */
function durationOf(
  declaration: Declaration,
  seen: readonly SeenRun[],
  ran: number,
  { durationSeconds }: Defaults,
): DurationEstimate {
  // Where nothing is declared the default must not count as if a run had been seen.
  const typical = [...seen].sort((a, b) => a.seconds - b.seconds)[seen.length >> 1]?.seconds;
  const declaredSeconds = declaration.durationSeconds ?? typical ?? durationSeconds;
  return estimateLength({ seen, declaredSeconds, ranSeconds: ran });
}

/** The job as the planner takes it, of what is left of it at `now`. */
export function plannerJob(
  record: JobRecord,
  declaration: Declaration,
  seen: readonly SeenRun[],
  defaults: Defaults,
  now: number,
): Job {
  const startups = record.runs.length * declaration.startupSeconds;
  const running = record.runs.at(-1)?.to === null ? record.runs.at(-1) : undefined;
  const held = heldSeconds(record, declaration, now);
  return {
    id: record.name,
    tenant: record.tenant,
    // What is past is past: the planner sees what is left, of the work and of the patience.
    releaseAt: Math.max(declaration.releaseAt, now),
    deadline: declaration.deadline - (record.origin === "cluster" ? defaults.marginMilliseconds : 0),
    ...(declaration.maxDelaySeconds !== null && { maxDelaySeconds: Math.max(0, declaration.maxDelaySeconds - held) }),
    duration: durationOf(declaration, seen, Math.max(0, ranSeconds(record, now) - startups), defaults),
    interruptible: declaration.interruptible,
    checkpointSeconds: declaration.checkpointSeconds,
    startupSeconds: declaration.startupSeconds,
    minChunkSeconds: declaration.minChunkSeconds,
    watts: wattsOf(record, defaults),
    cores: record.cores * (declaration.scale.length > 0 ? 1 : record.replicas),
    regions: regionsLeft(record, declaration, defaults),
    ...(declaration.scale.length > 0 && { scale: declaration.scale }),
    ...(declaration.carbonBudgetGrams !== null && { carbonBudgetGrams: declaration.carbonBudgetGrams }),
    ...(running && { runningIn: running.region }),
  };
}

/** Where what is left of it may run: what has run in a cluster stays where it was. */
function regionsLeft({ origin, runs }: JobRecord, { regions }: Declaration, { region }: Defaults): readonly string[] {
  const last = origin === "cluster" ? runs.at(-1)?.region : undefined;
  if (last !== undefined) return [last];
  return regions.length > 0 ? regions : [region];
}

/** Power of all its replicas while it runs, W: as declared, or by the cores that it requests; one where it requests none. */
export function wattsOf({ declaration, cores, replicas }: JobRecord, { wattsPerCore }: Defaults): number {
  return declaration?.watts ?? (cores > 0 ? cores : 1) * replicas * wattsPerCore;
}

/** How long it was held back until `now`: since it might have run, less what it ran. */
function heldSeconds(record: JobRecord, { releaseAt }: Declaration, now: number): number {
  const since = Math.max(releaseAt, record.submittedAt);
  return Math.max(0, (now - since) / 1000 - ranSeconds(record, now));
}

/**
 * The time at which the job has to be let run, whatever is known of intensity: later, the high estimate of what is left would
 * end after the deadline, or it would be held back longer than it allows. `marginMilliseconds` is what it takes us to act.
 */
export function latestSafeStart(
  record: JobRecord,
  declaration: Declaration,
  job: Job,
  marginMilliseconds: number,
  now: number,
): number {
  const byDeadline = declaration.deadline - (job.duration.highSeconds + declaration.startupSeconds) * 1000;
  const left = (declaration.maxDelaySeconds ?? Infinity) - heldSeconds(record, declaration, now);
  const byDelay = Math.max(now, declaration.releaseAt) + left * 1000;
  return Math.min(byDeadline, byDelay) - marginMilliseconds;
}
