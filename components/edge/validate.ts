import type { FieldFault } from "../../runtime/exports";
import { faultsOf } from "../arguments";
import { isDuration } from "../mesh/duration";
import type { GatewayArgs, GatewayRouteArgs } from "./types";

const HOSTNAME = /^(\*\.)?([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;
const LABEL = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;
const PATH = /^\/([A-Za-z0-9\-._~!$&'()*+,;=:@%]+\/?)*$/;

/** Faults of the arguments; each message says what would be right. */
export function validateGateway(args: GatewayArgs): FieldFault[] {
  const { hostnames, className = "istio", tls, plaintextBecause, exposedBecause, routes } = args;
  const names = routes.map(({ name }) => name);
  return [
    ...faultsOf([
      [
        hostnames.length === 0,
        "hostnames",
        "must name at least one; a Gateway for any name answers for names that are not yours",
      ],
      [hostnames.length > 63, "hostnames", "are more than 63, with HTTP the bound of one Gateway's listeners"],
      ...hostnames.map(
        (host, index) =>
          [
            !HOSTNAME.test(host),
            `hostnames[${String(index)}]`,
            `is "${host}"; it must be a DNS name such as api.example.com`,
          ] as const,
      ),
      [new Set(hostnames).size !== hostnames.length, "hostnames", "name one twice"],
      [!tls && plaintextBecause === undefined, "tls", "is required; give plaintextBecause to answer without it"],
      [tls !== undefined && plaintextBecause !== undefined, "plaintextBecause", "contradicts tls: give one of the two"],
      [plaintextBecause?.trim() === "", "plaintextBecause", "must say why"],
      [exposedBecause?.trim() === "", "exposedBecause", "must say why"],
      [
        exposedBecause !== undefined && className !== "istio",
        "exposedBecause",
        "is Istio's; another class decides on its Service by its own means",
      ],
      [
        tls !== undefined && (tls.secretName === undefined) === (tls.issuer === undefined),
        "tls",
        "takes exactly one of secretName and issuer",
      ],
      [
        !["Issuer", "ClusterIssuer"].includes(tls?.issuerKind ?? "Issuer"),
        "tls.issuerKind",
        "must be Issuer or ClusterIssuer",
      ],
      [routes.length === 0, "routes", "must have at least one"],
      [new Set(names).size !== names.length, "routes", "have a name twice"],
    ]),
    ...routes.flatMap((route, index) => routeFaults(route, `routes[${String(index)}]`, hostnames)),
  ];
}

function routeFaults(route: GatewayRouteArgs, at: string, hostnames: readonly string[]): FieldFault[] {
  const foreign = (route.hostnames ?? []).filter((host) => !hostnames.includes(host));
  return faultsOf([
    [!LABEL.test(route.name), `${at}.name`, "must be a DNS label: lower-case letters, digits and hyphens"],
    [route.hostnames?.length === 0, `${at}.hostnames`, "must name at least one, or be left out"],
    [foreign.length > 0, `${at}.hostnames`, `name ${foreign.join(", ")}, which the Gateway does not answer for`],
    [!PATH.test(route.pathPrefix ?? "/"), `${at}.pathPrefix`, "must begin with a slash and have no empty segment"],
    [!LABEL.test(route.service), `${at}.service`, "must be the name of a Service"],
    [
      !(Number.isInteger(route.port) && route.port >= 1 && route.port <= 65535),
      `${at}.port`,
      "must be a whole number from 1 to 65535",
    ],
    [
      !isDuration(route.timeoutSeconds),
      `${at}.timeoutSeconds`,
      "must be seconds above 0: whole ones, or milliseconds below 100 s",
    ],
  ]);
}
