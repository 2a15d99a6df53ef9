import { MnoError } from "../../../exports";
import type { ExponentialBuckets } from "./buckets";

/** A histogram as it is stored: weights scaled so that the heaviest bucket has 10,000; lighter than half of one is dropped. */
export interface HistogramCheckpoint {
  /** Milliseconds since the epoch; what the weights are relative to. */
  referenceTime: number;
  totalWeight: number;
  /** Bucket -> scaled weight. */
  bucketWeights: Record<string, number>;
}

/** Heaviest weight of a bucket in a checkpoint. */
const CHECKPOINT_WEIGHT = 10_000;
/** Beyond so many half-lives the reference time moves forward, so that the weights stay finite. */
const LARGEST_EXPONENT = 100;
/** Milliseconds from the first day of year 1, from which Go counts when it rounds times, to the epoch. */
const YEAR_ONE = -62_135_596_800_000;

/**
 * The distribution of samples whose weight halves with every half-life of age, in fixed buckets. A port of the Vertical Pod
 * Autoscaler's histogram (pkg/recommender/util, v1.8.1), equal to it on random streams (test/golden/vpa). Times are
 * milliseconds since the epoch, in any order.
 */
export class DecayingHistogram {
  private readonly weights: Float64Array;
  private total = 0;
  /** First and last bucket that are not empty; the last and the first of all where every one is. */
  private low: number;
  private high = 0;
  private reference = YEAR_ONE;

  constructor(
    private readonly buckets: ExponentialBuckets,
    readonly halfLifeMilliseconds: number,
  ) {
    this.weights = new Float64Array(buckets.count);
    this.low = buckets.count - 1;
  }

  get empty(): boolean {
    return this.weights[this.low]! < this.buckets.epsilon;
  }

  add(value: number, weight: number, time: number): void {
    const decayed = weight * this.decay(time);
    const bucket = this.buckets.find(value);
    this.weights[bucket]! += decayed;
    this.total += decayed;
    if (this.weights[bucket]! < this.buckets.epsilon) return;
    this.low = Math.min(this.low, bucket);
    this.high = Math.max(this.high, bucket);
  }

  /** Takes away what `add` added with the same arguments. */
  subtract(value: number, weight: number, time: number): void {
    const decayed = weight * this.decay(time);
    const bucket = this.buckets.find(value);
    const less = (from: number): number => (from - decayed < this.buckets.epsilon ? 0 : from - decayed);
    this.total = less(this.total);
    this.weights[bucket] = less(this.weights[bucket]!);
    this.narrow();
  }

  /** The end of the bucket that the percentile (0 to 1) falls into, the start of the last bucket; 0 where it is empty. */
  percentile(percentile: number): number {
    if (this.empty) return 0;
    const threshold = percentile * this.total;
    let bucket = this.low;
    for (let sum = 0; bucket < this.high; bucket++) {
      sum += this.weights[bucket]!;
      if (sum >= threshold) break;
    }
    return this.buckets.start(Math.min(bucket + 1, this.buckets.count - 1));
  }

  /** What `percentile` can answer, ascending, each with the share of the weight (0 to 1) that lies above it. */
  exceedance(): { limit: number; above: number }[] {
    const steps: { limit: number; above: number }[] = [];
    if (this.empty) return steps;
    let below = 0;
    for (let bucket = this.low; bucket <= this.high; bucket++) {
      if (this.weights[bucket] === 0) continue;
      below += this.weights[bucket]!;
      const limit = this.buckets.start(Math.min(bucket + 1, this.buckets.count - 1));
      steps.push({ limit, above: bucket === this.high ? 0 : Math.max(0, 1 - below / this.total) });
    }
    return steps;
  }

  /** Adds all samples of another histogram with the same buckets and half-life. */
  merge(other: DecayingHistogram): void {
    if (this.buckets !== other.buckets || this.halfLifeMilliseconds !== other.halfLifeMilliseconds) {
      throw new RangeError("histograms merge only with the same buckets and the same half-life");
    }
    if (this.reference < other.reference) this.shift(other.reference);
    else if (other.reference < this.reference) other.shift(this.reference);
    for (let bucket = other.low; bucket <= other.high; bucket++) this.weights[bucket]! += other.weights[bucket]!;
    this.total += other.total;
    this.low = Math.min(this.low, other.low);
    this.high = Math.max(this.high, other.high);
  }

  save(): HistogramCheckpoint {
    const bucketWeights: Record<string, number> = {};
    const heaviest = this.weights.subarray(this.low, this.high + 1).reduce((a, b) => Math.max(a, b), 0);
    for (let bucket = this.low; bucket <= this.high; bucket++) {
      const weight = Math.round((this.weights[bucket]! * CHECKPOINT_WEIGHT) / heaviest);
      if (weight > 0) bucketWeights[bucket] = weight;
    }
    return { referenceTime: this.reference, totalWeight: this.total, bucketWeights };
  }

  /** Adds what a checkpoint holds to an empty histogram. Errors: MNO_CHECKPOINT_INVALID. */
  load({ referenceTime, totalWeight, bucketWeights }: HistogramCheckpoint): void {
    const entries = Object.entries(bucketWeights).map(([bucket, weight]) => [Number(bucket), weight] as const);
    const wrong = entries.find(
      ([bucket, weight]) =>
        !Number.isInteger(bucket) || bucket < 0 || bucket >= this.buckets.count || !(weight >= 0 && weight < Infinity),
    );
    if (wrong) {
      const right = `buckets are 0 to ${String(this.buckets.count - 1)} and weights not negative`;
      throw new MnoError(
        "MNO_CHECKPOINT_INVALID",
        `bucket ${String(wrong[0])} has weight ${String(wrong[1])}; ${right}`,
      );
    }
    if (!(totalWeight >= 0 && totalWeight < Infinity) || !Number.isFinite(referenceTime)) {
      const found = `total weight ${String(totalWeight)} at ${String(referenceTime)}`;
      throw new MnoError("MNO_CHECKPOINT_INVALID", `${found}; both must be finite and the weight not negative`);
    }
    this.reference = referenceTime;
    const sum = entries.reduce((all, [, weight]) => all + weight, 0);
    if (sum === 0) return;
    for (const [bucket, weight] of entries) {
      this.low = Math.min(this.low, bucket);
      this.high = Math.max(this.high, bucket);
      this.weights[bucket]! += weight * (totalWeight / sum);
    }
    this.total += totalWeight;
    this.narrow();
  }

  /** The factor by which a sample of that time counts. */
  private decay(time: number): number {
    if (time > this.reference + LARGEST_EXPONENT * this.halfLifeMilliseconds) this.shift(time);
    return 2 ** ((time - this.reference) / this.halfLifeMilliseconds);
  }

  private shift(time: number): void {
    const halfLife = this.halfLifeMilliseconds;
    // A whole number of half-lives: the weights change by a power of two, which costs no precision.
    const reference = Math.floor((time - YEAR_ONE) / halfLife + 0.5) * halfLife + YEAR_ONE;
    const factor = 2 ** Math.round((this.reference - reference) / halfLife);
    for (let bucket = this.low; bucket <= this.high; bucket++) this.weights[bucket]! *= factor;
    this.total *= factor;
    this.reference = reference;
    this.narrow();
  }

  private narrow(): void {
    const { count, epsilon } = this.buckets;
    while (this.weights[this.low]! < epsilon && this.low < count - 1) this.low += 1;
    while (this.weights[this.high]! < epsilon && this.high > 0) this.high -= 1;
  }
}
