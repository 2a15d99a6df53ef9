import { fail } from "./fault";

/**
 * A 64-bit signed integer of Cedar, in one form: a number where it is safe (|x| < 2^53), else a bigint. Two are equal exactly
 * where `===` says so, and `<` compares them whatever their forms.
 */
export type Long = number | bigint;

const MIN = -(2n ** 63n);
const MAX = 2n ** 63n - 1n;

/** The one form of an integer; undefined where it does not fit into 64 bits. */
export function long(value: bigint): Long | undefined {
  if (value < MIN || value > MAX) return undefined;
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}

function checked(value: bigint): Long {
  return long(value) ?? fail("integer overflow");
}

// `+ 0` makes 0 of -0, which is no integer.
export function add(a: Long, b: Long): Long {
  if (typeof a === "number" && typeof b === "number") {
    const sum = a + b;
    if (Number.isSafeInteger(sum)) return sum;
  }
  return checked(BigInt(a) + BigInt(b));
}

export function subtract(a: Long, b: Long): Long {
  if (typeof a === "number" && typeof b === "number") {
    const difference = a - b;
    if (Number.isSafeInteger(difference)) return difference;
  }
  return checked(BigInt(a) - BigInt(b));
}

export function multiply(a: Long, b: Long): Long {
  if (typeof a === "number" && typeof b === "number") {
    const product = a * b;
    if (Number.isSafeInteger(product)) return product + 0;
  }
  return checked(BigInt(a) * BigInt(b));
}

export function negate(a: Long): Long {
  return typeof a === "number" ? 0 - a : checked(-a);
}

/** Towards zero, as Cedar's `toSeconds()` and its like. */
export function divide(a: Long, by: number): Long {
  return typeof a === "number" ? Math.trunc(a / by) + 0 : checked(a / BigInt(by));
}

/** The largest multiple of `of` that is not above `a`; fails where there is none in 64 bits. */
export function floorTo(a: Long, of: number): Long {
  const step = BigInt(of);
  const value = BigInt(a);
  const rest = ((value % step) + step) % step;
  return checked(value - rest);
}
