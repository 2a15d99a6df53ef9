import type { Place, Span } from "./outlook";
import { startupAt, type Task, waitPriceOf } from "./task";
import type { Grid, Slot } from "./types";

/** Cores that a slot takes. */
export function coresOf(task: Task, replicas: number): number {
  return task.job.cores * replicas;
}

/**
 * An uninterrupted run from `start`, long enough for the high estimate; of an elastic job, at the smallest size that meets the
 * deadline, or the largest where none does.
 */
export function straight(task: Task, start: number): Slot {
  const from = start + startupAt(task, start);
  const size =
    task.sizes.find(({ throughput }) => from + task.high / throughput <= task.job.deadline) ??
    task.sizes[task.sizes.length - 1]!;
  return { from: start, to: from + task.high / size.throughput, replicas: size.replicas };
}

/** By when the expected work has to be done, so that `spare` still fits behind it, no wait is too long, and the grid knows it. */
export function workUntil(task: Task, grid: Grid, spare: number): number {
  const delayEnds = task.soonest + (task.job.maxDelaySeconds ?? Infinity) * 1000 + task.mean;
  return Math.min(task.job.deadline - spare, delayEnds, grid.from + grid.steps * grid.stepMs);
}

/** The first start from `from` on with room for the whole of it; undefined where the grid has none. */
export function soonestRoom(task: Task, place: Place, grid: Grid, from: number): Slot | undefined {
  const end = grid.from + grid.steps * grid.stepMs;
  let start = from;
  while (start < end || start === from) {
    const slot = straight(task, start);
    const blocked = place.room.blockedAt(slot.from, slot.to, coresOf(task, slot.replicas));
    if (blocked < 0) return slot;
    start = grid.from + (blocked + 1) * grid.stepMs;
  }
  return undefined;
}

/**
 * The start of an uninterrupted run that is expected to emit least within [soonest, latest], in the place's free room; ties go
 * to the earliest. Emissions change their slope only where the start or the end crosses into another step, so the best one is
 * among those: the starts of steps, the two ends of the window, and (for one known length) the starts whose end meets a step's.
 */
export function bestWindow(task: Task, place: Place, grid: Grid): Slot | undefined {
  const { choice, room } = place;
  const { soonest, latest, lengths } = task;
  const kw = (task.sizes[0]!.watts * place.pue) / 1000;
  const price = waitPriceOf(task);
  const cores = coresOf(task, task.sizes[0]!.replicas);
  const until = Math.min(latest, grid.from + grid.steps * grid.stepMs);
  let best: Slot | undefined;
  let bestCost = Infinity;
  const consider = (start: number, hours: number): void => {
    const cost = kw * hours + price * (start - soonest);
    // A difference beyond the precision of the sums, so that ties go to the earliest.
    if (cost >= bestCost - 1e-9 * Math.abs(bestCost)) return;
    const slot = straight(task, start);
    if (room.limited && room.blockedAt(slot.from, slot.to, cores) >= 0) return;
    best = slot;
    bestCost = cost;
  };
  const considerAny = (start: number): void => {
    const startup = startupAt(task, start);
    let sum = 0;
    for (const length of lengths) sum += choice.integral(start, start + startup + length);
    consider(start, sum / lengths.length);
  };
  considerAny(soonest);
  if (until <= soonest) return best;
  const firstStep = Math.floor((soonest - grid.from) / grid.stepMs);
  const lastStep = Math.floor((until - grid.from) / grid.stepMs);
  const spans = lengths.map((length) => choice.span(task.startup + length));
  const [{ whole, part }] = spans as [Span];
  // How far behind a step's start a run begins that ends with a step.
  const offset = lengths.length === 1 && part > 0 ? (1 - part) * grid.stepMs : 0;
  for (let step = firstStep; step <= lastStep; step++) {
    const boundary = grid.from + step * grid.stepMs;
    if (boundary > soonest) {
      let sum = 0;
      for (const span of spans) sum += choice.steps(step, span);
      consider(boundary, sum / spans.length);
    }
    const start = boundary + offset;
    if (offset > 0 && start > soonest && start <= until) {
      consider(start, choice.steps(step, { whole: whole + 1, part: 0 }) - choice.head(step, 1 - part));
    }
  }
  considerAny(until);
  return best;
}
