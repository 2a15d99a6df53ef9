import { LATENCY_BUCKETS, type Metrics } from "../telemetry/metrics";
import type { PoolObserver } from "./factory";

/** From 100 µs on: most waits for an idle resource are below the first of the usual buckets. */
const WAIT_BUCKETS = [0.0001, 0.0005, ...LATENCY_BUCKETS];

/** Metrics of one pool, labelled with its name; several pools share them. */
export function poolInstruments(metrics: Metrics, pool: string): Required<PoolObserver> {
  const waits = metrics.histogram("mno_pool_wait_seconds", "From an acquire to its resource", ["pool"], WAIT_BUCKETS);
  const held = metrics.histogram("mno_pool_held_seconds", "From an acquire's resource to its release", ["pool"]);
  const creates = metrics.histogram("mno_pool_create_seconds", "Time to create a resource", ["pool"]);
  const refused = metrics.counter("mno_pool_refused_total", "Acquires that got no resource", ["pool"]);
  const failed = metrics.counter("mno_pool_create_failures_total", "Failed creates", ["pool"]);
  const destroyed = metrics.counter("mno_pool_destroyed_total", "Resources destroyed", ["pool", "reason"]);
  const destroyFailed = metrics.counter("mno_pool_destroy_failures_total", "Destroys that failed or hung", ["pool"]);
  const leaked = metrics.counter("mno_pool_leaks_total", "Resources held beyond the threshold", ["pool"]);
  const labels = { pool };
  // Bound once: looking labels up would cost more than the acquire.
  const wait = waits.labels(labels);
  const hold = held.labels(labels);
  return {
    acquired: (waited) => wait.observe(waited / 1000),
    released: (milliseconds) => hold.observe(milliseconds / 1000),
    refused: () => refused.inc(labels),
    created: (milliseconds) => creates.observe(labels, milliseconds / 1000),
    createFailed: () => failed.inc(labels),
    destroyed: (reason) => destroyed.inc({ pool, reason }),
    destroyFailed: () => destroyFailed.inc(labels),
    leaked: () => leaked.inc(labels),
  };
}
