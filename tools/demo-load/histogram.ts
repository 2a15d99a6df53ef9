/** Each bucket's upper bound is this much above its lower one, so that a percentile is at most 1 % too high. */
const GROWTH = 1.01;
/** Everything faster is one bucket. */
const SMALLEST_MS = 0.1;

/** Latencies in logarithmic buckets: bounded memory at any count, a relative error of 1 % at most. */
export class Histogram {
  private readonly buckets = new Map<number, number>();
  private total = 0;

  get count(): number {
    return this.total;
  }

  record(milliseconds: number): void {
    const ratio = Math.max(milliseconds, SMALLEST_MS) / SMALLEST_MS;
    const bucket = Math.ceil(Math.log(ratio) / Math.log(GROWTH));
    this.buckets.set(bucket, (this.buckets.get(bucket) ?? 0) + 1);
    this.total += 1;
  }

  /** The latency that `fraction` of the recorded ones do not exceed (nearest rank), milliseconds; undefined without any. */
  percentile(fraction: number): number | undefined {
    const rank = Math.max(1, Math.ceil(fraction * this.total));
    let seen = 0;
    for (const [bucket, count] of [...this.buckets].sort(([a], [b]) => a - b)) {
      seen += count;
      if (seen >= rank) return SMALLEST_MS * GROWTH ** bucket;
    }
    return undefined;
  }
}
