/**
 * Exact amounts. Energy is counted in whole 1e-9 kWh and carbon in whole 1e-6 g, both as BigInt, so that a sum is the same
 * to the last digit whatever the order of its parts. Reports carry them as decimal text, which loses nothing either.
 */

const NANO = 1e9;
const MICRO = 1e6;

/** kWh as whole 1e-9 kWh, to the nearest. */
export const nanoKwh = (kwh: number): bigint => BigInt(Math.round(kwh * NANO));

/** Grams as whole 1e-6 g, to the nearest. */
export const microGrams = (grams: number): bigint => BigInt(Math.round(grams * MICRO));

export const kwhText = (nano: bigint): string => decimal(nano, 9);
export const gramsText = (micro: bigint): string => decimal(micro, 6);
/** 1e-9 kWh as MWh. */
export const mwhText = (nano: bigint): string => decimal(nano, 12);
/** 1e-6 g as tonnes. */
export const tonnesText = (micro: bigint): string => decimal(micro, 12);

/** What `kwhText` and `gramsText` wrote, and any other plain decimal, in units of 10^-digits. Throws SyntaxError otherwise. */
export function parseDecimal(text: string, digits: number): bigint {
  const match = /^(-?)(\d+)(?:\.(\d+))?$/.exec(text);
  const fraction = match?.[3] ?? "";
  if (!match || fraction.length > digits) throw new SyntaxError(`"${text}" is no decimal of at most ${digits} places`);
  const value = BigInt(match[2]! + fraction.padEnd(digits, "0"));
  return match[1] === "-" ? -value : value;
}

function decimal(value: bigint, digits: number): string {
  const sign = value < 0n ? "-" : "";
  const text = (value < 0n ? -value : value).toString().padStart(digits + 1, "0");
  const fraction = text.slice(-digits).replace(/0+$/, "");
  return `${sign}${text.slice(0, -digits)}${fraction === "" ? "" : `.${fraction}`}`;
}

/** numerator / denominator, to the nearest whole, halves away from 0. The denominator is above 0. */
export function divideRounded(numerator: bigint, denominator: bigint): bigint {
  const half = denominator / 2n;
  return (numerator < 0n ? numerator - half : numerator + half) / denominator;
}

/**
 * `total` in shares proportional to the weights; the shares sum to it exactly, and none is off its true value by more than
 * one unit (running totals are rounded, not the shares). Nothing weighed: all of it goes to the first.
 */
export function apportion(total: bigint, weights: readonly bigint[]): bigint[] {
  const all = weights.reduce((sum, weight) => sum + weight, 0n);
  if (all === 0n) return weights.map((_, index) => (index === 0 ? total : 0n));
  let before = 0n;
  let seen = 0n;
  return weights.map((weight) => {
    seen += weight;
    const upTo = divideRounded(total * seen, all);
    const share = upTo - before;
    before = upTo;
    return share;
  });
}

/** part / whole as a share of 0 to 1 with six places; null where there is no whole. */
export const share = (part: bigint, whole: bigint): number | null =>
  whole === 0n ? null : Number(divideRounded(part * 1_000_000n, whole)) / 1_000_000;

export const sum = (values: Iterable<bigint>): bigint => {
  let total = 0n;
  for (const value of values) total += value;
  return total;
};
