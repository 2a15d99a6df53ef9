import { timingSafeEqual } from "node:crypto";

/** Whether the two are equal, in time that tells their lengths only. */
export function sameBytes(left: Uint8Array, right: Uint8Array): boolean {
  return left.length === right.length && timingSafeEqual(left, right);
}

/** Overwrites secrets that are no longer needed. What the engine's garbage collector copied is out of reach. */
export function wipe(...secrets: readonly (Uint8Array | undefined)[]): void {
  for (const secret of secrets) secret?.fill(0);
}
