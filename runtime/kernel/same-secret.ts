import { createHash, timingSafeEqual } from "node:crypto";

/** Compares digests, so that neither length nor content shows in the time taken. */
export function sameSecret(presented: string, expected: string): boolean {
  const digest = (text: string): Buffer => createHash("sha256").update(text).digest();
  return timingSafeEqual(digest(presented), digest(expected));
}
