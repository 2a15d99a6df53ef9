import { PORTS } from "../runtime/exports";

/** The port that the global load balancer takes requests at, beside the engines' API. */
export const BALANCER_PORT = { name: "balancer", port: PORTS.balancer };

/** The demo service behind the balancer: whatever replicas it has at the moment. */
export function balanced(demo: boolean): Record<string, string> {
  return demo ? { MNO_GLB_UPSTREAMS: JSON.stringify([{ name: "demo", workloads: [{ name: "demo" }], wake: {} }]) } : {};
}

/** Makes the global load balancer listen, at `listen` (host:port). */
export function balancing(listen: string, demo: boolean): Record<string, string> {
  return { MNO_GLB_LISTEN: listen, ...balanced(demo) };
}
