import { duration } from "../mesh/duration";
import { HTTP, HTTPS, listenerName } from "./listeners";
import type { GatewayArgs, GatewayRouteArgs } from "./types";

/** One route to one Service, attached to the listeners of its hostnames. */
export function routeSpec(gateway: string, { hostnames, tls }: GatewayArgs, route: GatewayRouteArgs): object {
  const own = route.hostnames ?? hostnames;
  const door = tls ? HTTPS.name : HTTP.name;
  const { service, serviceNamespace, port } = route;
  return {
    parentRefs: own.map((hostname) => parentRef(gateway, listenerName(door, hostname))),
    hostnames: own,
    rules: [
      {
        matches: [{ path: { type: "PathPrefix", value: route.pathPrefix ?? "/" } }],
        timeouts: { request: duration(route.timeoutSeconds ?? 15) },
        backendRefs: [{ name: service, port, ...(serviceNamespace && { namespace: serviceNamespace }) }],
      },
    ],
  };
}

/** Everything that comes without TLS is sent to where TLS is. */
export function redirectSpec(gateway: string): object {
  const requestRedirect = { scheme: "https", statusCode: 301 };
  return {
    parentRefs: [parentRef(gateway, HTTP.name)],
    rules: [{ filters: [{ type: "RequestRedirect", requestRedirect }] }],
  };
}

function parentRef(gateway: string, sectionName: string): object {
  return { group: "gateway.networking.k8s.io", kind: "Gateway", name: gateway, sectionName };
}
