/** `<prefix>_`, then 48 bits of milliseconds and 80 random bits in base 32 (the plan of a ULID): ids sort by time. */
export function newId(prefix: "lse" | "tkt", now: number, random: () => number): string {
  const digits = (value: number, length: number): string => Math.floor(value).toString(32).padStart(length, "0");
  const chance = (): string => digits(random() * 32 ** 8, 8);
  return `${prefix}_${digits(now, 10)}${chance()}${chance()}`;
}

/** A lease and the decision that granted it share all digits; so does a refusal with the lease that it would have been. */
export const decisionIdOf = (leaseId: string): string => leaseId.replace(/^lse_/, "dec_");
export const leaseIdOf = (decisionId: string): string => decisionId.replace(/^dec_/, "lse_");
