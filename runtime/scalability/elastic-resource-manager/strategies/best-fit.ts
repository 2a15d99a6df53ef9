import { entriesOf } from "../quantities";
import type { Strategy } from "./strategy";

/**
 * The fullest node that still fits: least leftover after placement, as the mean of leftover / allocatable over the resources
 * that the node has. Score 1 leaves nothing, 0 leaves an empty node. Keeps large holes for large requests.
 */
export const bestFit: Strategy = {
  name: "best-fit",
  scorer: ({ amount }, { table: { resources, allocatable, free } }) => {
    const asked = new Map(entriesOf(amount));
    const needs = Float64Array.from(resources, (name) => asked.get(name) ?? 0);
    return {
      score: (node) => {
        let sum = 0;
        let count = 0;
        for (let each = 0; each < needs.length; each++) {
          const all = (allocatable[each] as Float64Array)[node] as number;
          if (all <= 0) continue;
          sum += (((free[each] as Float64Array)[node] as number) - (needs[each] as number)) / all;
          count += 1;
        }
        return count === 0 ? 1 : 1 - sum / count;
      },
    };
  },
};
