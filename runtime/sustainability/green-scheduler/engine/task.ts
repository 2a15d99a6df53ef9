import type { Curve } from "./outlook";
import type { Job, ScalePoint, Slot } from "./types";

/** A job with what follows from it for this planning, in whole milliseconds. */
export interface Task {
  job: Job;
  /** The first moment it may run. */
  soonest: number;
  /** The last moment an uninterrupted run may start without endangering the deadline; never before `soonest`. */
  latest: number;
  deadline: number;
  /** By when the work that is expected has to be done, so that no wait is too long. */
  patientUntil: number;
  /** The work that is expected, and the work that the deadline is kept for. */
  mean: number;
  high: number;
  /** Equally likely lengths that carbon is averaged over; null: the mean alone. */
  lengths: readonly number[] | null;
  startup: number;
  checkpoint: number;
  minChunk: number;
  /** Of one replica. */
  cores: number;
  /** Of the smallest size. */
  watts: number;
  /** Grams; Infinity: none. */
  budget: number;
  neverAboveSoonest: boolean;
  /** Grams for each millisecond of waiting; a job with a budget waits for its carbon whatever it takes. */
  waitPrice: number;
  /** Sizes an elastic job can run at, throughput by the first one's; null for one that is not. */
  scale: readonly ScalePoint[] | null;
  /** The fastest size's throughput. */
  topSpeed: number;
  interruptible: boolean;
  isRunning: boolean;
}

const MS = 1000;

function positive(job: Job, name: string, value: number): void {
  if (value > 0 && Number.isFinite(value)) return;
  throw new RangeError(`job ${job.id}: ${name} must be a positive number, not ${String(value)}`);
}

/**
 * Throws RangeError for a job without regions, or with a duration, power or core count that is no positive number: a plan made
 * of NaN would look like a plan.
 */
export function taskOf(job: Job, now: number): Task {
  const scale = scaleOf(job);
  const { meanSeconds, highSeconds, quantilesSeconds } = job.duration;
  const watts = scale ? scale[0]!.watts : job.watts;
  positive(job, "mean", meanSeconds);
  positive(job, "high", highSeconds);
  positive(job, "watts", watts);
  positive(job, "cores", job.cores);
  if (job.regions.length === 0) throw new RangeError(`job ${job.id}: regions must name at least one region`);
  const mean = Math.max(1, Math.round(meanSeconds * MS));
  const high = Math.max(mean, Math.ceil(highSeconds * MS));
  const soonest = Math.max(now, job.releaseAt);
  const interruptible = job.interruptible || scale !== null;
  const isRunning = job.runningIn !== undefined;
  const startup = Math.ceil(job.startupSeconds * MS);
  const topSpeed = scale ? scale[scale.length - 1]!.throughput : 1;
  const safe = job.deadline - (isRunning ? 0 : startup) - high / topSpeed;
  const delayed = soonest + (job.maxDelaySeconds ?? Infinity) * MS;
  return {
    job,
    soonest,
    latest: isRunning && !interruptible ? soonest : Math.max(soonest, Math.min(safe, delayed)),
    deadline: job.deadline,
    patientUntil: delayed + mean,
    mean,
    high,
    lengths: quantilesSeconds?.length ? quantilesSeconds.map((seconds) => seconds * MS) : null,
    startup,
    checkpoint: Math.ceil(job.checkpointSeconds * MS),
    minChunk: job.minChunkSeconds * MS,
    cores: job.cores,
    watts,
    budget: job.carbonBudgetGrams ?? Infinity,
    neverAboveSoonest: job.neverAboveSoonest === true,
    waitPrice: job.carbonBudgetGrams === undefined ? (job.waitPriceGramsPerHour ?? 0) / 3_600_000 : 0,
    scale,
    topSpeed,
    interruptible,
    isRunning,
  };
}

function scaleOf(job: Job): readonly ScalePoint[] | null {
  if (!job.scale?.length) return null;
  const unit = job.scale[0]!.throughput;
  return job.scale.map((size) => ({ ...size, throughput: size.throughput / unit }));
}

/** Cores that a slot takes. */
export function coresOf(task: Task, replicas: number): number {
  return task.cores * replicas;
}

/** Start-up at `from`, where it is not already running then. */
export function startupAt(task: Task, from: number): number {
  return task.isRunning && from <= task.soonest ? 0 : task.startup;
}

export interface Run {
  /** Without the power usage effectiveness of the place. */
  grams: number;
  kwh: number;
  end: number;
}

/** What `work` milliseconds of work emit when they run through the slots in order; more than these hold goes on after the last. */
export function runThrough(task: Task, slots: readonly Slot[], curve: Curve, work: number): Run {
  const run: Run = { grams: 0, kwh: 0, end: slots[0]!.from };
  let left = work;
  if (task.isRunning && slots[0]!.from > task.soonest) {
    run.grams += (curve.integral(task.soonest, task.soonest + task.checkpoint) * task.watts) / 1000;
    run.kwh += (task.checkpoint * task.watts) / 3_600_000_000;
  }
  for (let i = 0; i < slots.length && left > 0; i++) {
    const slot = slots[i]!;
    const size = task.scale?.find(({ replicas }) => replicas === slot.replicas);
    const throughput = size ? size.throughput : 1;
    const watts = size ? size.watts : task.watts;
    const next = slots[i + 1];
    const goesOn = i > 0 && slots[i - 1]!.to === slot.from;
    const startup = goesOn ? 0 : startupAt(task, slot.from);
    const checkpoint = next && next.from > slot.to ? task.checkpoint : 0;
    const room = next ? Math.max(0, slot.to - slot.from - startup - checkpoint) * throughput : Infinity;
    const done = Math.min(left, room);
    left -= done;
    run.end = slot.from + startup + done / throughput + (left > 0 ? checkpoint : 0);
    run.grams += (curve.integral(slot.from, run.end) * watts) / 1000;
    run.kwh += ((run.end - slot.from) * watts) / 3_600_000_000;
  }
  return run;
}

/** Mean over the lengths the job may turn out to have. */
export function expect(task: Task, slots: readonly Slot[], curve: Curve): Run {
  const { lengths } = task;
  if (!lengths) return runThrough(task, slots, curve, task.mean);
  const sum: Run = { grams: 0, kwh: 0, end: 0 };
  for (const length of lengths) {
    const run = runThrough(task, slots, curve, length);
    sum.grams += run.grams;
    sum.kwh += run.kwh;
    sum.end += run.end;
  }
  const count = lengths.length;
  return { grams: sum.grams / count, kwh: sum.kwh / count, end: sum.end / count };
}
