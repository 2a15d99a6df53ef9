import type { Logger } from "pino";
import { type Clock, within } from "../../clock";
import { Candidate } from "./candidate";
import type { LeaseStore, LeaseTimes } from "./lease";

/** A stretch of time in which this process, and no other, leads. */
export interface Term {
  /** The fencing number: larger than that of every term before. 0 where there are no others. */
  readonly number: number;
  /** Aborted when the term ends. */
  readonly signal: AbortSignal;
}

/** Decides which of several processes leads. */
export interface Election {
  /**
   * Campaigns until `signal` aborts. Each time this process is elected `lead` runs until it has seen its term end; then the
   * lease is given up, and the next campaign begins. Rejects with what `lead` throws.
   */
  run(lead: (term: Term) => Promise<void>, signal: AbortSignal): Promise<void>;
}

/** The one process that there is leads all the time. */
export const SOLE_LEADER: Election = {
  run: (lead, signal) => lead({ number: 0, signal }),
};

export interface LeaseElectionOptions {
  store: LeaseStore;
  /** Of the lease. */
  name: string;
  /** Of this process; no other may ever have it. */
  identity: string;
  times: LeaseTimes;
  /** Its time must never be set back: a monotonic one. */
  clock: Clock;
  random: () => number;
  log: Logger;
}

/** Leadership by a lease that its holder renews, and that others take when it was not renewed in time. */
export class LeaseElection implements Election {
  constructor(private readonly options: LeaseElectionOptions) {}

  async run(lead: (term: Term) => Promise<void>, signal: AbortSignal): Promise<void> {
    const candidate = new Candidate(this.options.identity, this.options.times);
    while (!signal.aborted) {
      if (await this.attempt(candidate, signal)) await this.term(candidate, lead, signal);
      // Jitter keeps candidates that lost together from trying together.
      await this.pause(signal, 1 + this.options.random());
    }
  }

  private async term(candidate: Candidate, lead: (term: Term) => Promise<void>, signal: AbortSignal): Promise<void> {
    const { log, name } = this.options;
    const lost = new AbortController();
    const done = new AbortController();
    const term: Term = { number: candidate.term, signal: AbortSignal.any([signal, lost.signal]) };
    log.info({ lease: name, term: term.number }, "this replica leads");
    // Until the work has come to its end, which takes a while when this process drains.
    const over = AbortSignal.any([done.signal, lost.signal]);
    const renewing = Promise.all([this.renew(candidate, over), this.watch(candidate, lost, over)]);
    try {
      await lead(term);
    } finally {
      done.abort(new Error("the term is over"));
      await renewing;
      // Another's lease, which the last renewal may have met, is not ours to give up.
      const held = !lost.signal.aborted && candidate.leadsUntil > this.options.clock.now();
      log.info(
        { lease: name, term: term.number },
        held ? "this replica gives up the lead" : "this replica lost the lead",
      );
      if (held) await this.release(candidate);
      candidate.stepDown();
    }
  }

  private async renew(candidate: Candidate, over: AbortSignal): Promise<void> {
    for (;;) {
      await this.pause(over, 1);
      if (over.aborted) return;
      await this.attempt(candidate, over);
    }
  }

  /** Ends the term when the lease was not renewed in time, however long a renewal takes. */
  private async watch(candidate: Candidate, lost: AbortController, over: AbortSignal): Promise<void> {
    const { clock, name } = this.options;
    while (!over.aborted) {
      const left = candidate.leadsUntil - clock.now();
      if (left <= 0) return lost.abort(new Error(`lease ${name} could not be renewed in time`));
      // Short enough to notice that a renewal was refused, not only that none came.
      await this.pause(over, Math.min(1, left / this.options.times.retryMilliseconds));
    }
  }

  /** One attempt to take or renew the lease; whether it is held now. A failure is one of this attempt only. */
  private async attempt(candidate: Candidate, signal: AbortSignal): Promise<boolean> {
    const { name, clock, times, log } = this.options;
    const done = new AbortController();
    const either = AbortSignal.any([signal, done.signal]);
    const late = (): Error => new Error(`no answer within ${String(times.renewMilliseconds)} ms`);
    try {
      return await within(clock, times.renewMilliseconds, () => this.exchange(candidate, either), late);
    } catch (error) {
      if (!signal.aborted) log.warn({ err: error, lease: name }, "the lease could not be read or written");
      return false;
    } finally {
      done.abort(new Error("the attempt is over"));
    }
  }

  private async exchange(candidate: Candidate, signal: AbortSignal): Promise<boolean> {
    const { store, name, clock } = this.options;
    const lease = await store.read(name, signal);
    signal.throwIfAborted();
    candidate.observed(lease, clock.now());
    const startedAt = clock.now();
    const proposal = candidate.proposal(startedAt);
    if (!proposal) return false;
    const written = await store.write(name, proposal, candidate.version, signal);
    signal.throwIfAborted();
    if (!written) return false;
    candidate.written(written, startedAt);
    return true;
  }

  /** So that the next leader need not wait for the lease to end. Should this fail, it ends by itself. */
  private async release(candidate: Candidate): Promise<void> {
    const { store, name, times, clock, log } = this.options;
    const record = { holder: "", durationSeconds: 1, transitions: candidate.term };
    const done = new AbortController();
    const late = (): Error => new Error("no answer in time");
    const write = (): Promise<unknown> => store.write(name, record, candidate.version, done.signal);
    await within(clock, times.retryMilliseconds, write, late)
      .catch((error: unknown) =>
        log.warn({ err: error, lease: name }, "the lease could not be given up; it ends by itself"),
      )
      .finally(() => done.abort());
  }

  private async pause(signal: AbortSignal, factor: number): Promise<void> {
    await this.options.clock.sleep(this.options.times.retryMilliseconds * factor, signal).catch(() => undefined);
  }
}
