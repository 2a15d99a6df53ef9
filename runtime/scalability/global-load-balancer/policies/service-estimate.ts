import type { Attempt } from "./policy";

/** Completions that the memory of an endpoint's speed spans: enough to be sure of a factor of two, few enough to follow. */
const MEMORY = 40;
/** Workers' worth of time by which an idle endpoint forgets too, so that one that was slow is tried again. */
const IDLE_FORGETTING = 0.3;
/** Answers that the memory of an endpoint's failures spans: short, for the next request goes to it or does not. */
const ANSWERS = 5;
/** Of an endpoint that only fails: it is then used when the others are a hundred times as slow. */
const LOWEST_SUCCESS_RATE = 0.01;

/**
 * How long one endpoint takes to serve a request, from completions per time that its workers were busy: a gamma-Poisson
 * filter that forgets exponentially. Time counts while it passes, not only when a request ends, so a server that stops
 * answering becomes slow at once (its requests under way are censored observations), and abandoned requests bias nothing.
 * Milliseconds.
 */
export class ServiceEstimate {
  private completions = 0;
  private busyMs = 0;
  private succeeding = 1;
  private readonly waiting = new Set<Attempt>();

  constructor(
    /** Up to this time everything is counted. */
    private at: number,
    /** Requests that it serves at a time. */
    public workers: number,
  ) {}

  /** Attempts under way that have no answer yet. */
  get outstanding(): number {
    return this.waiting.size;
  }

  get evidence(): { completions: number; busyMs: number } {
    return { completions: this.completions, busyMs: this.busyMs };
  }

  started(attempt: Attempt): void {
    this.waiting.add(attempt);
  }

  /** False for an attempt that was not started here, or was answered before. */
  ended(attempt: Attempt, result: "success" | "failure" | "abandoned"): boolean {
    if (!this.waiting.delete(attempt)) return false;
    if (result === "success") this.completions++;
    if (result !== "abandoned") this.succeeding += ((result === "success" ? 1 : 0) - this.succeeding) / ANSWERS;
    return true;
  }

  /** Counts the time up to `now`; returns how much that was. `serviceMs` is the present estimate, the unit of forgetting. */
  advance(now: number, serviceMs: number): number {
    const elapsed = now - this.at;
    if (elapsed <= 0) return 0;
    const busy = this.busy();
    const kept = Math.exp((-elapsed * (busy + IDLE_FORGETTING)) / (serviceMs * MEMORY));
    this.completions *= kept;
    this.busyMs = this.busyMs * kept + elapsed * busy;
    this.succeeding = 1 - (1 - this.succeeding) * kept;
    this.at = now;
    return elapsed;
  }

  /** The estimate at `now`, drawn towards `priorMs` as if by `priorCompletions` completions of that length. */
  serviceMs(now: number, priorMs: number, priorCompletions: number): number {
    const busyMs = this.busyMs + (now - this.at) * this.busy();
    return (busyMs + priorCompletions * priorMs) / (this.completions + priorCompletions);
  }

  /** Milliseconds since everything was counted. */
  uncounted(now: number): number {
    return now - this.at;
  }

  /** Of its recent answers those that are no failures, in (0, 1]. */
  successRate(): number {
    return Math.max(this.succeeding, LOWEST_SUCCESS_RATE);
  }

  private busy(): number {
    return Math.min(this.waiting.size, this.workers);
  }
}
