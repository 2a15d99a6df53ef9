import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { metadata } from "../metadata";
import { type Connectable, Connections } from "../workload/kubernetes/connections";
import { defaultDeny } from "../workload/kubernetes/network-policy";
import { MeshKind } from "./kinds";

/** Ambient's tunnel, by which a waypoint is reached and reaches on. */
const HBONE = 15008;

export interface WaypointArgs {
  /** Namespace whose Services may use it. */
  namespace: pulumi.Input<string>;
  /** Labels of every object. */
  labels?: pulumi.Input<{ [name: string]: pulumi.Input<string> }>;
}

/**
 * An Envoy for the Services of one namespace in Istio's ambient mode, where HTTP is understood: what ServicePolicy,
 * TrafficSplit and EgressHost need there. A Service uses it by the label `istio.io/use-waypoint: <name>`.
 */
export class Waypoint extends pulumi.ComponentResource implements Connectable {
  /** Name of the Gateway, which is also its service account's: what a Service's label and a workload's `waypoint` take. */
  readonly waypointName: pulumi.Output<string>;

  constructor(name: string, args: WaypointArgs, opts?: pulumi.ComponentResourceOptions) {
    super("machine-native-ops:index:Waypoint", name, args, opts);
    const { namespace, labels } = args;
    new k8s.apiextensions.CustomResource(
      `${name}-gateway`,
      {
        apiVersion: "gateway.networking.k8s.io/v1",
        kind: "Gateway",
        metadata: metadata(name, { namespace, labels, also: { "istio.io/waypoint-for": "service" } }),
        spec: {
          gatewayClassName: "istio-waypoint",
          listeners: [
            { name: "mesh", port: HBONE, protocol: "HBONE", allowedRoutes: { namespaces: { from: "Same" } } },
          ],
        },
      },
      { parent: this },
    );
    // It runs as an Envoy does in a sidecar: certificates and configuration from istiod, names from DNS.
    const podLabels = { "gateway.networking.k8s.io/gateway-name": name };
    const closed = defaultDeny(podLabels, MeshKind.IstioSidecar);
    const tunnel = [{ protocol: "TCP", port: HBONE }];
    new k8s.networking.v1.NetworkPolicy(
      `${name}-traffic`,
      {
        metadata: metadata(name, { namespace, labels }),
        spec: {
          ...closed,
          ingress: [{ from: [{ namespaceSelector: {} }], ports: tunnel }],
          egress: pulumi
            .output(closed.egress)
            .apply((rules) => [...(rules ?? []), { to: [{ podSelector: {} }], ports: tunnel }]),
        },
      },
      { parent: this },
    );
    const ports = [{ name: "mesh", port: HBONE }];
    const identity = { serviceAccountName: name, mesh: MeshKind.IstioAmbient };
    const peer = { name, namespace, podLabels, ports, parent: this, ...identity, ...(labels && { labels }) };
    Connections.bind(this, new Connections(peer));
    this.waypointName = pulumi.output(name);
    this.registerOutputs({ waypointName: this.waypointName });
  }

  /** Whom the waypoint itself may call, beside the Services that it serves: who decides on their requests. */
  get connections(): Connections {
    return Connections.of(this);
  }
}
