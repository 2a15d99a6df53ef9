import type { Placed } from "./placed";

/** What is left of the budget for improvement, in cells of planning: a step that is looked at for a job. */
export interface Work {
  cells: number;
}

/** Roughly what it costs to plan a job once; of chunks, each step counts for each amount of work that is done by then. */
export function cellsOf({ task, places }: Placed): number {
  const { stepMs, steps } = places[0]!.grid;
  const { soonest, latest, mean, startup, checkpoint, interruptible } = task;
  const window = Math.min(steps, (latest - soonest + mean) / stepMs + 1);
  const depth = interruptible && startup + checkpoint > 0 ? mean / stepMs + 3 : 3;
  return 20 + places.length * Math.min(30_000, window * depth);
}

/** Ascending by a key that is reckoned once for each. */
export function sortedBy<T>(items: readonly T[], keyOf: (item: T, index: number) => number): T[] {
  const keys = Float64Array.from(items, keyOf);
  const order = Uint32Array.from(items, (_, i) => i).sort((a, b) => keys[a]! - keys[b]! || a - b);
  return Array.from(order, (i) => items[i]!);
}
