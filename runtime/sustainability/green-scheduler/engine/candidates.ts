import { bestScaling } from "./elastic";
import type { Place } from "./outlook";
import { bestSlots } from "./slots";
import { expect, type Task, waitPriceOf } from "./task";
import type { Grid, Slot } from "./types";
import { bestWindow } from "./window";

/** A way to run a job. */
export interface Candidate {
  place: Place;
  slots: readonly Slot[];
}

/** Expected grams on the smoothed forecast, and the price of waiting: what plans are compared by. */
export function costOf(task: Task, { place, slots }: Candidate): number {
  const run = expect(task, slots, place.choice);
  return run.grams * place.pue + waitPriceOf(task) * (run.end - task.soonest);
}

/** The best way of each kind in each place, in the room that is free; all of them keep the deadline. */
export function candidatesOf(task: Task, places: readonly Place[], grid: Grid): Candidate[] {
  const candidates: Candidate[] = [];
  for (const place of places) {
    const isElastic = task.job.scale !== undefined;
    const window = isElastic ? undefined : bestWindow(task, place, grid);
    if (window) candidates.push({ place, slots: [window] });
    if (!task.interruptible) continue;
    const slots = isElastic ? bestScaling(task, place, grid) : bestSlots(task, place, grid);
    if (slots) candidates.push({ place, slots });
  }
  return candidates;
}
