import type { EndpointChange } from "./engine";

/** How a request ended, for the metrics. */
export type Ending = "answered" | "failed" | "refused" | "timeout" | "client-gone" | "broken";

/** What the data plane tells whoever measures it. All calls are cheap and none may throw. */
export interface Observer {
  /** A request is over; milliseconds from its arrival to the last byte of the response. `status` 0: none was sent. */
  request(upstream: string, ending: Ending, status: number, milliseconds: number): void;
  /** A further try was sent, or would have been if the budget allowed it. */
  extra(upstream: string, kind: "retry" | "hedge", outcome: "sent" | "over-budget"): void;
  /** Milliseconds that a request waited for an endpoint. */
  waited(upstream: string, milliseconds: number): void;
  change(upstream: string, change: EndpointChange): void;
  /** A fault of the balancer itself; the request was answered with 500. */
  fault(error: unknown): void;
}

export const SILENT: Observer = {
  request: () => undefined,
  extra: () => undefined,
  waited: () => undefined,
  change: () => undefined,
  fault: () => undefined,
};
