import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from "prom-client";

/** Latency buckets in seconds, 5 ms to 10 s. */
const BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

export interface DemoMetrics {
  registry: Registry;
  /** Counts one answered request of the work itself; probes and scrapes are not counted. */
  answered(code: number, seconds: number): void;
}

/** `inFlight` is read at each scrape. */
export function createDemoMetrics(inFlight: () => number): DemoMetrics {
  const registry = new Registry();
  const registers = [registry];
  const requests = new Counter({
    name: "http_requests_total",
    help: "Requests answered, by HTTP status code (499: the client went away first)",
    labelNames: ["code"],
    registers,
  });
  const duration = new Histogram({
    name: "http_request_duration_seconds",
    help: "From arrival to answer, waiting for a slot included",
    buckets: BUCKETS,
    registers,
  });
  new Gauge({
    name: "demo_requests_in_flight",
    help: "Requests queued and in service",
    registers,
    collect() {
      this.set(inFlight());
    },
  });
  collectDefaultMetrics({ register: registry });
  return {
    registry,
    answered(code, seconds) {
      requests.inc({ code: String(code) });
      duration.observe(seconds);
    },
  };
}
