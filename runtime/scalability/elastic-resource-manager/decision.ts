import type { ResourceQuantities } from "../../exports";
import type { NodeSupply } from "./capacity";
import type { Demand, StrategyName } from "./demand";
import { type Amount, quantitiesOf } from "./quantities";

/** Nodes that a decision lists; of a larger cluster the best ones, and counts of why the others were refused. */
const NODES_LISTED = 16;

/** Why a node was passed over. */
export type NodeFault = "not-ready" | "other-zone" | "cpu" | "memory" | "cpu-and-memory";

export interface NodeVerdict {
  node: string;
  /** Of the strategy, higher is better, rounded to 4 decimals; null where the replica may not go there. */
  score: number | null;
  /** Why it may not, with numbers; null where it may. */
  reason: string | null;
}

export interface Decision {
  id: string;
  /** RFC 3339, UTC. */
  time: string;
  request: {
    tenant: string;
    workload: string | null;
    replicas: number;
    requests: ResourceQuantities;
    zone: string | null;
    /** Seconds; 0 is a lease without end. */
    leaseSeconds: number;
  };
  strategy: StrategyName;
  outcome: "allocated" | "refused";
  /** Allocated: as seen by the first replica. Refused: as seen by the first replica that fitted nowhere. */
  nodes: NodeVerdict[];
  /** Nodes looked at in all, and how many of them were refused for what. */
  considered: number;
  refusals: Partial<Record<NodeFault, number>>;
  /** Node of each replica, in order; empty when refused. */
  chosen: string[];
  /** Free over all ready nodes. */
  capacity: { before: ResourceQuantities; after: ResourceQuantities };
  reasons: string[];
}

/** What one replica met on one node. */
export interface Verdict {
  node: NodeSupply;
  free: Amount;
  /** Undefined where the node was refused. */
  score?: number;
  fault?: NodeFault;
}

/** The part of the verdicts that a decision keeps: the best scores, then the refused in the order of their names. */
export function summarize(
  verdicts: readonly Verdict[],
  demand: Demand,
): Pick<Decision, "nodes" | "considered" | "refusals"> {
  const refusals: Decision["refusals"] = {};
  for (const { fault } of verdicts) if (fault) refusals[fault] = (refusals[fault] ?? 0) + 1;
  const listed =
    verdicts.length <= NODES_LISTED
      ? verdicts
      : [...verdicts]
          .sort((a, b) => (b.score ?? -Number.MAX_VALUE) - (a.score ?? -Number.MAX_VALUE))
          .slice(0, NODES_LISTED);
  return {
    nodes: listed.map((verdict) => ({
      node: verdict.node.name,
      score: verdict.score === undefined ? null : Math.round(verdict.score * 1e4) / 1e4,
      reason: verdict.fault ? explain(verdict, verdict.fault, demand) : null,
    })),
    considered: verdicts.length,
    refusals,
  };
}

function explain({ node, free }: Verdict, fault: NodeFault, demand: Demand): string {
  switch (fault) {
    case "not-ready":
      return "not ready";
    case "other-zone":
      return `in zone ${node.zone}, not ${demand.zone}`;
    case "cpu":
      return explainCpu(node, free, demand);
    case "memory":
      return explainMemory(node, free, demand);
    case "cpu-and-memory":
      return `${explainCpu(node, free, demand)}; ${explainMemory(node, free, demand)}`;
  }
}

function explainCpu(node: NodeSupply, free: Amount, { amount }: Demand): string {
  const cores = (quantity: Amount): number => quantitiesOf(quantity).cpuCores;
  return `needs ${cores(amount)} cores, ${Math.max(cores(free), 0)} free of ${cores(node.allocatable)}`;
}

function explainMemory(node: NodeSupply, free: Amount, { amount }: Demand): string {
  return `needs ${amount.memoryBytes} bytes, ${Math.max(free.memoryBytes, 0)} free of ${node.allocatable.memoryBytes}`;
}
