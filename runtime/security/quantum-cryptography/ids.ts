import { randomBytes } from "node:crypto";

/** `<prefix>_`, then 48 bits of milliseconds and 80 random bits in base 32 (the plan of a ULID): ids sort by time. */
export function newId(prefix: "key" | "aud" | "env", now: number): string {
  const digits = (value: bigint, length: number): string => value.toString(32).padStart(length, "0");
  return `${prefix}_${digits(BigInt(Math.floor(now)), 10)}${digits(BigInt(`0x${randomBytes(10).toString("hex")}`), 16)}`;
}
