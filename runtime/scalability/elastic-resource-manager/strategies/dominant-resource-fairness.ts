import { lowestShare } from "../drf";
import { bestFit } from "./best-fit";
import type { Strategy } from "./strategy";

/**
 * Serves, again and again, the tenant with the lowest dominant share among the requests of one batch, and places by best
 * fit. It orders; it does not ration: a request that raises its tenant's share is refused only when it does not fit.
 */
export const dominantResourceFairness: Strategy = {
  name: "dominant-resource-fairness",
  next: lowestShare,
  scorer: bestFit.scorer,
};
