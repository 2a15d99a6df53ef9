import type * as pulumi from "@pulumi/pulumi";
import type { FieldFault } from "../../runtime/exports";
import { faultsOf } from "../arguments";
import { known } from "../workload/inputs";

/** What the gateway lets through to one service, where a policy permits it. */
export interface ProtectedRouteArgs {
  /** Lower-case name, unique among the routes; label of metrics and decisions. */
  name: string;
  /** Host names that clients ask for, or `*.suffix`. Default: any. */
  hosts?: string[];
  /** Path below which the route begins, decoded. Default `/`. */
  pathPrefix?: string;
  /** `http://` or `https://` with host and port of the service. */
  upstreamUrl: pulumi.Input<string>;
  /** true: HTTP/2 is spoken to the service. Default false. */
  http2?: boolean;
  /** Cedar type of what is asked for. Default `Resource`. */
  resourceType?: string;
  /** Cedar id of what is asked for, with {route}, {host}, {path}, and {1}, {2} … for the path's segments. Default `{path}`. */
  resourceId?: string;
  /** true: content is passed on unread, and neither validated nor inspected. Default false. */
  streams?: boolean;
  /** Bytes of content above which a request is refused. Default 1 MiB. */
  maximumContentBytes?: number;
}

/** The routes as the gateway's configuration has them (MNO_ZTG_ROUTES). */
export function gatewayRoute(route: ProtectedRouteArgs, url: string): Record<string, unknown> {
  const { name, hosts, pathPrefix, http2, resourceType, resourceId, streams, maximumContentBytes } = route;
  const resource = defined({ type: resourceType, id: resourceId });
  const content = defined({ mode: streams === true ? "stream" : undefined, maximumBytes: maximumContentBytes });
  return {
    name,
    upstream: { url, ...(http2 === true && { protocol: "http2" }) },
    ...defined({ hosts, pathPrefix }),
    ...(Object.keys(resource).length > 0 && { resource }),
    ...(Object.keys(content).length > 0 && { content }),
  };
}

/** Faults that are known before the gateway starts; each message says what would be right. */
export function validateRoutes(routes: readonly ProtectedRouteArgs[]): FieldFault[] {
  const names = routes.map(({ name }) => name);
  return faultsOf([
    [new Set(names).size !== names.length, "routes", "names two routes alike"],
    ...routes.flatMap(({ name, pathPrefix = "/", upstreamUrl, maximumContentBytes: bytes = 0 }, index) => {
      const at = `routes[${String(index)}]`;
      const url = known(upstreamUrl);
      return [
        [!/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/.test(name), `${at}.name`, `is "${name}"; it must be like orders-api`],
        [
          !/^\/[^?#%\\]*$/.test(pathPrefix),
          `${at}.pathPrefix`,
          `is "${pathPrefix}"; it must be a path such as /orders`,
        ],
        [
          url !== undefined && !/^https?:\/\/[^/?#@\s]+\/?$/.test(url),
          `${at}.upstreamUrl`,
          `is "${url ?? ""}"; it must be like http://orders.shop.svc:8080, without path or credentials`,
        ],
        [!Number.isInteger(bytes) || bytes < 0, `${at}.maximumContentBytes`, "must be a whole number of at least 0"],
      ] as const;
    }),
  ]);
}

function defined(values: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));
}
