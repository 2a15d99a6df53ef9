import type { Allocation } from "./allocation";
import type { Demand } from "./demand";
import type { Placed } from "./placement";

/** Reasons of decisions, in words with numbers. */

export function whyChosen(
  demand: Demand,
  placed: readonly Placed[],
  { fitting, considered }: { fitting: number; considered: number },
): string[] {
  const used = new Set(placed.map(({ node }) => node)).size;
  return [
    `${fitting} of ${considered} nodes fit`,
    demand.replicas === 1
      ? `${demand.strategy} scores ${placed[0]?.node} highest`
      : `${demand.strategy} puts ${demand.replicas} replicas on ${used} ${used === 1 ? "node" : "nodes"}`,
  ];
}

export function whyRefused(demand: Demand, placed: number, considered: number): string[] {
  if (considered === 0) return ["the cluster has no nodes"];
  return [
    `replica ${placed + 1} of ${demand.replicas} fits on none of ${considered} nodes`,
    ...(placed > 0 ? [`the other ${placed} would have fitted; replicas are placed all or none`] : []),
  ];
}

export function whyPreempted(victims: readonly Allocation[], { priority = 0 }: Demand): string {
  const highest = Math.max(...victims.map((victim) => victim.priority ?? 0));
  const what = victims.length === 1 ? "1 allocation" : `${victims.length} allocations`;
  return `${what} of priority ${highest} at most preempted for one of priority ${priority}: without that it fits nowhere`;
}
