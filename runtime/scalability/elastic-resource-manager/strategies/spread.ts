import { RESOURCES } from "../quantities";
import type { Strategy } from "./strategy";

/** Larger than any count of one group's replicas on a node, so that zones are compared before nodes. */
const ZONE_STEP = 1_000_000;

/**
 * Fewest replicas of the workload (or of the tenant, where no workload is named) per zone, then per node, then the least
 * allocated node: a lost node or zone takes as few of them as it can. Score: -(replicas in the zone * 1,000,000 + replicas
 * on the node + the node's largest used fraction, below 1).
 */
export const spread: Strategy = {
  name: "spread",
  scorer(demand, capacity) {
    const onNode = capacity.replicasPerNode(demand);
    const inZone = new Map<string, number>();
    for (const [name, replicas] of onNode) {
      const zone = capacity.node(name)?.zone;
      if (zone !== undefined) inZone.set(zone, (inZone.get(zone) ?? 0) + replicas);
    }
    return (node) => {
      const used = capacity.usedOn(node.name);
      const fractions = RESOURCES.map((resource) => used[resource] / Math.max(node.allocatable[resource], 1));
      const fullest = Math.min(Math.max(...fractions), 0.999_999);
      return -((inZone.get(node.zone) ?? 0) * ZONE_STEP + (onNode.get(node.name) ?? 0) + fullest);
    };
  },
};
