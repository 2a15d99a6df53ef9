import type { ConcurrencyLimit } from "./limit";

/** One request that was let through. */
export interface Permit {
  readonly startedAt: number;
  readonly inflight: number;
}

interface LimiterStatus {
  limit: number;
  inflight: number;
  waiting: number;
  /** Requests that may wait at present. */
  queue: number;
}

/**
 * How many requests may wait for a place: an amount of the order of the square root of the places, for that is by how much
 * random arrivals exceed their mean (Halfin and Whitt, Operations Research 29, 1981). A system at half load then turns
 * nobody away, whatever its size.
 */
const burstQueue = (limit: number): number => Math.ceil(4 + 4 * Math.sqrt(limit));
/** A queue that does not empty is no burst but overload: it would only add waiting time (CoDel, ACM Queue 10, 2012). */
const standingQueue = (limit: number): number => Math.ceil(2 * Math.sqrt(limit));
/**
 * The queue is standing when it has not been empty for so many times what a full burst queue needs to pass, and until it has
 * turned nobody away for as long.
 */
const STANDING_AFTER_BURSTS = 4;

/**
 * The gate in front of a server: lets as many requests through as its limit says, keeps a short first-in, first-out queue
 * and turns the rest away at once. Time is passed in; what waits is a callback, so that a simulation and a promise can use
 * the same gate. Not thread safe, as nothing in Node.js needs to be.
 */
export class Limiter {
  private inflight = 0;
  private readonly waiting: ((permit: Permit) => void)[] = [];
  private lastEmpty = 0;
  private lastRefused = -Infinity;
  private standing = false;
  /** Smoothed latency in milliseconds, to know how long a burst takes. */
  private latency = 0;

  constructor(
    private readonly limit: ConcurrencyLimit,
    private readonly options: { queue: boolean } = { queue: true },
  ) {}

  status(): LimiterStatus {
    return { limit: this.limit.limit, inflight: this.inflight, waiting: this.waiting.length, queue: this.room() };
  }

  /**
   * Calls `start` at once or, where the request has to wait, later; false where it is turned away and `start` never called.
   * Whoever was started calls `finish` once.
   */
  offer(now: number, start: (permit: Permit) => void): boolean {
    if (this.waiting.length === 0) {
      this.lastEmpty = now;
      if (this.inflight < this.limit.allowed(now)) {
        this.begin(now, start);
        return true;
      }
    }
    this.judge(now);
    if (this.waiting.length < this.room()) {
      this.waiting.push(start);
      return true;
    }
    this.lastRefused = now;
    return false;
  }

  /** Takes back an offer that still waits, by its callback; false where it has been started. */
  withdraw(start: (permit: Permit) => void): boolean {
    const at = this.waiting.indexOf(start);
    if (at >= 0) this.waiting.splice(at, 1);
    return at >= 0;
  }

  finish(permit: Permit, now: number, outcome: { dropped: boolean } = { dropped: false }): void {
    this.inflight -= 1;
    const latency = now - permit.startedAt;
    this.latency = this.latency === 0 ? latency : this.latency * 0.95 + latency * 0.05;
    this.limit.onSample({ ...permit, finishedAt: now, dropped: outcome.dropped });
    while (this.waiting.length > 0 && this.inflight < this.limit.allowed(now)) this.begin(now, this.waiting.shift()!);
    if (this.waiting.length === 0) this.lastEmpty = now;
  }

  private begin(now: number, start: (permit: Permit) => void): void {
    this.inflight += 1;
    start({ startedAt: now, inflight: this.inflight });
  }

  /** Whether what waits is a burst or overload. */
  private judge(now: number): void {
    if (this.latency === 0) return; // Nothing has come back yet: what there is to wait for is not known.
    const { limit } = this.limit;
    const patience = (STANDING_AFTER_BURSTS * this.latency * burstQueue(limit)) / limit;
    if (now - this.lastEmpty > patience) this.standing = true;
    else if (now - this.lastRefused > patience) this.standing = false;
  }

  private room(): number {
    if (!this.options.queue) return 0;
    return this.standing ? standingQueue(this.limit.limit) : burstQueue(this.limit.limit);
  }
}
