import { LATENCY_BUCKETS, type Metrics } from "../../kernel/telemetry/metrics";
import type { PoolState } from "./store";

export type AcquireResult = "granted" | "existing" | "refused" | "failed";

/**
 * The engine's metrics. The label `pool` is bounded by MNO_RPM_MAXIMUM_POOLS; holders are not labels, for callers
 * name them.
 */
export class Instruments {
  private readonly acquires;
  private readonly seconds;
  private readonly expired;
  private readonly gauges;
  /** Pools that have a series in `expired`. */
  private readonly counted = new Set<string>();

  constructor(metrics: Metrics) {
    this.acquires = metrics.counter("mno_rpm_acquires_total", "Requests for a lease answered", ["outcome"]);
    this.seconds = metrics.histogram(
      "mno_rpm_wait_seconds",
      "From a request to its lease",
      [],
      [...LATENCY_BUCKETS, 30, 60],
    );
    this.expired = metrics.counter("mno_rpm_leases_expired_total", "Leases neither renewed nor released", ["pool"]);
    this.gauges = {
      slots: metrics.gauge("mno_rpm_slots", "Slots of the pool", ["pool"]),
      leased: metrics.gauge("mno_rpm_leased_slots", "Slots leased", ["pool"]),
      waiting: metrics.gauge("mno_rpm_waiting", "Requests in the queue", ["pool"]),
    };
  }

  answered(outcome: AcquireResult, waitedSeconds: number): void {
    this.acquires.inc({ outcome });
    if (outcome === "granted") this.seconds.observe(waitedSeconds);
  }

  leasesExpired(pool: string, count: number): void {
    if (count === 0) return;
    this.counted.add(pool);
    this.expired.inc({ pool }, count);
  }

  /** Sets every gauge; a pool that was removed disappears, here and from what is counted. */
  observe(pools: readonly PoolState[]): void {
    for (const gauge of Object.values(this.gauges)) gauge.reset();
    const present = new Set(pools.map(({ definition }) => definition.name));
    for (const pool of this.counted) {
      if (present.has(pool)) continue;
      this.expired.remove({ pool });
      this.counted.delete(pool);
    }
    for (const { definition, leased, waiting } of pools) {
      const label = { pool: definition.name };
      this.gauges.slots.set(label, definition.slots.length);
      this.gauges.leased.set(label, leased);
      this.gauges.waiting.set(label, waiting);
    }
  }
}
