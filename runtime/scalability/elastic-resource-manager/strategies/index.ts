import type { StrategyName } from "../demand";
import { bestFit } from "./best-fit";
import { dominantResourceFairness } from "./dominant-resource-fairness";
import { fragmentationAware, fragmentationGradient } from "./fragmentation";
import { leastAllocated, mostAllocated } from "./kube-scheduler";
import { spread } from "./spread";
import type { Strategy } from "./strategy";

export type { Scorer, Strategy } from "./strategy";

export const STRATEGIES: Readonly<Record<StrategyName, Strategy>> = {
  "best-fit": bestFit,
  spread,
  "dominant-resource-fairness": dominantResourceFairness,
  "least-allocated": leastAllocated,
  "most-allocated": mostAllocated,
  "fragmentation-gradient": fragmentationGradient,
  "fragmentation-aware": fragmentationAware,
};
