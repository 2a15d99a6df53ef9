/**
 * Buckets that grow by a ratio: bucket 0 covers [0, first), bucket n has the size first x ratio^n and so starts at
 * first x (ratio^n - 1) / (ratio - 1). The last one starts at `maximum` or above and has no end. These are the buckets of
 * the Kubernetes Vertical Pod Autoscaler (pkg/recommender/util/histogram_options.go).
 */
export class ExponentialBuckets {
  readonly count: number;
  private readonly starts: readonly number[];

  constructor(
    maximum: number,
    private readonly first: number,
    private readonly ratio: number,
    /** A bucket with less weight than this counts as empty. */
    readonly epsilon: number,
  ) {
    this.count = Math.ceil(this.logarithm((maximum * (ratio - 1)) / first + 1)) + 1;
    this.starts = Array.from({ length: this.count }, (_, bucket) =>
      bucket === 0 ? 0 : (first * (power(ratio, bucket) - 1)) / (ratio - 1),
    );
  }

  /** The bucket that holds the value; the last one for all that is larger. */
  find(value: number): number {
    if (value < this.first) return 0;
    return Math.min(this.count - 1, Math.trunc(this.logarithm((value * (this.ratio - 1)) / this.first + 1)));
  }

  start(bucket: number): number {
    return this.starts[bucket]!;
  }

  private logarithm(value: number): number {
    return Math.log(value) / Math.log(this.ratio);
  }
}

/** By squaring, as Go does it: `**` differs from it in the last bit, and that bit decides about a byte. */
function power(base: number, exponent: number): number {
  let result = 1;
  for (let rest = exponent, square = base; rest > 0; rest >>= 1, square *= square) {
    if (rest & 1) result *= square;
  }
  return result;
}

/** Least weight of a sample before decay, as the Vertical Pod Autoscaler has it; every CPU sample has this weight. */
export const CPU_SAMPLE_WEIGHT = 0.1;
const EPSILON = 0.001 * CPU_SAMPLE_WEIGHT;
const GROWTH = 1.05;

/** Cores: 0.01 to 1000. */
export const CPU_BUCKETS = new ExponentialBuckets(1000, 0.01, GROWTH, EPSILON);
/** Bytes: 10 MB to 1 TB. */
export const MEMORY_BUCKETS = new ExponentialBuckets(1e12, 1e7, GROWTH, EPSILON);
