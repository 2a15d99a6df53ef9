import { bestFit } from "./best-fit";
import { dominantResourceFairness } from "./dominant-resource-fairness";
import { spread } from "./spread";
import type { Strategy } from "./strategy";

export const STRATEGY_NAMES = ["best-fit", "spread", "dominant-resource-fairness"] as const;
export type StrategyName = (typeof STRATEGY_NAMES)[number];

export const STRATEGIES: Readonly<Record<StrategyName, Strategy>> = {
  "best-fit": bestFit,
  spread,
  "dominant-resource-fairness": dominantResourceFairness,
};
