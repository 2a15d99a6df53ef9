import type { NodeSupply } from "../../runtime/scalability/elastic-resource-manager/capacity";
import type { StrategyName } from "../../runtime/scalability/elastic-resource-manager/demand";
import type { PlacementOptions } from "../../runtime/scalability/elastic-resource-manager/engine";
import { publishedBestFit, publishedFgd } from "./published";
import { type Replayed, replay } from "./replay";
import type { PodRequest } from "./traces";
import { workload } from "./workload";

export const POLICIES = [
  "fragmentation-aware",
  "fragmentation-gradient",
  "best-fit",
  "most-allocated",
  "BestFit re-implemented",
  "FGD re-implemented",
] as const;
export type Policy = (typeof POLICIES)[number];

export interface SeedInput {
  nodes: readonly NodeSupply[];
  pods: readonly PodRequest[];
  seed: number;
}

/** Runs on a worker thread: the work of one seed under every policy. */
export default function runSeed({ nodes, pods, seed }: SeedInput): Record<Policy, Replayed> {
  const work = workload(pods, nodes, seed);
  const under = (policy: Policy): Replayed => replay(nodes, work, ...strategyOf(policy, pods));
  return Object.fromEntries(POLICIES.map((policy) => [policy, under(policy)])) as Record<Policy, Replayed>;
}

/** The published ones take the place of one of the engine's strategies. */
export function strategyOf(
  policy: Policy,
  pods: readonly PodRequest[],
): [StrategyName, PlacementOptions["strategies"]?] {
  if (policy === "BestFit re-implemented") return ["best-fit", { "best-fit": publishedBestFit() }];
  if (policy === "FGD re-implemented") return ["best-fit", { "best-fit": publishedFgd(pods) }];
  return [policy];
}
