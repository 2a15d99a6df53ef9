import { type ProbedHealth, UNPROBED } from "./health";
import type { Endpoint } from "./policies/policy";
import type { EndpointSpec } from "./spec";

/** An endpoint as sources name it: written in the upstream, or a replica of a workload. */
export interface SourcedEndpoint extends EndpointSpec {
  /** Why its source says that it should get no requests; undefined where it may. */
  readonly unready?: string;
}

/** An endpoint with everything that the balancer knows of it. */
export class Member implements Endpoint {
  inFlight = 0;
  health: ProbedHealth = UNPROBED;
  /** Set when it was taken away: requests under way may finish until then. Milliseconds, monotonic. */
  leavingUntil: number | undefined;

  constructor(public spec: SourcedEndpoint) {}

  get id(): string {
    return this.spec.id;
  }

  get weight(): number {
    return this.spec.weight;
  }
}
