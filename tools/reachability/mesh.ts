import type { Namespace, Protocol } from "./model";
import type { Labels } from "./selectors";

/** An istio-gateway calls with an identity of Istio's; what calls it is judged by its listeners, and no mesh captures that. */
export type Mesh = "none" | "istio-ambient" | "istio-sidecar" | "istio-gateway" | "linkerd";

export const HBONE_PORT = 15008;
const LINKERD_INBOUND_PORT = 4143;

/** Which data plane captures the pods, by the labels and annotations that the vendors document. */
export function meshOf(namespace: Namespace, labels: Labels, annotations: Labels): Mesh {
  if (labels["gateway.istio.io/managed"] === "istio.io-gateway-controller") return "istio-gateway";
  if (hasIstioSidecar(namespace.labels, labels, annotations)) return "istio-sidecar";
  if ((labels["istio.io/dataplane-mode"] ?? namespace.labels["istio.io/dataplane-mode"]) === "ambient") {
    return "istio-ambient";
  }
  const inject = annotations["linkerd.io/inject"] ?? namespace.annotations["linkerd.io/inject"];
  return inject === "enabled" || inject === "ingress" ? "linkerd" : "none";
}

/** "disabled" on either side wins, then "enabled" on either side. */
function hasIstioSidecar(namespace: Labels, pod: Labels, annotations: Labels): boolean {
  const inject = pod["sidecar.istio.io/inject"] ?? annotations["sidecar.istio.io/inject"];
  if (inject === "false" || namespace["istio-injection"] === "disabled") return false;
  return (
    inject === "true" ||
    namespace["istio-injection"] === "enabled" ||
    namespace["istio.io/rev"] !== undefined ||
    pod["istio.io/rev"] !== undefined
  );
}

export function inIstio(mesh: Mesh): boolean {
  return mesh === "istio-ambient" || mesh === "istio-sidecar";
}

/** Whether the receiver's proxy learns who calls: both ends in one mesh. Meshes carry TCP only. */
export function sharesMesh(from: Mesh, to: Mesh, protocol: Protocol): boolean {
  if (protocol !== "TCP" || to === "none" || to === "istio-gateway") return false;
  return inIstio(to) ? inIstio(from) || from === "istio-gateway" : from === to;
}

/**
 * The port that the network, hence a NetworkPolicy, sees. Ambient tunnels every TCP connection in HBONE, also to and from
 * sidecars (the ambient profile turns HBONE on for them); Linkerd since 2.18 sends all meshed traffic to its inbound port.
 * https://istio.io/latest/docs/ambient/usage/networkpolicy https://linkerd.io/2/common-errors/network-policy
 */
export function wirePort(from: Mesh, to: Mesh, protocol: Protocol, port: number): number {
  if (!sharesMesh(from, to, protocol)) return port;
  if (to === "linkerd") return LINKERD_INBOUND_PORT;
  return from === "istio-ambient" || to === "istio-ambient" ? HBONE_PORT : port;
}
