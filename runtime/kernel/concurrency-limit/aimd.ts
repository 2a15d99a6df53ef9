import type { ConcurrencyLimit, LimitSample } from "./limit";

const AIMD_DEFAULTS = { initial: 20, minimum: 20, maximum: 200, backoff: 0.9, timeoutMilliseconds: 5000 };

/**
 * Additive increase, multiplicative decrease, as Netflix publishes it (concurrency-limits 0.5.4, AIMDLimit): a drop or a
 * request slower than the timeout costs a tenth, any other adds one while at least half of the limit is in use.
 */
export class AimdLimit implements ConcurrencyLimit {
  limit: number;

  constructor(private readonly settings = AIMD_DEFAULTS) {
    this.limit = settings.initial;
  }

  allowed(): number {
    return this.limit;
  }

  onSample({ startedAt, finishedAt, inflight, dropped }: LimitSample): void {
    const { minimum, maximum, backoff, timeoutMilliseconds } = this.settings;
    if (dropped || finishedAt - startedAt > timeoutMilliseconds) this.limit = Math.trunc(this.limit * backoff);
    else if (inflight * 2 >= this.limit) this.limit += 1;
    this.limit = Math.min(maximum, Math.max(minimum, this.limit));
  }
}
