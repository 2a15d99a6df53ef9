/**
 * Names and ports that the outside may rely on. Stacks, components and policies import this folder and nothing else
 * of the runtime, so that changing an engine never changes what is deployed around it.
 */

/** The live engines that exist in this release, by fabric. The name is the agent's name, its URL prefix and its `--target`. */
export const ENGINES = {
  "elastic-resource-manager": { fabric: "scalability" },
  "auto-scaling-engine": { fabric: "scalability" },
  "global-load-balancer": { fabric: "scalability" },
  "resource-pool-manager": { fabric: "scalability" },
  "performance-optimizer": { fabric: "scalability" },
  "carbon-monitor": { fabric: "sustainability" },
  "green-scheduler": { fabric: "sustainability" },
  "energy-optimizer": { fabric: "sustainability" },
  "sustainability-reporter": { fabric: "sustainability" },
  "quantum-cryptography": { fabric: "security" },
  "threat-detection": { fabric: "security" },
  "behavioral-authentication": { fabric: "security" },
  "zero-trust-gateway": { fabric: "security" },
  "security-intelligence": { fabric: "security" },
} as const;

export type EngineName = keyof typeof ENGINES;

export const ENGINE_NAMES = Object.keys(ENGINES) as EngineName[];

export type FabricName = (typeof ENGINES)[EngineName]["fabric"];

/** The engines of one fabric. */
export type EngineOf<F extends FabricName> = {
  [E in EngineName]: (typeof ENGINES)[E]["fabric"] extends F ? E : never;
}[EngineName];

export function enginesOf<F extends FabricName>(fabric: F): EngineOf<F>[] {
  return ENGINE_NAMES.filter((engine): engine is EngineOf<F> => ENGINES[engine].fabric === fabric);
}

/** What `--target` takes: one engine, all of them in one process, or the node supervisor of the local cluster. */
export const TARGETS = ["all", ...ENGINE_NAMES, "supervisor"] as const;
export type Target = (typeof TARGETS)[number];

/** Default TCP ports on loopback. `gateway` is where the zero-trust gateway answers for the services behind it. */
export const PORTS = {
  api: 4600,
  gateway: 4680,
  /** The demo service itself. */
  demo: 4670,
  /** The global load balancer's data plane. */
  balancer: 4690,
  /** The gateway's policy decision point, OpenID AuthZEN. */
  decisions: 4681,
  /** Envoy's ext_authz over HTTP. */
  extAuthz: 4682,
  /** Envoy's ext_authz over gRPC. */
  extAuthzGrpc: 4683,
} as const;
