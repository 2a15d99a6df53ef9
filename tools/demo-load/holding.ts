import type { Clock } from "../../runtime/kernel/clock";
import { type Api, ApiRefusal } from "./api";

/** Something that the platform lends for a time: renewed while the run goes on, and given back at its end. */
interface Loan {
  /** `${path}/renew` renews it and DELETE gives it back. */
  path: string;
  leaseSeconds: number;
  /** When it was granted: RFC 3339, UTC. */
  since: string;
  /** For the message when it is lost. */
  what: string;
}

/** Renews a loan until it is given back. */
export class Holding {
  /** Why it is no longer held; undefined as long as it is. */
  lost: string | undefined;
  private readonly done = new AbortController();
  readonly since: string;
  private readonly renewing: Promise<void>;

  constructor(
    private readonly api: Api,
    private readonly loan: Loan,
    private readonly clock: Clock,
  ) {
    this.since = loan.since;
    this.renewing = this.renew();
  }

  /** What cannot be given back ends by itself when its time is over. Idempotent. */
  async release(): Promise<void> {
    if (this.done.signal.aborted) return;
    this.done.abort();
    await this.renewing;
    if (this.lost !== undefined) return;
    await this.api.send("DELETE", this.loan.path, { timeoutMs: 2000 }).catch(() => undefined);
  }

  /** Three tries within each lease: one lost answer does not lose the loan. */
  private async renew(): Promise<void> {
    const { path, leaseSeconds, what } = this.loan;
    const { signal } = this.done;
    for (;;) {
      await this.clock.sleep((leaseSeconds * 1000) / 3, signal).catch(() => undefined);
      if (signal.aborted) return;
      try {
        await this.api.send("POST", `${path}/renew`, { body: { leaseSeconds } });
      } catch (error) {
        if (!(error instanceof ApiRefusal) || error.status >= 500 || error.status === 429) continue; // the next time, perhaps
        this.lost = `${what} is lost: ${error.message}`;
        return;
      }
    }
  }
}
