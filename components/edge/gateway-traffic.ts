import * as k8s from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";
import { MeshKind } from "../mesh/kinds";
import { metadata, type StringMap } from "../metadata";
import { defaultDeny } from "../workload/kubernetes/network-policy";

export interface GatewayTrafficArgs {
  namespace: pulumi.Input<string>;
  labels: StringMap | undefined;
  ports: readonly { port: number }[];
  /** Whether the class is Istio's, whose proxies are in the mesh. */
  istio: boolean;
}

/** Lets anybody reach the listeners, which is what a gateway is for, in a namespace and a mesh that deny by default. */
export function gatewayTraffic(
  name: string,
  { namespace, labels, ports, istio }: GatewayTrafficArgs,
  opts: pulumi.ResourceOptions,
): void {
  const own = metadata(name, { namespace, labels });
  // Istio's gateway is an Envoy as in a sidecar: certificates and configuration from istiod.
  const closed = defaultDeny(
    { "gateway.networking.k8s.io/gateway-name": name },
    istio ? MeshKind.IstioSidecar : MeshKind.None,
  );
  new k8s.networking.v1.NetworkPolicy(
    `${name}-traffic`,
    {
      metadata: own,
      spec: { ...closed, ingress: [{ ports: ports.map(({ port }) => ({ protocol: "TCP", port })) }] },
    },
    opts,
  );
  if (!istio) return;
  new k8s.apiextensions.CustomResource(
    `${name}-clients`,
    {
      apiVersion: "security.istio.io/v1",
      kind: "AuthorizationPolicy",
      metadata: own,
      spec: {
        targetRefs: [{ group: "gateway.networking.k8s.io", kind: "Gateway", name }],
        action: "ALLOW",
        rules: [{ to: [{ operation: { ports: ports.map(({ port }) => String(port)) } }] }],
      },
    },
    opts,
  );
}
