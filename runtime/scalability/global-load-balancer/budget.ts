const SLOTS = 10;
const SLOT_MILLISECONDS = 1000;

/**
 * How many extra attempts (retries, hedges) may be sent: a share of the requests of the last ten seconds, and a few a second
 * however little traffic there is. When everything fails the load on the endpoints grows by that share and no more.
 * Source: Finagle's RetryBudget (percentCanRetry, minRetriesPerSec, ttl 10 s), counted in slots of one second.
 */
export class Budget {
  private readonly requests = new Float64Array(SLOTS);
  private readonly extras = new Float64Array(SLOTS);
  private slot = 0;
  private requestsInWindow = 0;
  private extrasInWindow = 0;

  /** A request came. */
  deposit(now: number): void {
    this.turn(now);
    this.requests[this.slot % SLOTS]! += 1;
    this.requestsInWindow += 1;
  }

  /** Whether there is one more extra attempt in the budget. */
  has(now: number, share: { percent: number; minimumPerSecond: number }): boolean {
    this.turn(now);
    const allowed = (this.requestsInWindow * share.percent) / 100 + share.minimumPerSecond * SLOTS;
    return this.extrasInWindow + 1 <= allowed;
  }

  /** Takes one extra attempt out of the budget; false where it is used up. */
  withdraw(now: number, share: { percent: number; minimumPerSecond: number }): boolean {
    if (!this.has(now, share)) return false;
    this.extras[this.slot % SLOTS]! += 1;
    this.extrasInWindow += 1;
    return true;
  }

  private turn(now: number): void {
    const current = Math.floor(now / SLOT_MILLISECONDS);
    if (current <= this.slot) return;
    for (let slot = Math.max(this.slot + 1, current - SLOTS + 1); slot <= current; slot += 1) {
      const index = slot % SLOTS;
      this.requestsInWindow -= this.requests[index]!;
      this.extrasInWindow -= this.extras[index]!;
      this.requests[index] = 0;
      this.extras[index] = 0;
    }
    this.slot = current;
  }
}
