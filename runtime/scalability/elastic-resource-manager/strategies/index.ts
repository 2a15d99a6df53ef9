import type { StrategyName } from "../demand";
import { bestFit } from "./best-fit";
import { dominantResourceFairness } from "./dominant-resource-fairness";
import { spread } from "./spread";
import type { Strategy } from "./strategy";

export const STRATEGIES: Readonly<Record<StrategyName, Strategy>> = {
  "best-fit": bestFit,
  spread,
  "dominant-resource-fairness": dominantResourceFairness,
};
