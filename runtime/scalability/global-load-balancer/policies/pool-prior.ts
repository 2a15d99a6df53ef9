import type { ServiceEstimate } from "./service-estimate";

/** Completions' worth of trust in the pool's mean: at least, however different the endpoints are; and at most. */
const LEAST = 8;
const MOST = 200;

/**
 * What an endpoint is expected to be like because the others are: empirical Bayes (Efron and Morris 1975). Where the
 * endpoints' speeds differ by no more than chance explains, the pool's mean is trusted much, and small differences are not
 * chased; where they truly differ, little.
 */
export class PoolPrior {
  /** Mean service time of the pool, milliseconds; undefined before the first completion. */
  serviceMs: number | undefined;
  completions = LEAST;

  review(estimates: readonly ServiceEstimate[]): void {
    let busyMs = 0;
    let completions = 0;
    for (const { evidence } of estimates) {
      busyMs += evidence.busyMs;
      completions += evidence.completions;
    }
    if (completions === 0 || busyMs === 0) return;
    const serviceMs = busyMs / completions;
    let weights = 0;
    let squares = 0;
    for (const { evidence } of estimates) {
      const weight = evidence.completions + 1;
      const deviation = Math.log((evidence.busyMs + serviceMs) / weight / serviceMs);
      weights += weight;
      squares += weight * deviation * deviation;
    }
    // By chance alone each would add 1: the variance of the logarithm of a rate is 1 / completions.
    const variance = (squares - estimates.length) / weights;
    this.serviceMs = serviceMs;
    this.completions = variance <= 0 ? MOST : Math.min(MOST, Math.max(LEAST, 1 / variance));
  }
}
