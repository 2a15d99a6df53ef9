const SMALLEST_MILLISECONDS = 0.1;
const GROWTH = Math.log(1.1);
const BUCKETS = 150; // up to 0.1 ms * 1.1^150, 160 s
const WINDOW_MILLISECONDS = 10_000;
const ENOUGH = 50;

/**
 * Quantiles of the latencies of the last 10 to 20 seconds, within 10 % of the true ones: two histograms with buckets that grow by
 * a tenth, of which the older one is dropped every ten seconds.
 */
export class RecentLatency {
  private current = new Float64Array(BUCKETS);
  private previous = new Float64Array(BUCKETS);
  private since = 0;
  private currentCount = 0;
  private previousCount = 0;

  record(milliseconds: number, now: number): void {
    if (now - this.since >= WINDOW_MILLISECONDS) this.turn(now);
    const index = Math.floor(Math.log(Math.max(milliseconds, SMALLEST_MILLISECONDS) / SMALLEST_MILLISECONDS) / GROWTH);
    this.current[Math.min(BUCKETS - 1, index)]! += 1;
    this.currentCount += 1;
  }

  /** Milliseconds; undefined where too few were seen to say. */
  quantile(q: number, now: number): number | undefined {
    if (now - this.since >= WINDOW_MILLISECONDS) this.turn(now);
    const count = this.currentCount + this.previousCount;
    if (count < ENOUGH) return undefined;
    let left = q * count;
    for (let index = 0; index < BUCKETS; index += 1) {
      left -= this.current[index]! + this.previous[index]!;
      if (left <= 0) return SMALLEST_MILLISECONDS * Math.exp(GROWTH * (index + 1));
    }
    return SMALLEST_MILLISECONDS * Math.exp(GROWTH * BUCKETS);
  }

  private turn(now: number): void {
    const stale = now - this.since >= 2 * WINDOW_MILLISECONDS;
    [this.previous, this.current] = [this.current, this.previous];
    this.previousCount = stale ? 0 : this.currentCount;
    if (stale) this.previous.fill(0);
    this.current.fill(0);
    this.currentCount = 0;
    this.since = now;
  }
}
