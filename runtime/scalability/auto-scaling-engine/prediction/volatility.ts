/**
 * How large the next forecast's error is likely to be. Counts of independent requests scatter like the square root of their
 * number, so errors are averaged relative to that; four averages of different memory follow bursts and remember calm.
 */
export interface Volatility {
  /** Mean absolute error over the root of the demand, one for each half-life. */
  averages: number[];
  /** Errors averaged, and what the first guess is worth: until there are many, each average is the plain mean. */
  count: number;
  /** Long-run mean of the demand: what "small" is measured by. */
  level: number;
}

const HALF_LIVES_SECONDS = [12 * 3600, 90 * 60, 12 * 60, 2 * 60];
const SHARES = [0.3, 0.2, 0.3, 0.2];
const LEVEL_HALF_LIFE_SECONDS = 86_400;
/** Before anything is known: the relative error expected. */
const FIRST_RELATIVE_ERROR = 0.05;
/** Errors that the first guess is worth. */
const FIRST_COUNT = 10;
/** A standard deviation is this many mean absolute errors (normal distribution). */
const DEVIATION_PER_MEAN_ERROR = 1.25;
/** No error counts for more than this many expected ones: a spike is one event, not a new world. */
const MOST = 8;
/** Parts of the long-run mean below which neither demand nor error is told apart. */
const SMALL = 1e-3;
const TINY = 1e-12;

export function newVolatility(demand: number): Volatility {
  const level = Math.max(demand, TINY);
  return { averages: HALF_LIVES_SECONDS.map(() => FIRST_RELATIVE_ERROR * Math.sqrt(level)), count: FIRST_COUNT, level };
}

/** Standard deviation of the error of a forecast made at this demand, in units of the metric; above 0. */
export function deviation({ averages, level }: Volatility, demand: number): number {
  let mean = 0;
  for (let i = 0; i < SHARES.length; i++) mean += SHARES[i]! * averages[i]!;
  return Math.max(DEVIATION_PER_MEAN_ERROR * mean * root(level, demand), SMALL * level);
}

/** Takes in the error of a forecast that was made at `demand` with the deviation `expected`. */
export function learnError(
  volatility: Volatility,
  error: number,
  demand: number,
  expected: number,
  seconds: number,
): void {
  const { averages, level } = volatility;
  const relative = Math.min(Math.abs(error), MOST * expected) / root(level, demand);
  volatility.count++;
  HALF_LIVES_SECONDS.forEach((halfLife, i) => {
    const share = Math.max(1 - 0.5 ** (seconds / halfLife), 1 / volatility.count);
    averages[i]! += share * (relative - averages[i]!);
  });
}

export function learnLevel(volatility: Volatility, demand: number, seconds: number): void {
  const level = volatility.level + (1 - 0.5 ** (seconds / LEVEL_HALF_LIFE_SECONDS)) * (demand - volatility.level);
  volatility.level = Math.max(level, TINY);
}

const root = (level: number, demand: number): number => Math.sqrt(Math.max(demand, SMALL * level));
