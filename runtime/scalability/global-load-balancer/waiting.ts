/** A request that waits for an endpoint. */
export interface Waiter {
  /** Tries to begin; false where there is still no endpoint for it. */
  resume(): boolean;
  /** It has waited too long, or the balancer stops. */
  expire(): void;
}

/** First come, first served; each waiter with a deadline of its own. */
export class WaitingQueue {
  private readonly waiters = new Map<Waiter, NodeJS.Timeout>();
  private serving = false;

  get size(): number {
    return this.waiters.size;
  }

  add(waiter: Waiter, milliseconds: number): void {
    const timer = setTimeout(() => {
      this.waiters.delete(waiter);
      waiter.expire();
    }, milliseconds);
    this.waiters.set(waiter, timer);
  }

  /** The waiter's client went away. */
  remove(waiter: Waiter): void {
    clearTimeout(this.waiters.get(waiter));
    this.waiters.delete(waiter);
  }

  /** Something changed: begins as many, in their order, as there are endpoints for. */
  serve(): void {
    // A waiter that fails as it begins frees its place at once, and so calls again: the round under way goes on to the next.
    if (this.serving) return;
    this.serving = true;
    try {
      for (const waiter of this.waiters.keys()) {
        if (!waiter.resume()) return;
        this.remove(waiter);
      }
    } finally {
      this.serving = false;
    }
  }

  expireAll(): void {
    for (const waiter of [...this.waiters.keys()]) {
      this.remove(waiter);
      waiter.expire();
    }
  }
}
