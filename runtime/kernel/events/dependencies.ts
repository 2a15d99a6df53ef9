import type { Logger } from "pino";
import type { Clock } from "../clock";
import type { Metrics } from "../telemetry/metrics";
import type { Tracer } from "../telemetry/traces";

/** What every bus needs from the kernel. */
export interface BusDependencies {
  clock: Clock;
  log: Logger;
  tracer: Tracer;
  metrics: Metrics;
}
