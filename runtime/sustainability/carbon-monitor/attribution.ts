import { apportion, microgramsOf } from "../../kernel/energy/exact";

/**
 * How the energy that a node would have used idle is shared:
 * - `requests`: all of it, in proportion to what was requested of the node;
 * - `usage`: all of it, in proportion to CPU time, the system's included;
 * - `unallocated`: each pays for the share of the node that it requested; the rest stays with nobody, as `idle`.
 * Where nobody has a claim under the rule, it stays as `idle`.
 */
export const IDLE_RULES = ["requests", "usage", "unallocated"] as const;
export type IdleRule = (typeof IDLE_RULES)[number];

/**
 * Whose the energy of the node's own daemons is, and of all else that runs beside workloads:
 * - `own`: a part of its own, `system`;
 * - `shared`: the workloads', as idle energy is shared among them; where none has a claim under the rule, it stays a part.
 */
export const SYSTEM_RULES = ["own", "shared"] as const;
export type SystemRule = (typeof SYSTEM_RULES)[number];

/** A pod's presence on a node in a stretch of time. */
export interface Claim {
  /** As the cluster calls it: `namespace/name` where it is of another namespace than the cluster's own. */
  workload: string;
  tenant: string | null;
  /** Null on this machine, which has none. */
  namespace: string | null;
  /** Pod or, on this machine, replica. */
  pod: string;
  cpuSeconds: number;
  requestedCores: number;
}

/** What tells claims on one node apart. */
export const claimKey = ({ namespace, pod }: Pick<Claim, "namespace" | "pod">): string => `${namespace ?? ""}/${pod}`;

/** What a node used in a stretch of time. */
export interface NodeUse {
  /** At the meter, in 1e-9 kWh. */
  energy: bigint;
  /** Of it, what the node would have used with nothing to do. */
  idle: bigint;
  /** Share of the making of the hardware, in 1e-6 g. */
  embodied: bigint;
  gramsPerKwh: number;
  /** CPU time of the whole node, pods' and system's. Less than the pods' sum counts as their sum. */
  cpuSeconds: number;
  cores: number;
}

/** Energy in 1e-9 kWh, carbon in 1e-6 g. */
export interface Part {
  kind: "workload" | "system" | "idle";
  workload: string | null;
  tenant: string | null;
  namespace: string | null;
  pod: string | null;
  energy: bigint;
  idle: bigint;
  carbon: bigint;
  embodied: bigint;
}

/**
 * Whose the node's energy was. Energy beyond idle goes by CPU time, idle energy by the rule, and so does the making of the
 * hardware: unlike a residual (Kepler's), the idle share stays what it is however busy the node. The parts sum to the
 * node's energy, carbon and embodied carbon to the last digit, by largest remainder.
 */
export function attribute(
  node: NodeUse,
  claims: readonly Claim[],
  rule: IdleRule,
  systemRule: SystemRule = "own",
): Part[] {
  const claimed = claims.reduce((sum, claim) => sum + claim.cpuSeconds, 0);
  const system = Math.max(0, node.cpuSeconds - claimed);
  const nobody = { workload: null, tenant: null, namespace: null, pod: null };
  const parties: Omit<Part, "energy" | "idle" | "carbon" | "embodied">[] = [
    ...claims.map(({ workload, tenant, namespace, pod }) => ({
      kind: "workload" as const,
      workload,
      tenant,
      namespace,
      pod,
    })),
    { kind: "system", ...nobody },
    { kind: "idle", ...nobody },
  ];
  const idle = node.idle < node.energy ? node.idle : node.energy;
  const cpuTime = [...claims.map((claim) => claim.cpuSeconds), system];
  const shares = claims.map((claim) => (rule === "usage" ? claim.cpuSeconds : claim.requestedCores));
  const isShared = systemRule === "shared" && shares.some((share) => share > 0);
  const idleWeights = weightsOfIdle(rule, claims, isShared ? [...cpuTime.slice(0, -1), 0] : cpuTime, node.cores);
  const idleParts = apportion(idle, idleWeights);
  const embodiedParts = apportion(node.embodied, idleWeights);
  // Where no CPU time was seen at all, what was used beyond idle is the system's: nobody else's is known.
  const used = cpuTime.some((seconds) => seconds > 0)
    ? cpuTime
    : cpuTime.map((_, index) => Number(index === claims.length));
  const activeParts = apportion(node.energy - idle, [...used, 0]);
  if (isShared) {
    const ofSystem = apportion(activeParts[claims.length]!, shares);
    activeParts[claims.length] = 0n;
    for (const [index, part] of ofSystem.entries()) activeParts[index]! += part;
  }
  const energies = parties.map((_, index) => idleParts[index]! + activeParts[index]!);
  const carbons = apportion(microgramsOf(node.energy, node.gramsPerKwh), energies.map(Number));
  return parties
    .map((party, index) => ({
      ...party,
      energy: energies[index]!,
      idle: idleParts[index]!,
      carbon: carbons[index]!,
      embodied: embodiedParts[index]!,
    }))
    .filter((part) => part.kind === "workload" || part.energy > 0n || part.carbon > 0n || part.embodied > 0n);
}

/** One weight for each claim, then the system's, then of what stays with nobody. */
function weightsOfIdle(rule: IdleRule, claims: readonly Claim[], cpuTime: readonly number[], cores: number): number[] {
  const nobody = [...cpuTime.map(() => 0), 1];
  if (rule === "usage") return cpuTime.some((seconds) => seconds > 0) ? [...cpuTime, 0] : nobody;
  const requests = claims.map((claim) => claim.requestedCores);
  const requested = requests.reduce((sum, one) => sum + one, 0);
  if (requested === 0) return nobody;
  // More requested than the node has: nothing is left over, and all pay in proportion.
  return [...requests, 0, rule === "unallocated" ? Math.max(0, cores - requested) : 0];
}
