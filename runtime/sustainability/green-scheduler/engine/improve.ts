import { type Candidate, candidatesOf, costOf } from "./candidates";
import { type Place, unlimited } from "./outlook";
import type { Task } from "./task";
import type { Grid } from "./types";
import { coresOf, soonestRoom } from "./window";

/** Rounds in which jobs may move again after others have: each finds room that moves before it left. */
const MAX_ROUNDS = 4;
/** A round that saves less than this share of all is the last one. */
const WORTHWHILE = 1e-3;

/** A job with its place in the plan that is being made. */
export interface Placed {
  task: Task;
  /** Allowed and known, the home region first. */
  places: readonly Place[];
  /** Where it runs soonest: the plan that every other has to beat. */
  baseline: Candidate;
  chosen: Candidate;
  /** Of `chosen`, by `costOf`. */
  cost: number;
  late: boolean;
}

/** A job that may move, with where it would go if it had the machines for itself. */
export interface Mover extends Placed {
  ideal: Candidate;
  idealCost: number;
}

export function hold(task: Task, { place, slots }: Candidate, sign: 1 | -1): void {
  for (const slot of slots) place.room.take(slot.from, slot.to, sign * coresOf(task, slot.replicas));
}

function fits(task: Task, { place, slots }: Candidate): boolean {
  return slots.every(({ from, to, replicas }) => place.room.blockedAt(from, to, coresOf(task, replicas)) < 0);
}

/** The earliest uninterrupted run there is room for: at home, unless only another region starts it in time. */
export function soonestOf(task: Task, places: readonly Place[], grid: Grid): Candidate | undefined {
  let best: Candidate | undefined;
  for (const place of places) {
    const slot = soonestRoom(task, place, grid, task.soonest);
    if (slot && (!best || slot.from < best.slots[0]!.from)) best = { place, slots: [slot] };
    if (best && best.slots[0]!.from <= task.latest) break;
  }
  return best;
}

/** The cheapest of the candidates that is clearly below `cost`. */
export function cheapest(task: Task, candidates: readonly Candidate[], cost: number): [Candidate, number] | undefined {
  let best: [Candidate, number] | undefined;
  for (const candidate of candidates) {
    const other = costOf(task, candidate);
    if (other < (best?.[1] ?? cost) * (1 - 1e-9)) best = [candidate, other];
  }
  return best;
}

/** Where each job would go alone: a bound on what it can save, and, where there is no limit, its plan. */
export function moversOf(all: readonly Placed[], grid: Grid): Mover[] {
  const free = new Map<Place, Place>();
  const real = new Map<Place, Place>();
  const freeOf = (place: Place): Place => {
    const made = free.get(place) ?? unlimited(place);
    free.set(place, made);
    real.set(made, place);
    return made;
  };
  const movers: Mover[] = [];
  for (const placed of all) {
    const { task, places, late } = placed;
    if (task.latest <= task.soonest && !late) continue;
    const found = cheapest(task, candidatesOf(task, places.map(freeOf), grid), late ? Infinity : placed.cost);
    if (!found && !late) continue;
    const [ideal, idealCost] = found ?? [placed.chosen, placed.cost];
    ideal.place = real.get(ideal.place) ?? ideal.place;
    movers.push(Object.assign(placed, { ideal, idealCost }));
  }
  return movers;
}

/** Moves a job to the cheapest room there is for it, its own included; returns what that saves. */
function move(mover: Mover, grid: Grid): number {
  const { task, places, chosen, cost, late } = mover;
  hold(task, chosen, -1);
  const found: [Candidate, number] | undefined = fits(task, mover.ideal)
    ? [mover.ideal, mover.idealCost]
    : cheapest(task, candidatesOf(task, places, grid), late ? Infinity : cost);
  if (found) {
    [mover.chosen, mover.cost] = found;
    // A late run would be no fair comparison.
    if (late) mover.baseline = mover.chosen;
    mover.late = false;
  }
  hold(task, mover.chosen, 1);
  return cost - mover.cost;
}

/** Who is not where it would be best. */
export const isUnhappy = ({ cost, idealCost, late }: Mover): boolean => late || cost > idealCost * (1 + 1e-9);

/** Each job to the cheapest room that is free, those first that save most by the core; and again, while that is worth while. */
export function improve(movers: readonly Mover[], grid: Grid): void {
  const worth = ({ task, cost, idealCost }: Mover): number =>
    (cost - idealCost) / (task.high * coresOf(task, task.sizes[0]!.replicas));
  const gains = new Map(movers.map((mover) => [mover, worth(mover)]));
  const order = movers.toSorted((a, b) => gains.get(b)! - gains.get(a)!);
  const total = movers.reduce((sum, { cost }) => sum + cost, 0);
  for (let round = 0; round < MAX_ROUNDS; round++) {
    let saved = 0;
    for (const mover of order) if (isUnhappy(mover)) saved += move(mover, grid);
    if (saved <= WORTHWHILE * total) return;
  }
}
