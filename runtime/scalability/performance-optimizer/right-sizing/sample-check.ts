/** Why a sample of usage cannot be true: the values of a metric's label. */
export type Rejection = "not-finite" | "negative" | "impossible";

/**
 * undefined for a sample that can be true. `most` is what the largest node has: no replica can use more, so that a jump to a
 * million is a fault of the source, however steady the workload was before. The tenth above it is for the jitter of sampling.
 */
export function rejectionOf(value: number, most: number): Rejection | undefined {
  if (!Number.isFinite(value)) return "not-finite";
  if (value < 0) return "negative";
  return value > most * 1.1 ? "impossible" : undefined;
}
