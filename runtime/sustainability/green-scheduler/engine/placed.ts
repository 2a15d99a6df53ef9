import { best, type Candidate, candidateOf } from "./candidates";
import type { Place } from "./outlook";
import { coresOf, type Task } from "./task";
import { soonestRoom } from "./window";

/** A job with its place in the plan that is being made. */
export interface Placed {
  task: Task;
  /** Allowed and known, the home region first. */
  places: readonly Place[];
  /** Where it runs soonest: what the plan is compared with. */
  baseline: Candidate;
  chosen: Candidate;
  /** `chosen` starts too late for the deadline. */
  late: boolean;
  /** Where it would go by the prices, were there room; null before there are prices. */
  wanted: Candidate | null;
  /** What it would cost there, or, where jobs are few, what it would at least, had it the machines for itself. */
  idealCost: number;
}

/** What a late job weighs: more than all carbon; and by how much more for each millisecond. */
export const LATE = 1e12;
const LATER = LATE / 1000 / 3_600_000;
/** By how much more a gram beyond a job's budget counts. */
const OVER_BUDGET = 1000;

export function isLate(task: Task, { slots }: Candidate): boolean {
  return slots[0]!.from > task.latest;
}

export function hold(task: Task, { place, slots }: Candidate, sign: 1 | -1): void {
  if (!place.room.limited) return;
  for (const slot of slots) place.room.take(slot.from, slot.to, sign * coresOf(task, slot.replicas));
}

/** The earliest uninterrupted run there is room for: at home, unless only another region starts it in time. */
export function soonestOf(task: Task, places: readonly Place[]): Candidate | undefined {
  let from = Infinity;
  let found: Candidate | undefined;
  for (const place of places) {
    const slot = soonestRoom(task, place, task.soonest);
    if (!slot || slot.from >= from) continue;
    from = slot.from;
    found = candidateOf(task, place, [slot]);
    if (from <= task.latest) break;
  }
  return found;
}

/** What is to be as little as possible on the whole: grams, and above all no lateness and no budget overrun. */
export function burden({ task, chosen, late }: Placed): number {
  if (late) return LATE + LATER * (chosen.slots[0]!.from - task.latest);
  const over = chosen.cost - task.budget;
  return over > 0 ? chosen.cost + OVER_BUDGET * over : chosen.cost;
}

/** Who is not where it would be best. */
export function isUnhappy({ chosen, idealCost, late }: Placed): boolean {
  return late || chosen.cost > idealCost * (1 + 1e-9);
}

/** What it may cost by its promise; Infinity: whatever is best on the whole. */
function promiseOf({ task, baseline }: Placed): number {
  return task.neverAboveSoonest && !isLate(task, baseline) ? baseline.cost * (1 + 1e-9) : Infinity;
}

/**
 * Gives a job that holds nothing the cheapest room there is by the prices of `views`, as long as its promise and its budget
 * allow that, else by its own grams. False where it would miss its deadline, or break its promise: then it holds nothing still.
 */
export function settle(placed: Placed, views: readonly Place[]): boolean {
  const { task, places } = placed;
  const promise = promiseOf(placed);
  let found = best(task, views);
  if (found && views !== places && found.cost > Math.min(promise, task.budget)) found = best(task, places);
  if (!found || found.cost > promise) return false;
  placed.chosen = found;
  placed.late = false;
  hold(task, found, 1);
  return true;
}

/** Gives a job that holds nothing the room it wants; false where that is not free, or not allowed. */
export function settleWanted(placed: Placed): boolean {
  const { task, wanted } = placed;
  if (!wanted || wanted.cost > Math.min(promiseOf(placed), task.budget) || !fits(task, wanted)) return false;
  placed.chosen = wanted;
  placed.late = false;
  hold(task, wanted, 1);
  return true;
}

function fits(task: Task, { place, slots }: Candidate): boolean {
  for (const { from, to, replicas } of slots) {
    if (place.room.blockedAt(from, to, coresOf(task, replicas)) >= 0) return false;
  }
  return true;
}

/**
 * Gives a job that holds nothing the soonest room, whether in time or not; false where the grid has none, or where that breaks
 * its promise.
 */
export function settleSoonest(placed: Placed): boolean {
  const found = soonestOf(placed.task, placed.places);
  if (!found) return false;
  const promise = promiseOf(placed);
  if (promise < Infinity && (found.cost > promise || isLate(placed.task, found))) return false;
  placed.chosen = found;
  placed.late = isLate(placed.task, found);
  hold(placed.task, found, 1);
  return true;
}

/** Where all are, to come back to. */
export class Snapshot {
  readonly burden: number;
  private readonly chosen: Candidate[];

  constructor(private readonly all: readonly Placed[]) {
    this.chosen = all.map(({ chosen }) => chosen);
    this.burden = all.reduce((sum, placed) => sum + burden(placed), 0);
  }

  restore(): void {
    for (const { task, chosen } of this.all) hold(task, chosen, -1);
    this.putBack();
  }

  /** As `restore`, where none of them holds anything. */
  putBack(): void {
    this.all.forEach((placed, i) => {
      placed.chosen = this.chosen[i]!;
      placed.late = isLate(placed.task, placed.chosen);
      hold(placed.task, placed.chosen, 1);
    });
  }
}
