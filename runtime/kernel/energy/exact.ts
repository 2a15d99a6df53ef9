/**
 * Amounts as whole numbers of their smallest unit, so that sums are exact: energy in 1e-9 kWh, carbon in 1e-6 gCO2e.
 */
const NANO = 1e9;
const MICRO = 1e6;
/** Weights become whole numbers of this resolution. */
const RESOLUTION = 2 ** 52;

export const toNanoKwh = (kwh: number): bigint => BigInt(Math.round(kwh * NANO));
/** The double nearest to the amount; `toNanoKwh` gives the same whole number back up to 2^50 of them, a million kWh. */
export const fromNanoKwh = (nano: bigint): number => Number(nano) / NANO;
export const toMicrograms = (grams: number): bigint => BigInt(Math.round(grams * MICRO));
export const fromMicrograms = (micro: bigint): number => Number(micro) / MICRO;

/** Micrograms of so much energy at an intensity in gCO2e/kWh. */
export const microgramsOf = (nanoKwh: bigint, gramsPerKwh: number): bigint =>
  BigInt(Math.round((Number(nanoKwh) * gramsPerKwh * MICRO) / NANO));

/**
 * Splits a whole amount in proportion to the weights (finite, none negative) by largest remainder (Hamilton): each part is
 * whole, none is more than one unit from its exact share, and they sum to the amount. All weights 0: equal shares.
 * Throws RangeError where there is an amount and nobody to take it.
 */
export function apportion(total: bigint, weights: readonly number[]): bigint[] {
  if (total === 0n) return weights.map(() => 0n);
  if (weights.length === 0) throw new RangeError("an amount can not be shared among nobody");
  const most = Math.max(...weights);
  const whole = weights.map((weight) => (most > 0 ? BigInt(Math.round((weight / most) * RESOLUTION)) : 1n));
  const sum = whole.reduce((all, weight) => all + weight, 0n);
  const parts = whole.map((weight) => (total * weight) / sum);
  const left = Number(total - parts.reduce((all, part) => all + part, 0n));
  const remainders = whole.map((weight, index) => ({ index, remainder: (total * weight) % sum }));
  remainders.sort((a, b) => (a.remainder === b.remainder ? a.index - b.index : a.remainder > b.remainder ? -1 : 1));
  for (const { index } of remainders.slice(0, left)) parts[index]! += 1n;
  return parts;
}
