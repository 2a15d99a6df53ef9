import type { NodeSupply } from "../../runtime/scalability/elastic-resource-manager/capacity";
import type { PodRequest } from "./traces";

/** Offered GPU work / GPUs of the cluster, as in the published experiment. */
const LOAD = 1.3;

/**
 * The work of one seed: the trace's pods shuffled, and then, where they ask for less than 130 % of the cluster's GPUs, pods
 * drawn from the trace with replacement until the next would exceed that; where they ask for more, pods taken away at random.
 * The method of the published experiment; its own random numbers are Go's, ours are not, so seeds agree in distribution only.
 */
export function workload(pods: readonly PodRequest[], nodes: readonly NodeSupply[], seed: number): PodRequest[] {
  const random = generator(seed);
  const target = LOAD * nodes.reduce((sum, { allocatable }) => sum + (allocatable.gpuMilli ?? 0), 0);
  const gpuOf = ({ amount }: PodRequest): number => amount.gpuMilli ?? 0;
  const work = [...pods];
  for (let last = work.length - 1; last > 0; last--) {
    const other = Math.floor(random() * (last + 1));
    [work[last], work[other]] = [work[other] as PodRequest, work[last] as PodRequest];
  }
  let asked = work.reduce((sum, pod) => sum + gpuOf(pod), 0);
  if (asked === 0) throw new Error("the trace asks for no GPU: there is nothing to inflate it by");
  while (asked > target) {
    const [gone] = work.splice(Math.floor(random() * work.length), 1) as [PodRequest];
    asked -= gpuOf(gone);
  }
  while (pods.length <= work.length || asked < target) {
    const next = pods[Math.floor(random() * pods.length)] as PodRequest;
    if (asked + gpuOf(next) > target) break;
    work.push(next);
    asked += gpuOf(next);
  }
  return work;
}

/** Uniform in [0, 1): the splitmix32 sequence of the seed. */
export function generator(seed: number): () => number {
  let state = Math.imul(seed, 0x9e3779b1);
  return () => {
    state = (state + 0x9e3779b9) | 0;
    let mixed = Math.imul(state ^ (state >>> 16), 0x21f0aaad);
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97);
    return ((mixed ^ (mixed >>> 15)) >>> 0) / 2 ** 32;
  };
}
