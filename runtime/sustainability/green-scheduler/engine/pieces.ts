import type { Place } from "./outlook";
import type { Task } from "./task";
import type { Slot } from "./types";

/** The k-th smallest (from 0) of the first `count` values, which are reordered: Hoare's selection. */
function select(values: Float64Array, count: number, k: number): number {
  let low = 0;
  let high = count - 1;
  while (low < high) {
    const pivot = values[(low + high) >> 1]!;
    let i = low;
    let j = high;
    while (i <= j) {
      while (values[i]! < pivot) i++;
      while (values[j]! > pivot) j--;
      if (i > j) break;
      const held = values[i]!;
      values[i++] = values[j]!;
      values[j--] = held;
    }
    if (k <= j) high = j;
    else if (k >= i) low = i;
    else break;
  }
  return values[k]!;
}

/** Scratch: what each step of the window costs, Infinity without room; and the same, to be reordered. */
let worth = new Float64Array(256);
let scratch = new Float64Array(256);

/**
 * The cheapest steps within [soonest, until] that hold the expected work, for a job that may be cut up at no cost; among equals
 * the earliest. The dearest step is used only as far as it is needed. Undefined where there are not enough.
 */
export function cheapestPieces(task: Task, place: Place, until: number): Slot[] | undefined {
  const { grid, room, prices, choice } = place;
  const { from: origin, stepMs } = grid;
  const { cores, mean, soonest } = task;
  const first = Math.max(0, Math.floor((soonest - origin) / stepMs));
  const end = Math.min(grid.steps, Math.ceil((until - origin) / stepMs));
  if (end - first > worth.length) {
    worth = new Float64Array(2 * (end - first));
    scratch = new Float64Array(worth.length);
  }
  // What a core is worth to others, as intensity.
  const scale = prices ? (1000 * cores) / (task.watts * place.pue * choice.hours) : 0;
  let count = 0;
  for (let step = first; step < end; step++) {
    const isFree = room.isFreeAt(step, cores);
    const value = isFree ? choice.values[step]! + (prices ? scale * prices.values[step]! : 0) : Infinity;
    worth[step - first] = value;
    if (isFree) scratch[count++] = value;
  }
  const lengthOf = (step: number): number =>
    Math.min(origin + (step + 1) * stepMs, until) - Math.max(origin + step * stepMs, soonest);
  // The steps at the two ends may be cut, so that one or two more may be needed.
  const needed = Math.ceil(mean / stepMs);
  for (let n = needed; n <= Math.min(count, needed + 2); n++) {
    const dearest = select(scratch, count, n - 1);
    // All that are cheaper are needed, and of the equally dear as many as are left to fill.
    let work = 0;
    for (let step = first; step < end; step++) if (worth[step - first]! < dearest) work += lengthOf(step);
    for (let step = first; step < end; step++) {
      if (worth[step - first] !== dearest) continue;
      work += lengthOf(step);
      if (work >= mean) return join(dearest, step, work - mean);
    }
  }
  return undefined;

  /** Slots of the steps cheaper than `dearest`, and of the equally dear up to `last`, from which `surplus` is cut. */
  function join(dearest: number, last: number, surplus: number): Slot[] {
    const isTaken = (step: number): boolean =>
      step < end && (worth[step - first]! < dearest || (worth[step - first] === dearest && step <= last));
    const slots: Slot[] = [];
    for (let step = first; step < end; step++) {
      if (!isTaken(step)) continue;
      let start = Math.max(origin + step * stepMs, soonest);
      let stop = Math.min(origin + (step + 1) * stepMs, until);
      if (step === last) {
        // At its end, or at its start where another follows.
        if (isTaken(step + 1)) start += surplus;
        else stop -= surplus;
      }
      const before = slots[slots.length - 1];
      if (before?.to === start) before.to = stop;
      else slots.push({ from: start, to: stop, replicas: 1 });
    }
    return slots;
  }
}
