import type { Curve } from "./outlook";
import type { Job, ScalePoint, Slot } from "./types";

/** A job with what follows from it for this planning, in milliseconds. */
export interface Task {
  job: Job;
  /** The first moment it may run. */
  soonest: number;
  /** The last moment an uninterrupted run may start without endangering the deadline; never before `soonest`. */
  latest: number;
  /** The work that is expected, and the work that the deadline is kept for. */
  mean: number;
  high: number;
  /** Equally likely lengths that carbon is averaged over. */
  lengths: readonly number[];
  startup: number;
  checkpoint: number;
  /** Sizes it can run at; one for a job that is not elastic. Throughput by the first one's. */
  sizes: readonly ScalePoint[];
  /** The fastest size's throughput. */
  topSpeed: number;
  interruptible: boolean;
}

const MS = 1000;

/**
 * Throws RangeError for a job without regions, or with a duration, power or core count that is no positive number: a plan made
 * of NaN would look like a plan.
 */
export function taskOf(job: Job, now: number): Task {
  const sizes = sizesOf(job);
  const high = Math.max(job.duration.highSeconds, job.duration.meanSeconds) * MS;
  const mean = job.duration.meanSeconds * MS;
  for (const [name, value] of Object.entries({ mean, high, watts: sizes[0]!.watts, cores: job.cores })) {
    if (!(value > 0) || !Number.isFinite(value)) {
      throw new RangeError(`job ${job.id}: ${name} must be a positive number, not ${String(value)}`);
    }
  }
  if (job.regions.length === 0) throw new RangeError(`job ${job.id}: regions must name at least one region`);
  const soonest = Math.max(now, job.releaseAt);
  const interruptible = job.interruptible || job.scale !== undefined;
  const isRunning = job.runningIn !== undefined;
  const startup = job.startupSeconds * MS;
  const topSpeed = sizes[sizes.length - 1]!.throughput;
  const safe = job.deadline - (isRunning ? 0 : startup) - high / topSpeed;
  const patient = soonest + (job.maxDelaySeconds ?? Infinity) * MS;
  const latest = isRunning && !interruptible ? soonest : Math.max(soonest, Math.min(safe, patient));
  const quantiles = job.duration.quantilesSeconds;
  const lengths = quantiles?.length ? quantiles.map((seconds) => seconds * MS) : [mean];
  return {
    ...{ job, soonest, latest, mean, high, lengths, startup, checkpoint: job.checkpointSeconds * MS, sizes, topSpeed },
    interruptible,
  };
}

function sizesOf(job: Job): readonly ScalePoint[] {
  if (!job.scale?.length) return [{ replicas: 1, throughput: 1, watts: job.watts }];
  const unit = job.scale[0]!.throughput;
  return job.scale.map((size) => ({ ...size, throughput: size.throughput / unit }));
}

export function sizeOf(task: Task, replicas: number): ScalePoint {
  return task.sizes.find((size) => size.replicas === replicas)!;
}

/** Start-up at `from`, where it is not already running then. */
export function startupAt(task: Task, from: number): number {
  return task.job.runningIn !== undefined && from <= task.soonest ? 0 : task.startup;
}

/** Grams for each millisecond of waiting; a job with a budget waits for its carbon whatever it takes. */
export function waitPriceOf({ job }: Task): number {
  return job.carbonBudgetGrams === undefined ? (job.waitPriceGramsPerHour ?? 0) / 3_600_000 : 0;
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
  if (task.job.runningIn !== undefined && slots[0]!.from > task.soonest) {
    run.grams += (curve.integral(task.soonest, task.soonest + task.checkpoint) * task.sizes[0]!.watts) / 1000;
    run.kwh += (task.checkpoint * task.sizes[0]!.watts) / 3_600_000_000;
  }
  for (let i = 0; i < slots.length && left > 0; i++) {
    const slot = slots[i]!;
    const size = task.sizes.length === 1 ? task.sizes[0]! : sizeOf(task, slot.replicas);
    const next = slots[i + 1];
    const goesOn = i > 0 && slots[i - 1]!.to === slot.from;
    const startup = goesOn ? 0 : startupAt(task, slot.from);
    const checkpoint = next && next.from > slot.to ? task.checkpoint : 0;
    const room = next ? Math.max(0, slot.to - slot.from - startup - checkpoint) * size.throughput : Infinity;
    const done = Math.min(left, room);
    left -= done;
    run.end = slot.from + startup + done / size.throughput + (left > 0 ? checkpoint : 0);
    run.grams += (curve.integral(slot.from, run.end) * size.watts) / 1000;
    run.kwh += ((run.end - slot.from) * size.watts) / 3_600_000_000;
  }
  return run;
}

/** Mean over the lengths the job may turn out to have. */
export function expect(task: Task, slots: readonly Slot[], curve: Curve): Run {
  const sum: Run = { grams: 0, kwh: 0, end: 0 };
  for (const length of task.lengths) {
    const run = runThrough(task, slots, curve, length);
    sum.grams += run.grams;
    sum.kwh += run.kwh;
    sum.end += run.end;
  }
  const count = task.lengths.length;
  return { grams: sum.grams / count, kwh: sum.kwh / count, end: sum.end / count };
}
