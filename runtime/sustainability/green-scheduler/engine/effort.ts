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

/** Numbers in [0, 1), a fixed sequence for each seed (mulberry32): the same jobs are to give the same plan. */
export function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Ascending by a key that is reckoned once for each. */
export function sortedBy<T>(items: readonly T[], keyOf: (item: T, index: number) => number): T[] {
  const keys = Float64Array.from(items, keyOf);
  const order = Uint32Array.from(items, (_, i) => i).sort((a, b) => keys[a]! - keys[b]! || a - b);
  return Array.from(order, (i) => items[i]!);
}
