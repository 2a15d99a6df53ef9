import type { Place } from "./outlook";
import type { Task } from "./task";
import type { Grid, Slot } from "./types";
import { coresOf } from "./window";

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

/**
 * The cheapest steps within [soonest, until] that hold the expected work, for a job that may be cut up at no cost; among equals
 * the earliest. The dearest step is used only as far as it is needed. Undefined where there are not enough.
 */
export function cheapestPieces(task: Task, place: Place, grid: Grid, until: number): Slot[] | undefined {
  const { from: origin, stepMs } = grid;
  const { replicas } = task.sizes[0]!;
  const cores = coresOf(task, replicas);
  const values = place.choice.values;
  const first = Math.max(0, Math.floor((task.soonest - origin) / stepMs));
  const end = Math.min(grid.steps, Math.ceil((until - origin) / stepMs));
  const lengthOf = (step: number): number =>
    Math.min(origin + (step + 1) * stepMs, until) - Math.max(origin + step * stepMs, task.soonest);
  const scratch = new Float64Array(Math.max(0, end - first));
  let count = 0;
  for (let step = first; step < end; step++) if (place.room.isFreeAt(step, cores)) scratch[count++] = values[step]!;
  // The steps at the two ends may be cut, so that one or two more may be needed.
  const needed = Math.ceil(task.mean / stepMs);
  for (let n = needed; n <= Math.min(count, needed + 2); n++) {
    const dearest = select(scratch, count, n - 1);
    const taken: number[] = [];
    let work = 0;
    for (const equal of [false, true]) {
      for (let step = first; step < end && work < task.mean; step++) {
        const value = values[step]!;
        if ((equal ? value !== dearest : value >= dearest) || !place.room.isFreeAt(step, cores)) continue;
        taken.push(step);
        work += lengthOf(step);
      }
    }
    if (work < task.mean) continue;
    const last = taken[taken.length - 1]!;
    return join(taken, last, work - task.mean);
  }
  return undefined;

  /** Slots of the steps; `surplus` is cut from the dearest, at its end, or at its start where another follows. */
  function join(taken: number[], dearest: number, surplus: number): Slot[] {
    taken.sort((a, b) => a - b);
    const slots: Slot[] = [];
    taken.forEach((step, i) => {
      let start = Math.max(origin + step * stepMs, task.soonest);
      let stop = Math.min(origin + (step + 1) * stepMs, until);
      if (step === dearest) {
        if (taken[i + 1] === step + 1) start += surplus;
        else stop -= surplus;
      }
      const before = slots[slots.length - 1];
      if (before?.to === start) before.to = stop;
      else slots.push({ from: start, to: stop, replicas });
    });
    return slots;
  }
}
