import { MnoError } from "../../../exports";
import type { GatewayRequest, LimitState, Principal, RateLimiter } from "../contracts";
import type { Count, Counter, Counters, Quota } from "./counters";
import { countedAddress } from "./keys";

/** A quota of requests to a path and everything below it. */
export interface RouteQuota extends Quota {
  readonly method?: string;
  readonly path: string;
}

export interface RequestQuotas {
  readonly principal: Omit<Quota, "name">;
  readonly address: Omit<Quota, "name">;
  readonly routes: readonly RouteQuota[];
}

/** Counts requests by who sends them: users and workloads by their id, nobody in particular by the address. */
export class RequestLimiter implements RateLimiter {
  private readonly principal: [Quota, Counter];
  private readonly address: [Quota, Counter];
  private readonly routes: readonly [RouteQuota, Counter][];

  constructor(
    { principal, address, routes }: RequestQuotas,
    counters: Counters,
    private readonly refused: (quota: string) => void,
  ) {
    const open = (quota: Quota): [Quota, Counter] => [quota, counters.counter(quota)];
    this.principal = open({ ...principal, name: "principal" });
    this.address = open({ ...address, name: "address" });
    this.routes = routes.map((quota) => [quota, counters.counter({ ...quota, name: `route-${quota.name}` })]);
  }

  /** Errors: MNO_RATE_LIMITED with `retryAfterSeconds`. A counter that fails fails the request: nobody gets around a limit so. */
  async take(principal: Principal, request: GatewayRequest): Promise<readonly LimitState[]> {
    const anonymous = principal.type === "Anonymous";
    const who = anonymous ? countedAddress(request.address) : JSON.stringify([principal.type, principal.id]);
    const asked = [
      anonymous ? this.address : this.principal,
      ...this.routes.filter(([quota]) => applies(quota, request)),
    ];
    const counts = await Promise.all(asked.map(async ([quota, counter]) => [quota, await counter.take(who)] as const));
    const states = counts.map(([quota, count]) => stateOf(quota, count));
    const over = counts.filter(([, count]) => count.over);
    if (over.length === 0) return states;
    for (const [quota] of over) this.refused(quota.name);
    throw rateLimited(Math.max(...over.map(([, { resetSeconds }]) => resetSeconds)), states);
  }
}

export function rateLimited(
  retryAfterSeconds: number,
  limits: readonly LimitState[],
  why = "Too many requests",
): MnoError {
  return new MnoError("MNO_RATE_LIMITED", `${why}: try again in ${retryAfterSeconds} s`, {
    extensions: { retryAfterSeconds, limits },
  });
}

function applies({ method, path }: RouteQuota, request: GatewayRequest): boolean {
  if (method !== undefined && method !== request.method) return false;
  return request.path === path || request.path.startsWith(path.endsWith("/") ? path : `${path}/`);
}

function stateOf({ name, requests, seconds }: Quota, { remaining, resetSeconds }: Count): LimitState {
  return { name, quota: requests, windowSeconds: seconds, remaining, resetSeconds };
}
