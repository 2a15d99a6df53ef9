/** How often errors of which size occur, in units of their expected size: a histogram that forgets; plain numbers for JSON. */
export interface Residuals {
  counts: number[];
  /** Weight of the next error; it grows, which makes older ones weigh less. */
  weight: number;
}

const BINS_PER_UNIT = 10;
const RANGE = 12;
const BINS = 2 * RANGE * BINS_PER_UNIT + 1;
const MIDDLE = RANGE * BINS_PER_UNIT;
/** Errors' worth of the double exponential distribution that stands in until enough was seen. */
const PRIOR_WEIGHT = 500;
const MOST_WEIGHT = 1e12;

export function newResiduals(): Residuals {
  const density = Array.from({ length: BINS }, (_, bin) =>
    Math.exp((-Math.SQRT2 * Math.abs(bin - MIDDLE)) / BINS_PER_UNIT),
  );
  const total = density.reduce((sum, value) => sum + value, 0);
  return { counts: density.map((value) => (value * PRIOR_WEIGHT) / total), weight: 1 };
}

/** `memory` in (0, 1] is what the past weighs after this error. */
export function addResidual(residuals: Residuals, error: number, memory: number): void {
  const bin = Math.min(Math.max(Math.round(error * BINS_PER_UNIT) + MIDDLE, 0), BINS - 1);
  residuals.weight /= memory;
  residuals.counts[bin]! += residuals.weight;
  if (residuals.weight > MOST_WEIGHT) {
    for (let i = 0; i < BINS; i++) residuals.counts[i]! /= residuals.weight;
    residuals.weight = 1;
  }
}

/** The error that is exceeded with probability `tail`, straight within a bin; between -12 and 12. */
export function exceededWith({ counts }: Residuals, tail: number): number {
  let total = 0;
  for (let bin = 0; bin < BINS; bin++) total += counts[bin]!;
  let left = tail * total;
  for (let bin = BINS - 1; bin >= 0; bin--) {
    const count = counts[bin]!;
    if (count >= left) return (bin - MIDDLE + 0.5 - left / count) / BINS_PER_UNIT;
    left -= count;
  }
  return -RANGE;
}
