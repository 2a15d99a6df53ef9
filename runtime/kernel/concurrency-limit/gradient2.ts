import type { ConcurrencyLimit, LimitSample } from "./limit";

const GRADIENT2_DEFAULTS = {
  initial: 20,
  minimum: 20,
  maximum: 200,
  smoothing: 0.2,
  queue: 4,
  longWindow: 600,
  tolerance: 1.5,
};

/**
 * Netflix's Gradient2 as published (concurrency-limits 0.5.4, Gradient2Limit): the limit shrinks by the ratio of a long
 * average of the latency to the present one and grows by a constant. It ignores drops. It wants averages over windows:
 * WindowedLimit.
 */
export class Gradient2Limit implements ConcurrencyLimit {
  limit: number;
  private readonly long: WarmedAverage;

  constructor(private readonly settings = GRADIENT2_DEFAULTS) {
    this.limit = settings.initial;
    this.long = new WarmedAverage(settings.longWindow, 10);
  }

  allowed(): number {
    return Math.trunc(this.limit);
  }

  onSample({ startedAt, finishedAt, inflight }: LimitSample): void {
    const { minimum, maximum, smoothing, queue, tolerance } = this.settings;
    const short = finishedAt - startedAt;
    const long = this.long.add(short);
    if (long / short > 2) this.long.value *= 0.95;
    if (inflight < this.limit / 2) return;
    const gradient = Math.max(0.5, Math.min(1, (tolerance * long) / short));
    const next = this.limit * (1 - smoothing) + (this.limit * gradient + queue) * smoothing;
    this.limit = Math.max(minimum, Math.min(maximum, next));
  }
}

/** A plain average of the first samples, an exponential one of `window` samples from then on. */
class WarmedAverage {
  value = 0;
  private count = 0;
  private sum = 0;

  constructor(
    private readonly window: number,
    private readonly warmup: number,
  ) {}

  add(sample: number): number {
    if (this.count < this.warmup) {
      this.count += 1;
      this.sum += sample;
      this.value = this.sum / this.count;
    } else {
      const factor = 2 / (this.window + 1);
      this.value = this.value * (1 - factor) + sample * factor;
    }
    return this.value;
  }
}
