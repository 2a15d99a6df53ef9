import type { Place } from "./outlook";
import { coresOf, runThrough, type Task } from "./task";
import type { ScalePoint, Slot } from "./types";
import { workUntil } from "./window";

interface Entry {
  step: number;
  /** Place in `hull`. */
  level: number;
  /** Marginal throughput by marginal grams, and by what the cores are worth to others. */
  value: number;
}

/** The sizes on the upper concave hull of throughput over power: only of these is the next always worth less than the last. */
function hullOf(sizes: readonly ScalePoint[]): ScalePoint[] {
  const hull: ScalePoint[] = [];
  const slope = (a: ScalePoint | undefined, b: ScalePoint): number =>
    (b.throughput - (a?.throughput ?? 0)) / (b.watts - (a?.watts ?? 0));
  for (const size of sizes) {
    while (
      hull.length > 0 &&
      slope(hull[hull.length - 2], hull[hull.length - 1]!) <= slope(hull[hull.length - 1], size)
    )
      hull.pop();
    hull.push(size);
  }
  return hull;
}

/**
 * CarbonScaler's greedy (Hanafy et al., SIGMETRICS 2024): of all pairs of a step and one more size, those of most marginal
 * throughput by marginal power times intensity, until the work is done. Start-ups and checkpoints eat into the work; more
 * pairs are taken until that is made up for. The rest of the high estimate is kept free behind it. Undefined where it does not
 * fit.
 */
export function bestScaling(task: Task, place: Place): Slot[] | undefined {
  const { grid } = place;
  const hull = hullOf(task.scale!);
  const spare = (task.high - task.mean) / task.topSpeed;
  const until = workUntil(task, grid, spare);
  const entries = entriesOf(task, place, hull, until);
  let wanted = task.mean;
  for (let round = 0; round < 12; round++) {
    const slots = take(task, place, hull, entries, until, wanted);
    if (!slots) return undefined;
    const last = slots[slots.length - 1]!;
    const missing = runThrough(task, slots, place.choice, task.mean).end - last.to;
    if (missing <= 1) return keepSpare(task, place, slots, spare);
    wanted += missing * hull[0]!.throughput;
  }
  return undefined;
}

function entriesOf(task: Task, place: Place, hull: readonly ScalePoint[], until: number): Entry[] {
  const { grid, choice, prices } = place;
  const entries: Entry[] = [];
  const first = Math.max(0, Math.floor((task.soonest - grid.from) / grid.stepMs));
  const end = Math.min(grid.steps, Math.ceil((until - grid.from) / grid.stepMs));
  for (let step = first; step < end; step++) {
    for (let level = 0; level < hull.length; level++) {
      const size = hull[level]!;
      if (!place.room.isFreeAt(step, coresOf(task, size.replicas))) break;
      const below = hull[level - 1];
      const throughput = size.throughput - (below?.throughput ?? 0);
      const watts = size.watts - (below?.watts ?? 0);
      // Where nothing is emitted, more throughput by power still comes first.
      const grams = watts * place.pue * choice.hours * Math.max(choice.values[step]!, 1e-9);
      const taken = prices ? 1000 * coresOf(task, size.replicas - (below?.replicas ?? 0)) * prices.values[step]! : 0;
      entries.push({ step, level, value: throughput / (grams + taken) });
    }
  }
  return entries.sort((a, b) => b.value - a.value || a.step - b.step || a.level - b.level);
}

function take(
  task: Task,
  place: Place,
  hull: readonly ScalePoint[],
  entries: readonly Entry[],
  until: number,
  wanted: number,
): Slot[] | undefined {
  const { from: origin, stepMs } = place.grid;
  const levels = new Map<number, number>();
  let work = 0;
  let last = -1;
  /** For how long the last pair is not needed: it is worth least. */
  let surplus = 0;
  for (const { step, level } of entries) {
    if (work >= wanted) break;
    const length = Math.min(origin + (step + 1) * stepMs, until) - Math.max(origin + step * stepMs, task.soonest);
    const speed = hull[level]!.throughput - (hull[level - 1]?.throughput ?? 0);
    work += length * speed;
    levels.set(step, level);
    last = step;
    surplus = Math.floor((work - wanted) / speed);
  }
  if (work < wanted) return undefined;
  // Where cores are counted, a step is taken whole.
  const isSplit = surplus > 0 && !place.room.limited && place.real === null;
  const slots: Slot[] = [];
  const add = (from: number, to: number, replicas: number): void => {
    const before = slots[slots.length - 1];
    if (before?.to === from && before.replicas === replicas) before.to = to;
    else if (replicas > 0 && to > from) slots.push({ from, to, replicas });
  };
  for (const [step, level] of [...levels].sort(([a], [b]) => a - b)) {
    const from = Math.max(origin + step * stepMs, task.soonest);
    const to = Math.min(origin + (step + 1) * stepMs, until);
    const cut = isSplit && step === last ? surplus : 0;
    add(from, to - cut, hull[level]!.replicas);
    add(to - cut, to, cut > 0 && level > 0 ? hull[level - 1]!.replicas : 0);
  }
  return slots;
}

/** A last stretch at the largest size, in which the high estimate would be worked off. */
function keepSpare(task: Task, place: Place, slots: Slot[], spare: number): Slot[] | undefined {
  if (spare === 0) return slots;
  const { to } = slots[slots.length - 1]!;
  const top = task.scale![task.scale!.length - 1]!;
  if (place.room.blockedAt(to, to + spare, coresOf(task, top.replicas)) >= 0) return undefined;
  return [...slots, { from: to, to: to + spare, replicas: top.replicas }];
}
