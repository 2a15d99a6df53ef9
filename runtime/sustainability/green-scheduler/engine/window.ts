import type { Place, Room } from "./outlook";
import { coresOf, startupAt, type Task } from "./task";
import type { Grid, Slot } from "./types";

/**
 * An uninterrupted run from `start`, long enough for the high estimate; of an elastic job, at the smallest size that meets the
 * deadline, or the largest where none does.
 */
export function straight(task: Task, start: number): Slot {
  const from = start + startupAt(task, start);
  const { scale, high } = task;
  if (!scale) return { from: start, to: from + high, replicas: 1 };
  const size = scale.find(({ throughput }) => from + high / throughput <= task.deadline) ?? scale[scale.length - 1]!;
  return { from: start, to: from + high / size.throughput, replicas: size.replicas };
}

/** By when the expected work has to be done, so that `spare` still fits behind it, no wait is too long, and the grid knows it. */
export function workUntil(task: Task, grid: Grid, spare: number): number {
  return Math.min(task.deadline - spare, task.patientUntil, grid.from + grid.steps * grid.stepMs);
}

/** The first start from `from` on with room for the whole of it; undefined where the grid has none. */
export function soonestRoom(task: Task, { room, grid }: Place, from: number): Slot | undefined {
  const end = grid.from + grid.steps * grid.stepMs;
  let start = from;
  while (start < end || start === from) {
    const slot = straight(task, start);
    const blocked = room.blockedAt(slot.from, slot.to, coresOf(task, slot.replicas));
    if (blocked < 0) return slot;
    start = grid.from + (blocked + 1) * grid.stepMs;
  }
  return undefined;
}

/** A difference beyond the precision of the sums, so that ties go to the earliest. */
const TIE = 1e-9;

/** Scratch: where a run of each length ends, begun at each offset: whole steps on, and a part of one. */
let wholes = new Int32Array(32);
let parts = new Float64Array(32);
/** How far behind a step's start a run begins, and how many steps it then touches. */
const offsets = new Float64Array(3);
const touches = new Int32Array(3);

/** Fills the scratch; returns how many offsets there are, ascending from 0. */
function measure({ lengths, mean, high, startup }: Task, stepMs: number, isScarce: boolean): number {
  const count = lengths ? lengths.length : 1;
  if (3 * count > wholes.length) {
    wholes = new Int32Array(3 * count);
    parts = new Float64Array(3 * count);
  }
  // A run that ends with a step, and one whose reserve does.
  const onTime = count === 1 ? behindStep(startup + (lengths ? lengths[0]! : mean), stepMs) : 0;
  const kept = isScarce ? behindStep(startup + high, stepMs) : 0;
  const sooner = Math.min(onTime, kept);
  const later = Math.max(onTime, kept);
  let used = 1;
  if (sooner > 0) offsets[used++] = sooner;
  if (later > sooner) offsets[used++] = later;
  for (let k = 0; k < used; k++) {
    touches[k] = Math.ceil((offsets[k]! + startup + high) / stepMs);
    for (let i = 0; i < count; i++) {
      const end = (offsets[k]! + startup + (lengths ? lengths[i]! : mean)) / stepMs;
      wholes[k * count + i] = Math.floor(end);
      parts[k * count + i] = end - Math.floor(end);
    }
  }
  return used;
}

function behindStep(length: number, stepMs: number): number {
  return (stepMs - (length % stepMs)) % stepMs;
}

/**
 * The start of an uninterrupted run that is expected to emit least within [soonest, latest], in the place's free room; ties go
 * to the earliest. Emissions change their slope only where the start or the end crosses into another step, so the best one is
 * among those: the starts of steps, the two ends of the window, and (for one known length) the starts whose end meets a step's;
 * where cores are scarce, those too whose reserve does.
 */
export function bestWindow(task: Task, place: Place): Slot | undefined {
  const { choice, room, prices, grid } = place;
  const { soonest, latest, waitPrice, cores } = task;
  const { from: origin, stepMs } = grid;
  let best = NaN;
  let least = Infinity;
  if (hasRoom(task, room, soonest)) {
    best = soonest;
    least = costAt(task, place, soonest);
  }
  const until = Math.min(latest, origin + grid.steps * stepMs);
  if (until <= soonest) return Number.isNaN(best) ? undefined : straight(task, best);
  const count = task.lengths ? task.lengths.length : 1;
  const used = measure(task, stepMs, room.limited || prices !== null);
  const rate = (task.watts * place.pue * choice.hours) / 1000 / count;
  const firstStep = Math.floor((soonest - origin) / stepMs);
  const lastStep = Math.floor((until - origin) / stepMs);
  for (let step = firstStep; step <= lastStep; step++) {
    const boundary = origin + step * stepMs;
    for (let k = 0; k < used; k++) {
      const start = boundary + offsets[k]!;
      if (start <= soonest || start > until) continue;
      let sum = 0;
      for (let i = k * count; i < (k + 1) * count; i++) sum += choice.at(step + wholes[i]!, parts[i]!);
      let cost = rate * (sum - count * choice.at(step, offsets[k]! / stepMs)) + waitPrice * (start - soonest);
      if (prices) cost += cores * prices.between(step, step + touches[k]!);
      if (cost >= least - TIE * Math.abs(least) || !hasRoom(task, room, start)) continue;
      best = start;
      least = cost;
    }
  }
  if (costAt(task, place, until) < least - TIE * Math.abs(least) && hasRoom(task, room, until)) best = until;
  return Number.isNaN(best) ? undefined : straight(task, best);
}

function hasRoom(task: Task, room: Room, start: number): boolean {
  return !room.limited || room.blockedAt(start, start + startupAt(task, start) + task.high, task.cores) < 0;
}

/** Grams and prices of a run from any start. */
function costAt(task: Task, { choice, prices, pue }: Place, start: number): number {
  const { lengths, mean, watts, cores, waitPrice, soonest, high } = task;
  const begun = start + startupAt(task, start);
  let sum = 0;
  if (lengths) for (const length of lengths) sum += choice.integral(start, begun + length) / lengths.length;
  else sum = choice.integral(start, begun + mean);
  const cost = (watts * pue * sum) / 1000 + waitPrice * (start - soonest);
  return prices ? cost + cores * prices.touched(start, begun + high) : cost;
}
