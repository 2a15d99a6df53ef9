import type { MnoError } from "../../../exports";
import type { GrantFacts } from "../enforcement/grant";

/** An answer, stream or tunnel under way. */
export interface Live {
  readonly facts: GrantFacts;
  /** Ends it now. */
  cut(error: MnoError): void;
}

/** What an exchange or tunnel tells. */
export interface Watch {
  /** It is under way, and may be cut. */
  readonly begun: (live: Live) => void;
  /** The head of an answer came, or none will, for `error` or (status 0) because the client went: once. */
  readonly answered: (status: number, error?: MnoError) => void;
  /** All of it is over: once, the last. */
  readonly ended: () => void;
}

interface LiveDependencies {
  /** Milliseconds, monotonic. */
  readonly now: () => number;
  /** Decides again; resolves to the error where it may not go on. */
  readonly renew: (facts: GrantFacts) => Promise<MnoError | undefined>;
  readonly wasCut: (error: MnoError) => void;
}

/** Renewals at once: thousands of tunnels must not delay what comes in. */
const CONCURRENT = 32;

/** What was let in and lasts. Each is decided on again at intervals, and at once where something changed. */
export class LiveExchanges {
  private readonly entries = new Map<Live, { dueAt: number }>();
  private sweeping: Promise<void> | undefined;
  private again = false;

  constructor(
    private readonly intervalMilliseconds: number,
    private readonly dependencies: LiveDependencies,
  ) {}

  get size(): number {
    return this.entries.size;
  }

  /** The first renewal is due one interval from now. */
  add(live: Live): void {
    this.entries.set(live, { dueAt: this.dependencies.now() + this.intervalMilliseconds });
  }

  delete(live: Live): void {
    this.entries.delete(live);
  }

  /** Something that decisions rest on changed: all are due. */
  expire(): Promise<void> {
    const now = this.dependencies.now();
    for (const entry of this.entries.values()) entry.dueAt = now;
    return this.sweep();
  }

  /** Renews all that are due. One sweep at a time; what became due meanwhile is swept next. */
  sweep(): Promise<void> {
    if (this.sweeping) {
      this.again = true;
      return this.sweeping;
    }
    this.sweeping = this.rounds().finally(() => {
      this.sweeping = undefined;
    });
    return this.sweeping;
  }

  private async rounds(): Promise<void> {
    do {
      this.again = false;
      const now = this.dependencies.now();
      const due = [...this.entries].filter(([, { dueAt }]) => dueAt <= now);
      await Promise.all(Array.from({ length: Math.min(CONCURRENT, due.length) }, () => this.work(due)));
    } while (this.again);
  }

  private async work(due: [Live, { dueAt: number }][]): Promise<void> {
    for (let next = due.pop(); next; next = due.pop()) {
      const [live, entry] = next;
      if (!this.entries.has(live)) continue;
      entry.dueAt = this.dependencies.now() + this.intervalMilliseconds;
      const error = await this.dependencies.renew(live.facts);
      if (!error || !this.entries.delete(live)) continue;
      this.dependencies.wasCut(error);
      live.cut(error);
    }
  }
}
