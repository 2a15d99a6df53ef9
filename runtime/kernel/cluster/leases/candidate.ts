import type { LeaseRecord, LeaseTimes, VersionedLease } from "./lease";

/**
 * One candidate's picture of a lease, and what it may do: pure, and with the semantics of client-go's leader election. Only
 * time that passed on this candidate's own monotonic clock counts: another's lease has ended when it was not seen to
 * change for its whole duration, so that clocks of machines need not agree.
 */
export class Candidate {
  private seen: VersionedLease | undefined;
  private seenAt = -Infinity;
  /** When the request began by which the lease was last taken or renewed; undefined while it is not held. */
  private renewedAt: number | undefined;

  constructor(
    readonly identity: string,
    private readonly times: LeaseTimes,
  ) {}

  /** Milliseconds of its clock until which it leads; -Infinity while it does not. */
  get leadsUntil(): number {
    return this.renewedAt === undefined ? -Infinity : this.renewedAt + this.times.renewMilliseconds;
  }

  /** The lease's fencing number, as last seen. */
  get term(): number {
    return this.seen?.transitions ?? 0;
  }

  get version(): string | undefined {
    return this.seen?.version;
  }

  /** The lease was read; undefined where there is none. `now` is when the answer came. */
  observed(lease: VersionedLease | undefined, now: number): void {
    if (lease?.version !== this.seen?.version) {
      this.seen = lease;
      this.seenAt = now;
    }
    if (lease?.holder !== this.identity) this.renewedAt = undefined;
  }

  /** The record to write at `now`; undefined where another holds the lease. */
  proposal(now: number): LeaseRecord | undefined {
    const durationSeconds = this.times.durationMilliseconds / 1000;
    const { seen } = this;
    if (!seen) return { holder: this.identity, durationSeconds, transitions: 1 };
    if (this.renewedAt !== undefined) return { holder: this.identity, durationSeconds, transitions: seen.transitions };
    const free =
      seen.holder === "" || seen.holder === this.identity || now >= this.seenAt + seen.durationSeconds * 1000;
    return free ? { holder: this.identity, durationSeconds, transitions: seen.transitions + 1 } : undefined;
  }

  /** The proposal was stored by a request that began at `startedAt`. */
  written(lease: VersionedLease, startedAt: number): void {
    this.seen = lease;
    this.seenAt = startedAt;
    this.renewedAt = startedAt;
  }

  /** It no longer leads, whatever the lease says. */
  stepDown(): void {
    this.renewedAt = undefined;
  }
}
