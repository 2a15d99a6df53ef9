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
  scorer: (demand, capacity) => {
    const { nodes, table } = capacity;
    const onNode = capacity.replicasPerNode(demand);
    const inZone = new Map<string, number>();
    for (const [name, replicas] of onNode) {
      const zone = capacity.node(name)?.zone;
      if (zone !== undefined) inZone.set(zone, (inZone.get(zone) ?? 0) + replicas);
    }
    return {
      score: (node) => {
        const { name = "", zone = "" } = nodes[node] ?? {};
        let fullest = 0;
        for (let each = 0; each < table.resources.length; each++) {
          const all = (table.allocatable[each] as Float64Array)[node] as number;
          const used = all - ((table.free[each] as Float64Array)[node] as number);
          fullest = Math.max(fullest, used / Math.max(all, 1));
        }
        fullest = Math.min(fullest, 0.999_999);
        return -((inZone.get(zone) ?? 0) * ZONE_STEP + (onNode.get(name) ?? 0) + fullest);
      },
    };
  },
};
