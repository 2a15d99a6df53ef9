import { plus, RESOURCES } from "../quantities";
import type { Strategy } from "./strategy";

/**
 * The fullest node that still fits: least leftover after placement, as the mean over resources of leftover / allocatable.
 * Score 1 leaves nothing, 0 leaves an empty node. Keeps large holes for large requests.
 */
export const bestFit: Strategy = {
  name: "best-fit",
  scorer: (demand, capacity) => (node) => {
    const leftover = plus(capacity.freeOn(node), demand.amount, -1);
    let sum = 0;
    for (const resource of RESOURCES) {
      if (node.allocatable[resource] > 0) sum += leftover[resource] / node.allocatable[resource];
    }
    return 1 - sum / RESOURCES.length;
  },
};
