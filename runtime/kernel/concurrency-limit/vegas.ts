import type { ConcurrencyLimit, LimitSample } from "./limit";

const VEGAS_DEFAULTS = { initial: 20, maximum: 1000, probeMultiplier: 30 };

/** log10, cut off, and at least 1: the unit in which Vegas counts queues. */
const root = (limit: number): number => Math.max(1, Math.trunc(Math.log10(Math.trunc(limit))));

/**
 * TCP Vegas for requests, as Netflix publishes it (concurrency-limits 0.5.4, VegasLimit). The queue is what the latency is
 * above the least one seen: `limit x (1 - least / latency)`. The least latency is measured anew after 15 to 30 times the
 * limit of samples, from whatever sample comes then.
 */
export class VegasLimit implements ConcurrencyLimit {
  limit: number;
  private least = 0;
  private samples = 0;
  private jitter: number;

  /** `random` is uniform in [0, 1). */
  constructor(
    private readonly random: () => number,
    private readonly settings = VEGAS_DEFAULTS,
  ) {
    this.limit = settings.initial;
    this.jitter = this.nextJitter();
  }

  allowed(): number {
    return Math.trunc(this.limit);
  }

  onSample({ startedAt, finishedAt, inflight, dropped }: LimitSample): void {
    const latency = finishedAt - startedAt;
    this.samples += 1;
    if (this.jitter * this.settings.probeMultiplier * this.limit <= this.samples) {
      this.jitter = this.nextJitter();
      this.samples = 0;
      this.least = latency;
      return;
    }
    if (this.least === 0 || latency < this.least) {
      this.least = latency;
      return;
    }
    const next = this.step(Math.ceil(this.limit * (1 - this.least / latency)), inflight, dropped);
    this.limit = Math.max(1, Math.min(this.settings.maximum, next));
  }

  private step(queue: number, inflight: number, dropped: boolean): number {
    const unit = root(this.limit);
    if (dropped) return this.limit - unit;
    if (inflight * 2 < this.limit) return this.limit;
    if (queue <= unit) return this.limit + 6 * unit;
    if (queue < 3 * unit) return this.limit + unit;
    return queue > 6 * unit ? this.limit - unit : this.limit;
  }

  private nextJitter(): number {
    return 0.5 + this.random() / 2;
  }
}
