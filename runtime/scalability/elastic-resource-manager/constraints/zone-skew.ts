import type { ConstraintFactory } from "./constraint";
import { nodeSelector } from "./node-selector";
import { zone } from "./zone";

/**
 * Spread over zones as topologySpreadConstraints of Kubernetes with DoNotSchedule: with the replica a zone may have at most
 * maxSkew more of its workload (of its tenant, where it names none) than the zone that has fewest. Zones are those of the
 * nodes that the request's zone and labels allow, ready or not (nodeAffinityPolicy Honor, nodeTaintsPolicy Ignore).
 */
export const zoneSkew: ConstraintFactory = (demand, capacity) => {
  const maxSkew = demand.rules?.maxSkew;
  if (maxSkew === undefined) return undefined;
  const { nodes } = capacity;
  const filters = [zone(demand, capacity), nodeSelector(demand, capacity)].filter((filter) => filter !== undefined);
  const replicas = capacity.replicasPerNode(demand);
  const counts = new Map<string, number>();
  nodes.forEach((each, node) => {
    if (filters.some((filter) => filter.refuses(node) !== 0)) return;
    counts.set(each.zone, (counts.get(each.zone) ?? 0) + (replicas.get(each.name) ?? 0));
  });
  const fewest = Math.min(...counts.values());
  const skewAt = (node: number): number => (counts.get(nodes[node]?.zone ?? "") ?? 0) + 1 - fewest;
  return {
    refuses: (node) => (skewAt(node) <= maxSkew ? 0 : 1),
    faultOf: () => "skew",
    explain: (node) =>
      `zone ${nodes[node]?.zone} would have ${skewAt(node)} more replicas than the zone with fewest, at most ${maxSkew} may be`,
  };
};
