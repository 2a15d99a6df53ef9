import type { PowerPoint } from "./curve";
import { clampUtilisation } from "./power-model";

/** A measurement of a node's power. */
export interface MeasuredPoint extends PowerPoint {
  /** Mean frequency of the cores meanwhile, as a share of their highest; absent where nobody looked. */
  readonly frequencyShare?: number | undefined;
}

/**
 * By how much power per busy core grows with frequency f: by none, up to the voltage's part, which rises with f itself
 * (dynamic power is C * V^2 * f; Chandrakasan et al. 1992).
 */
const EXPONENTS = [0.5, 1, 1.5, 2] as const;
/** A fit over frequency has one parameter more: there must be points enough to tell, and it must foretell a fifth better. */
const LEAST_POINTS = 15;
const BETTER_BY = 0.8;

/** The point over work done: utilisation times frequency to the exponent. Without a frequency it stays as it is. */
export function workOf({ utilisation, watts, frequencyShare }: MeasuredPoint, exponent: number): PowerPoint {
  if (exponent === 0 || frequencyShare === undefined) return { utilisation, watts };
  return { utilisation: clampUtilisation(utilisation * frequencyShare ** exponent), watts };
}

/** The exponent by which the points foretell each other best; 0 where it is hardly better, or they are too few. */
export function exponentOf(
  points: readonly MeasuredPoint[],
  errorOf: (points: readonly PowerPoint[]) => number | null,
): number {
  const isKnown = points.every(({ frequencyShare }) => frequencyShare !== undefined && frequencyShare > 0);
  if (!isKnown || points.length < LEAST_POINTS) return 0;
  const plain = errorOf(points);
  if (plain === null) return 0;
  let best = { exponent: 0, error: plain * BETTER_BY };
  for (const exponent of EXPONENTS) {
    const error = errorOf(points.map((point) => workOf(point, exponent)));
    if (error !== null && error < best.error) best = { exponent, error };
  }
  return best.exponent;
}

/** The median of the frequencies; undefined where none is known. */
export function usualFrequency(points: readonly MeasuredPoint[]): number | undefined {
  const known = points.flatMap(({ frequencyShare }) => frequencyShare ?? []).sort((a, b) => a - b);
  return known[known.length >> 1];
}
