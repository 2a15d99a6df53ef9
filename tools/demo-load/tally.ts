import { Histogram } from "./histogram";
import type { Totals } from "./view";

/** What happened to the requests of one second (or whatever time passed between two calls of `Tally.second`). */
export interface SecondOfLoad {
  offered: number;
  served: number;
  failed: number;
  shed: number;
  /** Of the answers that came in this second; undefined when none came. */
  p50Ms?: number;
  p99Ms?: number;
}

/** Keeps account of a replay: every request offered ends as ok, failed or shed. */
export class Tally {
  offered = 0;
  ok = 0;
  failed = 0;
  /** Never sent, because too many were in flight already. */
  shed = 0;
  /** Answered with 2xx, but later than the objective. */
  late = 0;
  /** Of the requests that were answered with 2xx. */
  readonly latency = new Histogram();
  /** What failed, by status code or error code. */
  readonly failures = new Map<string, number>();

  private seconds = new Histogram();
  private before = { offered: 0, ok: 0, failed: 0, shed: 0 };

  /** `sloMs`: a later answer misses the objective. */
  constructor(private readonly sloMs: number) {}

  get inFlight(): number {
    return this.offered - this.ok - this.failed - this.shed;
  }

  /** Of the requests that have ended; shed ones were not served either. 0 before any has. */
  get failedFraction(): number {
    const ended = this.ok + this.failed + this.shed;
    return ended === 0 ? 0 : (this.failed + this.shed) / ended;
  }

  succeed(latencyMs: number): void {
    this.ok += 1;
    if (latencyMs > this.sloMs) this.late += 1;
    this.latency.record(latencyMs);
    this.seconds.record(latencyMs);
  }

  fail(cause: string): void {
    this.failed += 1;
    this.failures.set(cause, (this.failures.get(cause) ?? 0) + 1);
  }

  totals(): Totals {
    const { offered, ok, failed, shed, late, latency } = this;
    const counts = { offered, ok, failed, shed, late };
    if (latency.count === 0) return counts;
    return { ...counts, p50Ms: latency.percentile(0.5), p99Ms: latency.percentile(0.99) };
  }

  /** What happened since the last call. */
  second(): SecondOfLoad {
    const { offered, ok, failed, shed, before, seconds } = this;
    this.before = { offered, ok, failed, shed };
    this.seconds = new Histogram();
    return {
      offered: offered - before.offered,
      served: ok - before.ok,
      failed: failed - before.failed,
      shed: shed - before.shed,
      ...(seconds.count > 0 ? { p50Ms: seconds.percentile(0.5), p99Ms: seconds.percentile(0.99) } : {}),
    };
  }
}
