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

/** A workload's presence on a node in a stretch of time. */
export interface Claim {
  workload: string;
  tenant: string | null;
  /** CPU time used by all its replicas on the node. */
  cpuSeconds: number;
  /** CPU requested by all its replicas on the node. */
  requestedCores: number;
}

/** What a node used in a stretch of time. */
export interface NodeUse {
  /** At the meter, in 1e-9 kWh. */
  energy: bigint;
  /** Of it, what the node would have used with nothing to do. */
  idle: bigint;
  /** Share of the making of the hardware, in 1e-6 g. */
  embodied: bigint;
  gramsPerKwh: number;
  /** CPU time of the whole node, workloads' and system's. Less than the workloads' sum counts as their sum. */
  cpuSeconds: number;
  cores: number;
}

/** Energy in 1e-9 kWh, carbon in 1e-6 g. */
export interface Part {
  kind: "workload" | "system" | "idle";
  workload: string | null;
  tenant: string | null;
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
export function attribute(node: NodeUse, claims: readonly Claim[], rule: IdleRule): Part[] {
  const claimed = claims.reduce((sum, claim) => sum + claim.cpuSeconds, 0);
  const system = Math.max(0, node.cpuSeconds - claimed);
  const parties: Pick<Part, "kind" | "workload" | "tenant">[] = [
    ...claims.map(({ workload, tenant }) => ({ kind: "workload" as const, workload, tenant })),
    { kind: "system", workload: null, tenant: null },
    { kind: "idle", workload: null, tenant: null },
  ];
  const idle = node.idle < node.energy ? node.idle : node.energy;
  const cpuTime = [...claims.map((claim) => claim.cpuSeconds), system];
  const idleWeights = weightsOfIdle(rule, claims, cpuTime, node.cores);
  const idleParts = apportion(idle, idleWeights);
  const embodiedParts = apportion(node.embodied, idleWeights);
  // Where no CPU time was seen at all, what was used beyond idle is the system's: nobody else's is known.
  const used = cpuTime.some((seconds) => seconds > 0)
    ? cpuTime
    : cpuTime.map((_, index) => Number(index === claims.length));
  const activeParts = apportion(node.energy - idle, [...used, 0]);
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
