/** An id that sorts by time: 48 bits of milliseconds, then 80 random bits, in base 32 (the plan of a ULID). */
export function timedId(prefix: "alt" | "job" | "mdl", now: number, random: () => number): string {
  const digits = (value: number, length: number): string => Math.floor(value).toString(32).padStart(length, "0");
  const chance = (): string => digits(random() * 32 ** 8, 8);
  return `${prefix}_${digits(now, 10)}${chance()}${chance()}`;
}
