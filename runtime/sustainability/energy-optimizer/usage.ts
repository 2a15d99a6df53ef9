/** One hour of a workload's use of CPU. An hour that was not looked at has no entry: it is missing, and never idle. */
export interface UsageHour {
  /** Start of the hour, ms since the epoch, a multiple of an hour. */
  readonly hour: number;
  /** Share of the hour that samples cover, 0 to 1. */
  readonly coverage: number;
  /** Cores of all replicas together. */
  readonly meanCores: number;
  readonly mostCores: number;
}

export const HOUR = 3_600_000;
export const DAY = 24 * HOUR;
export const WEEK = 7 * DAY;
/** Hours that samples cover less than this say nothing. */
export const LEAST_COVERAGE = 0.8;

/** The hours that say something, oldest first. */
export function observed(hours: readonly UsageHour[]): UsageHour[] {
  return hours
    .filter(
      ({ coverage, meanCores, mostCores }) =>
        coverage >= LEAST_COVERAGE && Number.isFinite(meanCores) && Number.isFinite(mostCores) && meanCores >= 0,
    )
    .toSorted((a, b) => a.hour - b.hour);
}

/** The value below which `share` of the values are (nearest rank). Throws RangeError for none. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  const value = sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil(share * sorted.length) - 1))];
  if (value === undefined) throw new RangeError("the quantile of no values");
  return value;
}
