/**
 * Quantities as Kubernetes computes with them (k8s.io/apimachinery/pkg/api/resource): whole thousandths in 64 bits, rounded
 * up from whole billionths. Counting in billionths first takes the noise of 0.1 + 0.2 away, so that it never costs a replica.
 */
const LARGEST = 2n ** 63n - 1n;

/** Thousandths of a quantity of zero or more. */
export function milli(quantity: number): bigint {
  const whole = Math.floor(quantity);
  const billionths = Math.round((quantity - whole) * 1e9);
  const thousandths = BigInt(whole) * 1000n + BigInt(Math.ceil(billionths / 1e6));
  return thousandths > LARGEST ? LARGEST : thousandths;
}

export function sum(values: readonly bigint[]): bigint {
  return values.reduce((total, value) => total + value, 0n);
}

export function divide(total: bigint, count: number): bigint {
  return total / BigInt(count);
}

/** Whole percent, rounded down. */
export function percentOf(part: bigint, whole: bigint): number {
  return Number((part * 100n) / whole);
}

/**
 * A decimal as Kubernetes turns it into a float (Quantity.AsApproximateFloat64): its digits times a power of ten. It can
 * differ from the nearest float in the last bit, which decides where a ratio lies exactly on a tolerance.
 */
export function approximateFloat(decimal: number): number {
  const [, whole = "", fraction = ""] = /^(\d+)\.(\d+)$/.exec(String(decimal)) ?? [];
  return fraction === "" ? decimal : Number(whole + fraction) * Number(`1e-${String(fraction.length)}`);
}
