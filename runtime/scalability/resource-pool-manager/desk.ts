import type { Clock } from "../../kernel/clock";
import type { Acquire, Operation, Outcome } from "./operations";

interface Pending {
  operation: Operation;
  resolve: (outcome: Outcome) => void;
  reject: (error: unknown) => void;
}

interface Waiting {
  ask: Omit<Acquire, "isLast">;
  deadline: number;
  resolve: (outcome: Outcome) => void;
  reject: (error: Error) => void;
}

/** What became of somebody who waited and has gone. */
type Abandoned = (outcome: Extract<Outcome, { kind: "granted" }>) => void;

/**
 * This process's share of one pool: gathers what is asked meanwhile into one turn (a transaction) after the other, and asks
 * again for those who wait. What comes back in a turn goes to who waits in the same turn; what other replicas give back is
 * noticed at the next poll.
 */
export class Desk {
  private pending: Pending[] = [];
  private readonly waiting = new Map<string, Waiting>();
  private running: Promise<void> | undefined;
  private nap: AbortController | undefined;
  /** Something new has come since the last round was cut. */
  private dirty = false;

  constructor(
    private readonly options: {
      clock: Clock;
      pollMilliseconds: number;
      turn: (operations: readonly Operation[]) => Promise<readonly Outcome[]>;
      /** Nothing is left to do. */
      onIdle: () => void;
    },
  ) {}

  submit(operation: Operation): Promise<Outcome> {
    return new Promise((resolve, reject) => {
      this.pending.push({ operation, resolve, reject });
      this.wake();
    });
  }

  /**
   * Resolves when it is granted, or refused at the deadline. Aborted, it rejects with the signal's reason, and leaves
   * the queue.
   */
  acquire(ask: Waiting["ask"], deadline: number, signal: AbortSignal, abandoned: Abandoned): Promise<Outcome> {
    signal.throwIfAborted();
    return new Promise((resolve, reject) => {
      const onAbort = (): void => {
        this.waiting.delete(ask.ticket);
        reject(signal.reason as Error);
        void this.submit({ kind: "leave", ticket: ask.ticket }).catch(() => undefined); // it lapses by itself
      };
      const settled = (): void => signal.removeEventListener("abort", onAbort);
      signal.addEventListener("abort", onAbort, { once: true });
      this.waiting.set(ask.ticket, {
        ask,
        deadline,
        resolve: (outcome) => {
          settled();
          if (signal.aborted && outcome.kind === "granted" && outcome.created) abandoned(outcome);
          resolve(outcome);
        },
        reject: (error) => {
          settled();
          reject(error);
        },
      });
      this.wake();
    });
  }

  private wake(): void {
    this.dirty = true;
    this.nap?.abort();
    this.running ??= this.run();
  }

  /** Resolves when nobody asks or waits any more. */
  async idle(): Promise<void> {
    await this.running;
  }

  private async run(): Promise<void> {
    while (this.pending.length > 0 || this.waiting.size > 0) {
      // Requests that arrive in one turn of the event loop go together.
      await new Promise((resolve) => setImmediate(resolve));
      await this.round();
      if (!this.dirty && this.waiting.size > 0) await this.pause();
    }
    this.running = undefined;
    this.options.onIdle();
  }

  private async round(): Promise<void> {
    this.dirty = false;
    const pending = this.pending.splice(0);
    const waiting = [...this.waiting.values()];
    const now = this.options.clock.now();
    const operations: Operation[] = [
      ...pending.map(({ operation }) => operation),
      ...waiting.map(({ ask, deadline }) => ({ ...ask, isLast: now >= deadline })),
    ];
    try {
      const outcomes = await this.options.turn(operations);
      pending.forEach(({ resolve }, index) => resolve(outcomes[index]!));
      waiting.forEach(({ ask, resolve }, index) => {
        const outcome = outcomes[pending.length + index]!;
        if (outcome.kind === "waiting") return;
        this.waiting.delete(ask.ticket);
        resolve(outcome);
      });
    } catch (error) {
      for (const { reject } of pending) reject(error);
      for (const { ask, reject } of waiting) {
        this.waiting.delete(ask.ticket);
        reject(error as Error);
      }
    }
  }

  /** Until the next poll, the first deadline, or something new. */
  private async pause(): Promise<void> {
    const { clock, pollMilliseconds } = this.options;
    const first = Math.min(...[...this.waiting.values()].map(({ deadline }) => deadline));
    this.nap = new AbortController();
    const span = Math.max(0, Math.min(pollMilliseconds, first - clock.now()));
    await clock.sleep(span, this.nap.signal).catch(() => undefined); // woken
    this.nap = undefined;
  }
}
