import { randomBytes } from "node:crypto";

/**
 * An id that sorts by time: 48 bits of milliseconds, then 80 random bits (the plan of a ULID). Who has the id may read the
 * assessment, so nobody may guess it.
 */
export function assessmentId(now: number): string {
  return `asm_${now.toString(16).padStart(12, "0")}${randomBytes(10).toString("hex")}`;
}
