/** Buckets over a column's range: which one a value is in says nearly where it is among the others. */
const BUCKETS = 1024;

/**
 * Tails of several columns, to be summed for one point: flat arrays, ranks in about constant time.
 *
 * Li, Zhao, Hu, Botta, Ionescu, Chen, "ECOD: Unsupervised Outlier Detection Using Empirical Cumulative Distribution
 * Functions", TKDE 2022. Per column the share of the sample that is as small, and as large. The paper sums their negative
 * logarithms in three ways (all left tails, all right ones, the side to which each column is skewed) and takes the greatest;
 * its authors' program takes the smaller tail of each column. This is the sum of the two. Beyond the sample a tail goes on
 * falling with the distance from its end, so that far and farther differ.
 */
export class TailTable {
  /** Different values of all columns, ascending in each. */
  private readonly values: Float64Array;
  /** Beside each of them, and once more behind a column's last, how many of the column are smaller. */
  private readonly smaller: Int32Array;
  /** Where each column's values begin, and one more. */
  private readonly starts: Int32Array;
  /** Per bucket of each column the place of the first value in it or behind it. */
  private readonly buckets: Int32Array;
  private readonly perUnit: Float64Array;
  private readonly skewedRight: Uint8Array;
  /** Minus the logarithm of the share that k rows, and the one that is judged, are. */
  private readonly cost: Float64Array;

  /** `columns`: each in ascending order, all of the same length, which is at least one. */
  constructor(columns: readonly Float64Array[]) {
    const rows = columns[0]?.length ?? 0;
    const count = columns.length;
    const values = new Float64Array(count * rows);
    this.smaller = new Int32Array(count * (rows + 1));
    this.starts = new Int32Array(count + 1);
    this.buckets = new Int32Array(count * (BUCKETS + 1));
    this.perUnit = new Float64Array(count);
    let at = 0;
    columns.forEach((sorted, column) => {
      this.starts[column] = at;
      const low = sorted[0]!;
      const span = sorted[rows - 1]! - low;
      // A span that can hardly be divided is one bucket.
      const perUnit = span > 1e-9 ? (BUCKETS - 1) / span : 0;
      this.perUnit[column] = perUnit;
      const base = column * (BUCKETS + 1);
      let bucket = 0;
      for (let row = 0; row < rows; row++) {
        const value = sorted[row]!;
        if (row > 0 && value === sorted[row - 1]) continue;
        for (const own = Math.floor((value - low) * perUnit); bucket <= own; bucket++) this.buckets[base + bucket] = at;
        this.smaller[at + column] = row;
        values[at++] = value;
      }
      for (; bucket <= BUCKETS; bucket++) this.buckets[base + bucket] = at;
      this.smaller[at + column] = rows;
    });
    this.starts[count] = at;
    this.values = values.slice(0, at);
    this.cost = Float64Array.from({ length: rows + 1 }, (_, k) => -Math.log((k + 1) / (rows + 1)));
    this.skewedRight = Uint8Array.from(columns, (sorted) => {
      const mean = sorted.reduce((sum, value) => sum + value, 0) / rows;
      return sorted.reduce((sum, value) => sum + (value - mean) ** 3, 0) >= 0 ? 1 : 0;
    });
  }

  /** Of the point whose columns are the first of `point`. */
  score(point: Float64Array): number {
    const { values, smaller, starts, buckets, perUnit, skewedRight, cost } = this;
    const rows = cost.length - 1;
    let left = 0;
    let right = 0;
    let skewed = 0;
    let nearer = 0;
    for (let column = 0; column < skewedRight.length; column++) {
      const value = point[column]!;
      const start = starts[column]!;
      const end = starts[column + 1]!;
      const low = values[start]!;
      const high = values[end - 1]!;
      let leftTail: number;
      let rightTail: number;
      if (value < low) {
        leftTail = cost[0]! + Math.log1p(low - value);
        rightTail = cost[rows]!;
      } else if (value > high) {
        leftTail = cost[rows]!;
        rightTail = cost[0]! + Math.log1p(value - high);
      } else {
        const bucket = column * (BUCKETS + 1) + Math.floor((value - low) * perUnit[column]!);
        let place = buckets[bucket]!;
        let last = buckets[bucket + 1]!;
        // The first that is not below the value.
        while (place < last) {
          const middle = (place + last) >> 1;
          if (values[middle]! < value) place = middle + 1;
          else last = middle;
        }
        const below = smaller[place + column]!;
        leftTail = cost[values[place] === value ? smaller[place + column + 1]! : below]!;
        rightTail = cost[rows - below]!;
      }
      nearer += leftTail > rightTail ? leftTail : rightTail;
      left += leftTail;
      right += rightTail;
      skewed += skewedRight[column] === 1 ? rightTail : leftTail;
    }
    return nearer + Math.max(left, right, skewed);
  }
}
