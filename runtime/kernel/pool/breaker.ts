import { type Backoff, backoffMilliseconds } from "../lifecycle/backoff";

/** Remembers failed creates: when the next one may be, and whether there have been so many that waiting is hopeless. */
export class Breaker {
  /** Of the latest failure; meaningful while `failures` is above 0. */
  cause: unknown;
  retryAt = -Infinity;
  failures = 0;
  private failedAt = -Infinity;

  constructor(
    private readonly threshold: number,
    private readonly backoff: Backoff,
    private readonly random: () => number,
  ) {}

  get isOpen(): boolean {
    return this.failures >= this.threshold;
  }

  /** Creates that may be begun now, beside those under way: after a failure one at a time, and not before `retryAt`. */
  allowance(now: number, creating: number): number {
    if (this.failures === 0) return Infinity;
    return now >= this.retryAt && creating === 0 ? 1 : 0;
  }

  /** Creates that were under way together fail together: they count as one failure. */
  failed(startedAt: number, now: number, cause: unknown): void {
    this.cause = cause;
    if (this.failures > 0 && startedAt < this.failedAt) return;
    this.failures += 1;
    this.failedAt = now;
    this.retryAt = now + backoffMilliseconds(this.failures, this.backoff, this.random);
  }

  succeeded(): void {
    this.failures = 0;
    this.cause = undefined;
  }
}
