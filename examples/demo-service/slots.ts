import { MnoError } from "../../runtime/exports";

/** A fixed number of places to be served in, and a bounded queue in order of arrival before them. */
export class Slots {
  private running = 0;
  private readonly waiting = new Set<() => void>();

  constructor(
    private readonly places: number,
    private readonly queueBound: number,
  ) {}

  /** Queued and in service: what an autoscaler should divide among replicas. */
  get inFlight(): number {
    return this.running + this.waiting.size;
  }

  /** More wait than one round of the places can serve. */
  get overloaded(): boolean {
    return this.waiting.size > this.places;
  }

  /**
   * Resolves when a place is free; the caller gives it back with `release`. Rejects with the signal's reason when the
   * caller gives up while it waits. Errors: MNO_OVERLOADED when the queue is full.
   */
  acquire(signal: AbortSignal): Promise<void> {
    if (this.running < this.places) {
      this.running += 1;
      return Promise.resolve();
    }
    if (this.waiting.size >= this.queueBound) {
      const detail = `All ${String(this.places)} slots are busy and ${String(this.queueBound)} requests wait already`;
      return Promise.reject(new MnoError("MNO_OVERLOADED", detail));
    }
    return new Promise((resolve, reject) => {
      const giveUp = (): void => {
        this.waiting.delete(start);
        reject(signal.reason as Error);
      };
      const start = (): void => {
        signal.removeEventListener("abort", giveUp);
        resolve();
      };
      this.waiting.add(start);
      signal.addEventListener("abort", giveUp, { once: true });
    });
  }

  /** Hands the place to whoever has waited longest (a Set keeps the order of insertion). */
  release(): void {
    const [next] = this.waiting;
    if (!next) {
      this.running -= 1;
      return;
    }
    this.waiting.delete(next);
    next();
  }
}
