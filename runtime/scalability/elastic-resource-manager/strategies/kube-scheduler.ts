import type { Capacity } from "../capacity";
import type { Demand } from "../demand";
import { entriesOf } from "../quantities";
import type { Strategy } from "./strategy";

const MOST = 100;

/**
 * kube-scheduler's NodeResourcesFit scores, 0 to 100 in whole numbers: the mean over CPU, memory and whatever else is asked
 * for, each of weight 1, of what would then be free or used. Exact up to 80 TiB of memory on a node.
 * Source: k8s.io/kubernetes v1.36, pkg/scheduler/framework/plugins/noderesources/{least,most}_allocated.go.
 */
export const leastAllocated: Strategy = scored("least-allocated", (requested, all) =>
  requested > all ? 0 : Math.floor(((all - requested) * MOST) / all),
);

export const mostAllocated: Strategy = scored("most-allocated", (requested, all) =>
  Math.floor((Math.min(requested, all) * MOST) / all),
);

function scored(name: string, score: (requested: number, all: number) => number): Strategy {
  return {
    name,
    scorer: (demand, capacity) => ({ score: mean(demand, capacity, score) }),
  };
}

function mean(
  { amount }: Demand,
  { table }: Capacity,
  score: (requested: number, all: number) => number,
): (node: number) => number {
  const asked = entriesOf(amount)
    .filter(([name, value]) => value > 0 || name === "cpu" || name === "memory")
    .map(([name, value]) => ({ value, resource: table.resources.indexOf(name) }))
    .filter(({ resource }) => resource >= 0)
    .map(({ value, resource }) => ({
      value,
      all: table.allocatable[resource] as Float64Array,
      free: table.free[resource] as Float64Array,
    }));
  return (node) => {
    let sum = 0;
    let count = 0;
    for (const { value, all, free } of asked) {
      const allocatable = all[node] as number;
      if (allocatable <= 0) continue;
      sum += score(allocatable - (free[node] as number) + value, allocatable);
      count += 1;
    }
    return count === 0 ? 0 : Math.floor(sum / count);
  };
}
