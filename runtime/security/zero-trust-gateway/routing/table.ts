import type { EntityRef, GatewayRequest } from "../contracts";
import { DEFAULT_ACTIONS, type Route } from "./route";
import { fill, hostName } from "./template";

/** What a request is to the policies. */
export interface Asked {
  readonly route: Route;
  readonly action: EntityRef;
  readonly resource: EntityRef;
}

/** Routes by host and path: an exact host before a suffix, the longer suffix first, then the longer prefix. Immutable. */
export class RouteTable {
  private readonly ranked: readonly Ranked[];

  constructor(readonly routes: readonly Route[]) {
    this.ranked = routes
      .flatMap((route) =>
        route.hosts.length === 0 ? [rank(route, "*")] : route.hosts.map((host) => rank(route, host)),
      )
      .sort((a, b) => b.specificity - a.specificity || b.prefix.length - a.prefix.length);
  }

  /** The route that serves the request, whichever its method. */
  find({ authority, path }: Pick<GatewayRequest, "authority" | "path">): Route | undefined {
    const host = hostName(authority);
    return this.ranked.find((each) => hostFits(each, host) && pathFits(each.prefix, path))?.route;
  }
}

interface Ranked {
  readonly route: Route;
  readonly host: string;
  readonly prefix: string;
  readonly specificity: number;
}

function rank(route: Route, host: string): Ranked {
  const specificity = host === "*" ? 0 : host.startsWith("*.") ? host.length : 1000 + host.length;
  return { route, host, prefix: route.pathPrefix.replace(/\/$/, ""), specificity };
}

function hostFits({ host }: Ranked, name: string): boolean {
  if (host === "*") return true;
  return host.startsWith("*.") ? name.endsWith(host.slice(1)) && name.length > host.length - 1 : name === host;
}

function pathFits(prefix: string, path: string): boolean {
  return path === prefix || path.startsWith(`${prefix}/`);
}

/** Undefined where the route has no action for the method. */
export function askedOf(route: Route, request: GatewayRequest, upgrade: boolean): Asked | undefined {
  const method = upgrade ? "WEBSOCKET" : request.method;
  const own = Object.hasOwn(route.actions, method) ? route.actions[method] : undefined;
  const action = own ?? (Object.hasOwn(DEFAULT_ACTIONS, method) ? DEFAULT_ACTIONS[method] : undefined);
  if (action === undefined || action === "-") return undefined;
  const { type, id } = route.resource;
  return { route, action: { type: "Action", id: action }, resource: { type, id: fill(id, route, request) } };
}
