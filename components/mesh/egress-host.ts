import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import type { FieldFault } from "../../runtime/exports";
import { faultsOf, refuse } from "../arguments";
import { BECAUSE, metadata } from "../metadata";
import { MeshKind } from "./kinds";
import { LINKERD_EGRESS, LINKERD_NAMESPACE } from "./linkerd";

/** What is spoken with the host. */
export const EgressProtocol = {
  /** TLS, begun by the caller; the mesh sees the server's name only. */
  Tls: "tls",
  /** HTTP in the open. */
  Http: "http",
} as const;
export type EgressProtocol = (typeof EgressProtocol)[keyof typeof EgressProtocol];

export interface EgressHostArgs {
  /** The mesh. Default `istio-ambient`. */
  kind?: MeshKind;
  /** Namespace whose workloads may reach the hosts; no other may. */
  namespace: pulumi.Input<string>;
  /** DNS names; `*.example.com` for all below one. */
  hosts: string[];
  /** TCP port. Default 443. */
  port?: number;
  /** What is spoken. Default `tls`. */
  protocol?: EgressProtocol;
  /** Why the hosts are reached, for whoever reviews what leaves the cluster. */
  because: string;
  /** Name of the namespace's waypoint that the traffic goes through: on istio-ambient, what makes it seen and bounded. */
  waypoint?: string;
  /** Labels of every object. */
  labels?: pulumi.Input<{ [name: string]: pulumi.Input<string> }>;
}

/** Hosts outside the cluster that the workloads of one namespace may reach through a mesh that lets out nothing else. */
export class EgressHost extends pulumi.ComponentResource {
  /** The hosts. */
  readonly hosts: pulumi.Output<string[]>;

  constructor(name: string, args: EgressHostArgs, opts?: pulumi.ComponentResourceOptions) {
    super("machine-native-ops:index:EgressHost", name, args, opts);
    refuse("EgressHost", name, validateEgressHost(args));
    const { kind = MeshKind.IstioAmbient, namespace, because, waypoint } = args;
    const own = metadata(name, {
      namespace,
      labels: args.labels,
      ...(waypoint !== undefined && { also: { "istio.io/use-waypoint": waypoint } }),
      annotations: { [BECAUSE]: because },
    });
    new k8s.apiextensions.CustomResource(
      `${name}-hosts`,
      { ...(kind === MeshKind.Linkerd ? linkerdRoute(args) : serviceEntry(args)), metadata: own },
      { parent: this },
    );
    this.hosts = pulumi.output(args.hosts);
    this.registerOutputs({ hosts: this.hosts });
  }
}

const HOST = /^(\*\.)?([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]([a-z0-9-]{0,61}[a-z0-9])?$/;

/** Faults of the arguments; each message says what would be right. */
export function validateEgressHost(args: EgressHostArgs): FieldFault[] {
  const { kind = MeshKind.IstioAmbient, hosts, port = 443, because, waypoint } = args;
  return faultsOf([
    [kind === MeshKind.None, "kind", "is none: without a mesh use connections.allowToAddresses of the workload"],
    [hosts.length === 0, "hosts", "must name at least one host"],
    ...hosts.map(
      (host, index) =>
        [
          !HOST.test(host),
          `hosts[${String(index)}]`,
          `is "${host}"; it must be a DNS name such as api.example.com`,
        ] as const,
    ),
    [new Set(hosts).size !== hosts.length, "hosts", "names a host twice"],
    [!(Number.isInteger(port) && port >= 1 && port <= 65535), "port", "must be a whole number from 1 to 65535"],
    [because.trim() === "", "because", "must say why the hosts are reached"],
    [waypoint !== undefined && kind !== MeshKind.IstioAmbient, "waypoint", "is of istio-ambient only"],
  ]);
}

function serviceEntry({ hosts, port = 443, protocol = EgressProtocol.Tls }: EgressHostArgs) {
  return {
    apiVersion: "networking.istio.io/v1",
    kind: "ServiceEntry",
    spec: {
      hosts,
      location: "MESH_EXTERNAL",
      // A wildcard has no address of its own: each call goes where its caller resolved it to.
      resolution: hosts.some((host) => host.startsWith("*.")) ? "NONE" : "DNS",
      ports: [{ name: protocol, number: port, protocol: protocol.toUpperCase() }],
      exportTo: ["."],
    },
  };
}

function linkerdRoute({ hosts, port = 443, protocol = EgressProtocol.Tls }: EgressHostArgs) {
  const network = {
    group: "policy.linkerd.io",
    kind: "EgressNetwork",
    name: LINKERD_EGRESS,
    namespace: LINKERD_NAMESPACE,
    port,
  };
  return {
    apiVersion: "gateway.networking.k8s.io/v1",
    kind: protocol === EgressProtocol.Tls ? "TLSRoute" : "HTTPRoute",
    spec: { parentRefs: [network], hostnames: hosts, rules: [{ backendRefs: [network] }] },
  };
}
