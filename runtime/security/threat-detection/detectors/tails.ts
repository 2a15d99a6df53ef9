import type { Detector, Sample } from "./detector";
import { TailTable } from "./tail-table";

/** Empirical tails of single columns: ECOD. */
export function empiricalTails(): Detector {
  return {
    name: "empirical-tails",
    *fit(sample) {
      const columns: Float64Array[] = [];
      for (let column = 0; column < sample.numeric; column++) {
        columns.push(sortedColumn(sample, column));
        yield;
      }
      return new TailTable(columns);
    },
  };
}

export function sortedColumn({ data, rows, width }: Sample, column: number): Float64Array {
  const values = new Float64Array(rows);
  for (let row = 0; row < rows; row++) values[row] = data[row * width + column]!;
  return values.sort();
}

/** How many of the ascending values are below, or (with `orEqual`) not above, the given one. */
export function countBelow(values: Float64Array, value: number, orEqual: boolean): number {
  let low = 0;
  let high = values.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    const at = values[middle]!;
    if (at < value || (orEqual && at === value)) low = middle + 1;
    else high = middle;
  }
  return low;
}
