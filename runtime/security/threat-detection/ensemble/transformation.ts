import type { Sample } from "../detectors/detector";

/** Rows as they come: `numeric` numbers, then codes of categories. */
export interface Shape {
  readonly numeric: number;
  readonly categorical: number;
}

/** A column is as heavy-tailed as that (skewness of a sample) before its logarithm is considered. */
const HEAVY_SKEWNESS = 2;
/** What a standard score is bounded to, so that no column decides alone. */
const BOUND = 12;

/**
 * From raw rows to the sample that detectors learn from. Learned from the raw rows alone: a column that is heavily skewed, and
 * less so by the signed log1p of its values, is taken by that; numbers are standardised; each category adds its rarity (minus
 * the logarithm of its share, where one never seen counts as half of one seen once) as a further number.
 */
export class Transformation {
  readonly width: number;
  readonly numeric: number;
  private readonly isLog: Uint8Array;
  private readonly mean: Float64Array;
  private readonly perUnit: Float64Array;
  private readonly constant: Uint8Array;
  private readonly shares: readonly ReadonlyMap<number, number>[];
  private readonly unseen: number;
  private readonly surprise: number;

  constructor(
    private readonly shape: Shape,
    raw: Float64Array,
    rows: number,
  ) {
    const { numeric, categorical } = shape;
    const stride = numeric + categorical;
    this.numeric = numeric + categorical;
    this.width = numeric + 2 * categorical;
    this.isLog = new Uint8Array(numeric);
    this.mean = new Float64Array(this.numeric);
    this.perUnit = new Float64Array(this.numeric);
    this.constant = new Uint8Array(this.numeric);
    this.unseen = Math.log(2 * (rows + 1));
    // A value that differs from all others would have this standard score, had one row of the sample had it.
    this.surprise = Math.min(BOUND, Math.sqrt(rows));
    const column = new Float64Array(rows);
    for (let c = 0; c < numeric; c++) {
      for (let row = 0; row < rows; row++) column[row] = raw[row * stride + c]!;
      const skewness = skewnessOf(column);
      const logarithm = column.map(signedLog);
      if (Math.abs(skewness) > HEAVY_SKEWNESS && Math.abs(skewnessOf(logarithm)) < Math.abs(skewness)) {
        this.isLog[c] = 1;
        this.standardise(c, logarithm);
      } else this.standardise(c, column);
    }
    this.shares = Array.from({ length: categorical }, (_, index) => {
      const counts = new Map<number, number>();
      for (let row = 0; row < rows; row++) {
        const code = raw[row * stride + numeric + index]!;
        counts.set(code, (counts.get(code) ?? 0) + 1);
      }
      const rarity = new Map([...counts].map(([code, count]) => [code, Math.log((rows + 1) / count)]));
      for (let row = 0; row < rows; row++) column[row] = rarity.get(raw[row * stride + numeric + index]!)!;
      this.standardise(numeric + index, column);
      return rarity;
    });
  }

  /** Writes the row that begins at `from` of `raw` into `point` at `to`. */
  apply(raw: Float64Array, from: number, point: Float64Array, to: number): void {
    const { numeric, categorical } = this.shape;
    for (let c = 0; c < numeric; c++) {
      const value = raw[from + c]!;
      point[to + c] = this.standard(c, this.isLog[c] === 1 ? signedLog(value) : value);
    }
    for (let index = 0; index < categorical; index++) {
      const code = raw[from + numeric + index]!;
      point[to + numeric + index] = this.standard(numeric + index, this.shares[index]!.get(code) ?? this.unseen);
      point[to + this.numeric + index] = code;
    }
  }

  sampleOf(raw: Float64Array, rows: number): Sample {
    const stride = this.shape.numeric + this.shape.categorical;
    const data = new Float64Array(rows * this.width);
    for (let row = 0; row < rows; row++) this.apply(raw, row * stride, data, row * this.width);
    return { data, rows, width: this.width, numeric: this.numeric };
  }

  private standard(column: number, value: number): number {
    const score = (value - this.mean[column]!) * this.perUnit[column]!;
    if (this.constant[column] === 1) return score === 0 ? 0 : score > 0 ? this.surprise : -this.surprise;
    return score > BOUND ? BOUND : score < -BOUND ? -BOUND : score;
  }

  private standardise(column: number, values: Float64Array): void {
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
    const deviation = Math.sqrt(variance);
    const isConstant = !(deviation > 1e-12 * Math.max(1, Math.abs(mean)));
    this.mean[column] = isConstant ? values[0]! : mean;
    this.perUnit[column] = isConstant ? 1 : 1 / deviation;
    this.constant[column] = isConstant ? 1 : 0;
  }
}

const signedLog = (value: number): number => (value < 0 ? -Math.log1p(-value) : Math.log1p(value));

/** Third standardised moment; 0 where all values are equal. */
function skewnessOf(values: Float64Array): number {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  let second = 0;
  let third = 0;
  for (const value of values) {
    second += (value - mean) ** 2;
    third += (value - mean) ** 3;
  }
  return second > 0 ? third / values.length / (second / values.length) ** 1.5 : 0;
}
