import { bestScaling } from "./elastic";
import type { Place } from "./outlook";
import { bestSlots } from "./slots";
import { coresOf, expect, type Task } from "./task";
import type { Slot } from "./types";
import { bestWindow } from "./window";

/** A way to run a job. */
export interface Candidate {
  place: Place;
  slots: readonly Slot[];
  /** Expected grams on the smoothed forecast, and the price of waiting: what plans are compared by. */
  cost: number;
  /** The cost with what its cores are worth to others, by the prices of the view of the place it was found in. */
  priced: number;
}

export function candidateOf(task: Task, place: Place, slots: readonly Slot[]): Candidate {
  const run = expect(task, slots, place.choice);
  const cost = run.grams * place.pue + task.waitPrice * (run.end - task.soonest);
  const { prices } = place;
  let priced = cost;
  if (prices) {
    for (const slot of slots) priced += coresOf(task, slot.replicas) * prices.touched(slot.from, slot.to);
  }
  return { place: place.real ?? place, slots, cost, priced };
}

function cheaper(
  task: Task,
  place: Place,
  slots: readonly Slot[] | undefined,
  than: Candidate | undefined,
): Candidate | undefined {
  if (!slots) return than;
  const candidate = candidateOf(task, place, slots);
  return than === undefined || candidate.priced < than.priced * (1 - 1e-9) ? candidate : than;
}

/**
 * The cheapest way in the room that is free in these places (or views of them), by their prices; among equals the first kind in
 * the first place. It keeps the deadline. Undefined where there is none.
 */
export function best(task: Task, places: readonly Place[]): Candidate | undefined {
  let found: Candidate | undefined;
  for (const place of places) {
    if (task.scale) {
      found = cheaper(task, place, bestScaling(task, place), found);
      continue;
    }
    const window = bestWindow(task, place);
    if (window) found = cheaper(task, place, [window], found);
    if (task.interruptible) found = cheaper(task, place, bestSlots(task, place), found);
  }
  return found;
}
