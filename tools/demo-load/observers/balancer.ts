import type { Static } from "@sinclair/typebox";
import { parseExposition } from "../../../runtime/scalability/auto-scaling-engine/prometheus-text";
import type { DecisionAnswer, EndpointAnswer } from "../../../runtime/scalability/global-load-balancer/schemas";
import { type Newest, type Observer } from "./observer";

export interface Endpoint {
  id: string;
  /** Part of the upstream's traffic, 0 to 1. */
  share: number;
  inFlight: number;
  state: EndpointAnswer["state"];
  /** Why it gets no requests. */
  reason?: string;
}

export interface Balancer {
  endpoints: readonly Endpoint[];
  /** Counters of the balancer since it started, by what they count: requests, retries, hedges, ejections … */
  counters: ReadonlyMap<string, number>;
}

const PREFIX = "/global-load-balancer/v1";

/** Where the requests of `upstream` go. Picks are too many to list, so the counts come from the metrics. */
export function balancer(upstream: string): Observer<Balancer> {
  return {
    engine: "global-load-balancer",
    async look(api) {
      const query = `upstream=${encodeURIComponent(upstream)}`;
      const [endpoints, decisions, metrics] = await Promise.all([
        api.get(`${PREFIX}/endpoints?${query}`),
        api.get(`${PREFIX}/decisions?${query}&limit=1`),
        api.text("GET", "/metrics"),
      ]);
      const newest = (decisions as { items: Static<typeof DecisionAnswer>[] }).items[0];
      return {
        state: {
          endpoints: (endpoints as { items: EndpointAnswer[] }).items.map(endpointFrom),
          counters: countersFrom(metrics, upstream),
        },
        ...(newest && { newest: newestFrom(newest) }),
        decided: [],
      };
    },
  };
}

function endpointFrom({ id, share, inFlight, state, reason }: EndpointAnswer): Endpoint {
  return { id, share, inFlight, state, ...(reason !== null && { reason }) };
}

function newestFrom({ time, kind, endpoint, policy, reason }: Static<typeof DecisionAnswer>): Newest {
  const what = kind === "first" ? "" : `${kind} `;
  return { at: time, text: `${what}to ${endpoint}${policy === null ? "" : ` by ${policy}`}: ${reason}` };
}

function countersFrom(metrics: string, upstream: string): Map<string, number> {
  const own = metrics.split("\n").filter((line) => /^mno_balancer_\w+_total\{/.test(line));
  const counters = new Map<string, number>();
  for (const { name, labels, value } of parseExposition(own.join("\n")).samples) {
    if (labels.get("upstream") !== upstream) continue;
    const what = whatIsCounted(name, labels);
    if (what !== undefined) counters.set(what, (counters.get(what) ?? 0) + value);
  }
  return counters;
}

function whatIsCounted(name: string, labels: ReadonlyMap<string, string>): string | undefined {
  if (name === "mno_balancer_requests_total") return "requests";
  if (name === "mno_balancer_extra_tries_total") return `${labels.get("kind") ?? "?"} ${labels.get("outcome") ?? "?"}`;
  if (name === "mno_balancer_endpoint_changes_total") return `endpoint ${labels.get("change") ?? "?"}`;
  return undefined;
}
