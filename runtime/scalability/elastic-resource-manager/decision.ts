import type { ResourceQuantities } from "../../exports";
import type { PlacementRules, StrategyName } from "./demand";
import type { Placement } from "./placement";
import type { Excess } from "./quotas";

/** Nodes that a decision lists; of a larger cluster the best ones, and counts of why the others were refused. */
const NODES_LISTED = 16;

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
    /** With the models of GPU it asked for, if any. */
    requests: ResourceQuantities;
    zone: string | null;
    /** Seconds; 0 is a lease without end. */
    leaseSeconds: number;
    /** Absent is 0. */
    priority?: number;
    preemptible?: boolean;
    preempt?: boolean;
    rules?: PlacementRules;
    /** RFC 3339, UTC. */
    reserve?: { from: string; until: string };
    reservationId?: string;
  };
  strategy: StrategyName;
  outcome: "allocated" | "refused";
  /** Allocated: as seen by the first replica. Refused: as seen by the first replica that fitted nowhere. */
  nodes: NodeVerdict[];
  /** Nodes looked at in all, and how many of them were refused for what: the constraints name their faults. */
  considered: number;
  refusals: Record<string, number>;
  /** Node of each replica, in order; empty when refused. */
  chosen: string[];
  /** GPUs of each replica, by their numbers on its node; absent where none were asked for. */
  devices?: number[][];
  /** Free over all ready nodes. */
  capacity: { before: ResourceQuantities; after: ResourceQuantities };
  /** What it would have exceeded of its tenant's quota; then nodes were not looked at. */
  overQuota?: Excess[];
  /** What was taken back to make room. */
  preempted?: Preempted[];
  /** The gang it was decided with, if any. */
  gang?: Gang;
  reasons: string[];
}

export interface Preempted {
  allocationId: string;
  tenant: string;
  workload: string | null;
  priority: number;
  nodes: string[];
  reason: string;
}

export interface Gang {
  id: string;
  /** In the order of the request; no nodes where the gang was refused. */
  members: { tenant: string; workload: string | null; replicas: number; nodes: string[] }[];
}

/** The part of a placement that a decision keeps: the best scores, then the refused in the order of their names. */
export function summarize(
  placement: Placement,
): Pick<Decision, "nodes" | "considered" | "refusals"> & { fitting: number } {
  const { table, scores, fitting } = placement;
  return {
    nodes: listed(placement).map((node) => ({
      node: table.supplies[node]?.name ?? "",
      score: placement.fits(node) ? Math.round((scores[node] as number) * 1e4) / 1e4 : null,
      reason: placement.reasonOf(node),
    })),
    considered: table.size,
    refusals: placement.counts(),
    fitting,
  };
}

/** Nodes of a small cluster in their order; of a large one the best, earlier ones first among equals. */
function listed(placement: Placement): number[] {
  const { size } = placement.table;
  if (size <= NODES_LISTED) return Array.from({ length: size }, (_, node) => node);
  const rank = (node: number): number => (placement.fits(node) ? (placement.scores[node] as number) : -Infinity);
  const best: number[] = [];
  for (let node = 0; node < size; node++) {
    const score = rank(node);
    if (best.length === NODES_LISTED) {
      if (score <= rank(best[NODES_LISTED - 1] as number)) continue;
      best.pop();
    }
    let place = best.length;
    while (place > 0 && score > rank(best[place - 1] as number)) place -= 1;
    best.splice(place, 0, node);
  }
  return best;
}
