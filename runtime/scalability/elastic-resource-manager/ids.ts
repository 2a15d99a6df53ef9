import type { Clock } from "../../kernel/clock";

const RANDOM_DIGITS = 6;
const RANDOM_SPACE = 32 ** RANDOM_DIGITS;

/**
 * Decision ids, in base 32: 10 digits of milliseconds, 4 that count within the millisecond, 12 random ones. So the ids of
 * one process sort in the order they were made, and those of two processes do not meet. An allocation and the decision that
 * granted it share all digits.
 */
export function decisionIds(clock: Clock, random: () => number): () => string {
  const randomDigits = (): string => base32(random() * RANDOM_SPACE, RANDOM_DIGITS);
  let milliseconds = 0;
  let count = 0;
  return () => {
    const now = clock.now();
    // A clock that was set back stands still here until it has caught up.
    if (now > milliseconds) [milliseconds, count] = [now, 0];
    else count += 1;
    return `dec_${timeDigits(milliseconds)}${base32(count, 4)}${randomDigits()}${randomDigits()}`;
  };
}

/** Sorts before the id of every allocation made at or after `milliseconds`. */
export function earliestAllocationId(milliseconds: number): string {
  return `alc_${timeDigits(milliseconds)}`;
}

export const allocationIdOf = (decisionId: string): string => decisionId.replace(/^dec_/, "alc_");
export const decisionIdOf = (allocationId: string): string => allocationId.replace(/^alc_/, "dec_");

/** A gang shares the digits of its first member's decision. */
export const gangIdOf = (decisionId: string): string => decisionId.replace(/^dec_/, "gng_");

function timeDigits(milliseconds: number): string {
  return base32(milliseconds, 10);
}

function base32(value: number, digits: number): string {
  return Math.floor(value).toString(32).padStart(digits, "0");
}
