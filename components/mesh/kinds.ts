/** Which service mesh carries a workload's traffic. */
export const MeshKind = {
  /** None: traffic is plain, and network policies alone decide who reaches whom. */
  None: "none",
  /** Istio without sidecars: ztunnel on each node gives mutual TLS and identity. */
  IstioAmbient: "istio-ambient",
  /** Istio with an Envoy sidecar in each pod. */
  IstioSidecar: "istio-sidecar",
  /** Linkerd with its proxy in each pod. */
  Linkerd: "linkerd",
} as const;
export type MeshKind = (typeof MeshKind)[keyof typeof MeshKind];
