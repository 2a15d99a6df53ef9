import * as pulumi from "@pulumi/pulumi";
import { PORTS } from "../../runtime/exports";
import type { KubernetesAgentArgs } from "../workload/kubernetes/agent-types";
import type { SecretReferenceArgs } from "../workload/kubernetes/container-types";
import type { FilesArgs } from "../workload/kubernetes/volume-types";
import type { SecretKeyArgs } from "./fabric";
import { gatewayRoute, type ProtectedRouteArgs } from "./protected-routes";

/** What the zero-trust gateway protects, and by what. */
export interface ProtectionArgs {
  /** What the gateway lets through, where a policy permits it. Default: nothing; services in a mesh are decided on by ext_authz. */
  routes?: ProtectedRouteArgs[];
  /** Cedar policies by file name: `*.cedar`, `schema.cedarschema`, `entities.json`. Default: none, and everything is refused. */
  policies?: pulumi.Input<{ [file: string]: pulumi.Input<string> }>;
  /** Where the JSON of MNO_ZTG_ISSUERS is; it may hold clients' secrets. Default: no issuer is trusted. */
  issuers?: SecretKeyArgs;
}

/** What an agent has that runs the zero-trust gateway. */
export interface GatewayParts extends Required<Pick<KubernetesAgentArgs, "ports" | "files" | "secretConfiguration">> {
  configuration: Record<string, pulumi.Input<string>>;
  secretReferences: SecretReferenceArgs[];
}

const POLICIES_DIRECTORY = "/etc/machine-native-ops/policies";

/** `decisionToken`: what askers of decisions must carry. */
export function gatewayParts(
  { routes = [], policies, issuers }: ProtectionArgs,
  decisionToken: pulumi.Input<string>,
): GatewayParts {
  const files: FilesArgs[] =
    policies === undefined ? [] : [{ name: "policies", mountPath: POLICIES_DIRECTORY, contents: policies }];
  const anywhere = (port: number): string => `0.0.0.0:${String(port)}`;
  return {
    ports: [
      { name: "gateway", port: PORTS.gateway, appProtocol: "http" },
      { name: "decisions", port: PORTS.decisions, appProtocol: "http" },
      { name: "ext-authz", port: PORTS.extAuthz, appProtocol: "http" },
      { name: "ext-authz-grpc", port: PORTS.extAuthzGrpc, appProtocol: "grpc" },
    ],
    files,
    secretReferences: issuers ? [{ variable: "MNO_ZTG_ISSUERS", ...issuers }] : [],
    secretConfiguration: { MNO_ZTG_DECISION_TOKEN: decisionToken },
    configuration: {
      MNO_ZTG_LISTEN: anywhere(PORTS.gateway),
      MNO_ZTG_DECISION_LISTEN: anywhere(PORTS.decisions),
      MNO_ZTG_EXT_AUTHZ_LISTEN: anywhere(PORTS.extAuthz),
      MNO_ZTG_EXT_AUTHZ_GRPC_LISTEN: anywhere(PORTS.extAuthzGrpc),
      ...(policies !== undefined && { MNO_ZTG_POLICIES_DIR: POLICIES_DIRECTORY }),
      MNO_ZTG_ROUTES: pulumi
        .all(routes.map(({ upstreamUrl }) => upstreamUrl))
        .apply((urls) => JSON.stringify(routes.map((route, index) => gatewayRoute(route, urls[index] ?? "")))),
    },
  };
}
