import type { Metrics } from "../../kernel/telemetry/metrics";
import type { Backend } from "./backend";
import type { EndpointChange } from "./engine";
import type { Ending } from "./observer";

const CLASSES = ["none", "1xx", "2xx", "3xx", "4xx", "5xx"] as const;
const STATES = ["fit", "configuration", "cluster", "probe", "outlier"] as const;

/** The engine's metrics. Labels are bounded: upstreams that exist, and closed sets. */
export function createInstruments(metrics: Metrics) {
  const requests = metrics.counter(
    "mno_balancer_requests_total",
    "Requests by how they ended and the class of their status",
    ["upstream", "ending", "class"],
  );
  const seconds = metrics.histogram(
    "mno_balancer_request_seconds",
    "From a request's arrival to the last byte of its response",
    ["upstream"],
  );
  const extras = metrics.counter("mno_balancer_extra_tries_total", "Retries and hedges, sent or over budget", [
    "upstream",
    "kind",
    "outcome",
  ]);
  const waits = metrics.histogram("mno_balancer_wait_seconds", "Time that requests waited for an endpoint", [
    "upstream",
  ]);
  const changes = metrics.counter(
    "mno_balancer_endpoint_changes_total",
    "Endpoints ejected, restored, found sick or well",
    ["upstream", "change"],
  );
  const inFlight = metrics.gauge("mno_balancer_in_flight_requests", "Requests under way", ["upstream"]);
  const waiting = metrics.gauge("mno_balancer_waiting_requests", "Requests that wait for an endpoint", ["upstream"]);
  const endpoints = metrics.gauge("mno_balancer_endpoints", "Endpoints by what keeps them from requests", [
    "upstream",
    "state",
  ]);
  const perUpstream = [requests, seconds, extras, waits, changes, inFlight, waiting, endpoints];
  /** Upstreams that may have series. */
  const shown = new Set<string>();

  /** Removes the series of an upstream that is gone. */
  const forget = async (upstream: string): Promise<void> => {
    shown.delete(upstream);
    for (const metric of perUpstream) {
      for (const { labels } of (await metric.get()).values) {
        if (labels.upstream === upstream) {
          const { le: _bucket, ...own } = labels as Record<string, string>;
          (metric.remove as (labels: Record<string, string>) => void).call(metric, own);
        }
      }
    }
  };

  return {
    request: (upstream: string, ending: Ending, status: number, milliseconds: number): void => {
      shown.add(upstream);
      requests.inc({ upstream, ending, class: CLASSES[Math.floor(status / 100)] ?? "none" });
      seconds.observe({ upstream }, milliseconds / 1000);
    },
    extra: (upstream: string, kind: string, outcome: string): void => {
      shown.add(upstream);
      extras.inc({ upstream, kind, outcome });
    },
    waited: (upstream: string, milliseconds: number): void => {
      shown.add(upstream);
      waits.observe({ upstream }, milliseconds / 1000);
    },
    changed(upstream: string, change: EndpointChange): void {
      shown.add(upstream);
      changes.inc({ upstream, change: change.type === "health" ? (change.healthy ? "well" : "sick") : change.type });
    },
    /** Sets the gauges. Of upstreams that are gone all series go: requests that were under way then had made some anew. */
    async measure(backends: readonly Backend[]): Promise<void> {
      for (const { name, upstream, waiting: queue } of backends) {
        shown.add(name);
        inFlight.set({ upstream: name }, upstream.inFlight);
        waiting.set({ upstream: name }, queue.size);
        const counts = new Map<string, number>(STATES.map((state) => [state, 0]));
        for (const member of upstream.members.values()) {
          const state = upstream.unfit(member)?.by ?? "fit";
          counts.set(state, (counts.get(state) ?? 0) + 1);
        }
        for (const [state, count] of counts) endpoints.set({ upstream: name, state }, count);
      }
      const present = new Set(backends.map(({ name }) => name));
      for (const name of shown) if (!present.has(name)) await forget(name);
    },
    forget,
  };
}
