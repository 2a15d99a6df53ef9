export interface Demand {
  waiting: number;
  /** Resources that will be free without being created: under test or reset, and those being created already. */
  coming: number;
  /** Resources at work. */
  working: number;
  /** Mean time to create one, and mean time that one is held, in milliseconds; undefined where not known yet. */
  createMilliseconds: number | undefined;
  heldMilliseconds: number | undefined;
  /** For how long somebody has been waiting without a break. */
  queuedMilliseconds: number;
}

/**
 * Resources to create for those who wait. A new one is of use to none whom the resources at work will have served before it
 * is there: working x create time / held time of them, so a short burst opens nothing (HikariCP's spike-demand argument,
 * https://github.com/brettwooldridge/HikariCP/blob/dev/documents/Welcome-To-The-Jungle.md). The estimate is trusted
 * for as long as a create takes; a queue that outlives that is no spike (the rule of ski rental: at worst twice the wait of
 * who knows the future).
 */
export function creationsNeeded(demand: Demand): number {
  const { waiting, coming, working, createMilliseconds, heldMilliseconds, queuedMilliseconds } = demand;
  const short = waiting - coming;
  if (short <= 0 || working === 0 || createMilliseconds === undefined || heldMilliseconds === undefined) {
    return Math.max(0, short);
  }
  if (queuedMilliseconds >= createMilliseconds) return short;
  if (heldMilliseconds <= 0) return 0;
  return Math.max(0, short - Math.floor((working * createMilliseconds) / heldMilliseconds));
}

/** Exponentially weighted mean; the first value counts whole. */
export function smoothed(mean: number | undefined, value: number, weight: number): number {
  return mean === undefined ? value : mean + weight * (value - mean);
}
