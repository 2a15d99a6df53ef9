import { Capacity, type NodeSupply } from "../../runtime/scalability/elastic-resource-manager/capacity";
import type { Demand, StrategyName } from "../../runtime/scalability/elastic-resource-manager/demand";
import { place, type PlacementOptions } from "../../runtime/scalability/elastic-resource-manager/engine";
import { RequestMix } from "../../runtime/scalability/elastic-resource-manager/request-mix";
import type { PodRequest } from "./traces";

export interface Replayed {
  /** Allocated at the end / what the nodes have, in percent. */
  gpuPercent: number;
  cpuPercent: number;
  memoryPercent: number;
  /** Pods that fitted nowhere when they came; they are skipped. */
  failed: number;
  /** Mean CPU time of a decision, of this thread: what else the machine does counts little. */
  microseconds: number;
}

/** Places the pods one by one, in order, through the engine. It learns the mix from what has come, and knows no more. */
export function replay(
  nodes: readonly NodeSupply[],
  pods: readonly PodRequest[],
  strategy: StrategyName,
  strategies: PlacementOptions["strategies"] = {},
): Replayed {
  const capacity = Capacity.of(nodes);
  const mix = new RequestMix();
  const options: PlacementOptions = { time: "1970-01-01T00:00:00.000Z", nextId: () => "", mix, strategies };
  let failed = 0;
  const start = process.threadCpuUsage();
  for (const pod of pods) {
    const demand: Demand = {
      tenant: "trace",
      workload: null,
      replicas: 1,
      strategy,
      zone: null,
      leaseSeconds: 0,
      ...pod,
    };
    const [decision] = place(capacity, [demand], options);
    mix.observe(demand);
    if (decision?.outcome !== "allocated") {
      failed += 1;
      continue;
    }
    const { chosen, devices } = decision;
    capacity.take({
      tenant: demand.tenant,
      workload: null,
      amount: pod.amount,
      nodes: chosen,
      ...(devices && { devices }),
    });
  }
  const { user, system } = process.threadCpuUsage(start);
  const microseconds = (user + system) / pods.length;
  const { allocatable, free } = capacity.totals();
  const percent = (left = 0, all = 0): number => (all > 0 ? (100 * (all - left)) / all : 0);
  return {
    gpuPercent: percent(free.gpuMilli, allocatable.gpuMilli),
    cpuPercent: percent(free.cpuMilli, allocatable.cpuMilli),
    memoryPercent: percent(free.memoryBytes, allocatable.memoryBytes),
    failed,
    microseconds,
  };
}
