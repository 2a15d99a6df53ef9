/** What a mesh needs of the network beneath it: its own ports, its control plane, its probes. */
import type * as k8s from "@pulumi/kubernetes";
import { MeshKind } from "../../mesh/kinds";

type Ingress = k8s.types.input.networking.v1.NetworkPolicyIngressRule;
type Egress = k8s.types.input.networking.v1.NetworkPolicyEgressRule;

/** Istio's HTTP-based overlay (HBONE), which carries every connection of a pod in ambient mode. */
const HBONE = 15008;
/** Where Linkerd's inbound proxy takes connections that the outbound proxy upgraded or found opaque. */
const LINKERD_INBOUND = 4143;

/** Ports beside the application's own by which a connection between the two may come. */
export function meshPorts(from: MeshKind, to: MeshKind): number[] {
  if (from === MeshKind.Linkerd && to === MeshKind.Linkerd) return [LINKERD_INBOUND];
  const istio: MeshKind[] = [MeshKind.IstioAmbient, MeshKind.IstioSidecar];
  const ambient = from === MeshKind.IstioAmbient || to === MeshKind.IstioAmbient;
  return ambient && istio.includes(from) && istio.includes(to) ? [HBONE] : [];
}

/** What every pod in the mesh needs, whoever it talks to. */
export function meshRules(mesh: MeshKind): { ingress: Ingress[]; egress: Egress[] } {
  switch (mesh) {
    case MeshKind.None:
      return { ingress: [], egress: [] };
    case MeshKind.IstioAmbient:
      // In ambient mode the kubelet's probes arrive from these addresses (istio.io: "Ambient and Kubernetes NetworkPolicy").
      return {
        ingress: [
          {
            from: [
              { ipBlock: { cidr: "169.254.7.127/32" } },
              { ipBlock: { cidr: "fd16:9254:7127:1337:ffff:ffff:ffff:ffff/128" } },
            ],
          },
        ],
        egress: [],
      };
    case MeshKind.IstioSidecar:
      // Certificates and configuration from istiod.
      return { ingress: [], egress: [controlPlane("istio-system", [15012])] };
    case MeshKind.Linkerd:
      // Identity, destinations, policy.
      return { ingress: [], egress: [controlPlane("linkerd", [8080, 8086, 8090])] };
  }
}

/** What makes a pod part of the mesh, whatever its namespace says. */
export function meshMembership(mesh: MeshKind): {
  labels: Record<string, string>;
  annotations: Record<string, string>;
} {
  switch (mesh) {
    case MeshKind.None:
      return { labels: {}, annotations: {} };
    case MeshKind.IstioAmbient:
      return { labels: { "istio.io/dataplane-mode": "ambient" }, annotations: {} };
    case MeshKind.IstioSidecar:
      return { labels: { "sidecar.istio.io/inject": "true" }, annotations: {} };
    case MeshKind.Linkerd:
      return { labels: {}, annotations: { "linkerd.io/inject": "enabled" } };
  }
}

function controlPlane(namespace: string, ports: number[]): Egress {
  return {
    to: [{ namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": namespace } } }],
    ports: ports.map((port) => ({ protocol: "TCP", port })),
  };
}
