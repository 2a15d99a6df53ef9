import type { Metrics } from "../telemetry/metrics";

type Level = "l1" | "l2" | "loader";
type Result = "hit" | "stale" | "shared" | "miss" | "busy" | "error" | "success";

/** 50 µs to 1 s: L1 answers within 1 ms, L2 within 10, the database within 100. */
const BUCKETS = [0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1];

export interface Instruments {
  count(level: Level, result: Result): void;
  observe(level: Level, seconds: number): void;
  unsent(keys: number): void;
}

export function cacheInstruments(metrics: Metrics): Instruments {
  const requests = metrics.counter(
    "mno_cache_requests_total",
    "Cache look-ups by level (l1, l2, loader) and result (hit, stale, shared, miss, busy, error, success)",
    ["level", "result"],
  );
  const seconds = metrics.histogram(
    "mno_cache_level_seconds",
    "Seconds that a level of the cache (l1, l2, loader) took to answer",
    ["level"],
    BUCKETS,
  );
  const unsent = metrics.gauge(
    "mno_cache_unsent_invalidations",
    "Invalidations that wait for the L2 cache to come back",
  );
  const timers = { l1: seconds.labels("l1"), l2: seconds.labels("l2"), loader: seconds.labels("loader") };
  return {
    count: (level, result) => requests.inc({ level, result }),
    observe: (level, value) => timers[level].observe(value),
    unsent: (keys) => unsent.set(keys),
  };
}
