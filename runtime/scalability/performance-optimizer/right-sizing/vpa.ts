import type { ResourceQuantities } from "../../../exports";
import type { UsageHistory } from "./usage-history";

/** The settings of the Vertical Pod Autoscaler's recommender, at its defaults (pkg/recommender/config, v1.8.1). */
export const VPA = {
  target: 0.9,
  lower: 0.5,
  upper: 0.95,
  margin: 0.15,
  minimum: { cpuCores: 0.025, memoryBytes: 250 * 1024 * 1024 },
} as const;

/** The largest amount there is, in millicores or bytes: the upper bound of a workload that nothing is known of. */
const LARGEST = 1e14;

interface Recommendation {
  target: ResourceQuantities;
  /** Below it the workload is short of resources … */
  lower: ResourceQuantities;
  /** … above it, it wastes them. Both are wide while little is known. */
  upper: ResourceQuantities;
}

/** What the Vertical Pod Autoscaler recommends from the same samples, to the millicore and the byte. */
export function recommendAsVpa(history: UsageHistory, minimum: ResourceQuantities = VPA.minimum): Recommendation {
  const days = history.confidenceDays;
  const [wide, narrow] = [1 + 1 / days, (1 + 0.001 / days) ** -2];
  return {
    target: estimate(history, VPA.target, 1, minimum),
    lower: estimate(history, VPA.lower, narrow, minimum),
    upper: estimate(history, VPA.upper, wide, minimum),
  };
}

function estimate(
  history: UsageHistory,
  percentile: number,
  factor: number,
  minimum: ResourceQuantities,
): ResourceQuantities {
  const widened = (amount: number, least: number): number => {
    const base = whole(amount);
    return Math.max(least, whole((base + whole(base * VPA.margin)) * factor));
  };
  return {
    cpuCores: widened(history.cpu.percentile(percentile) * 1000, whole(minimum.cpuCores * 1000)) / 1000,
    memoryBytes: widened(history.memory.percentile(percentile), whole(minimum.memoryBytes)),
  };
}

/** Amounts are whole millicores and bytes, cut off. Nothing times infinity is nothing. */
function whole(amount: number): number {
  if (Number.isNaN(amount)) return 0;
  return Math.trunc(Math.min(LARGEST, Math.max(0, amount)));
}
