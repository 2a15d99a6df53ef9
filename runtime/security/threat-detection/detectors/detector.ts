/**
 * Rows in one flat array, row by row. The first `numeric` columns of a row are standardised numbers; those behind them are
 * codes of categories, which only equality tells apart.
 */
export interface Sample {
  readonly data: Float64Array;
  readonly rows: number;
  /** Columns of a row. */
  readonly width: number;
  readonly numeric: number;
}

/** What was learned from a sample; it never changes, and so can be used while its successor is made. */
export interface Model {
  /** Larger is stranger; of no scale that members share. Allocates nothing. */
  score(point: Float64Array): number;
}

/** A way to tell the strange from the usual. */
export interface Detector {
  readonly name: string;
  /** Learns from at least one row. Yields after each slice of work, so that a stream can go on in between. */
  fit(sample: Sample, random: () => number): Generator<void, Model>;
}

/** Runs a generator of slices to its end. */
export function finish<T>(work: Generator<unknown, T>): T {
  for (;;) {
    const { done, value } = work.next();
    if (done === true) return value;
  }
}

/** `count` different numbers below `total` (all of them where there are no more), in random order: Floyd's shuffle, cut short. */
export function draw(total: number, count: number, random: () => number): Int32Array {
  const all = Int32Array.from({ length: total }, (_, index) => index);
  const taken = Math.min(count, total);
  for (let i = 0; i < taken; i++) {
    const j = i + Math.floor(random() * (total - i));
    const swapped = all[i]!;
    all[i] = all[j]!;
    all[j] = swapped;
  }
  return all.slice(0, taken);
}
