/** Exemptions: a named resource, a reason and an end. There is no exemption without all three. */
import type { PolicyConfigJSONSchema } from "@pulumi/policy/schema";

interface Exemption {
  urn?: string;
  name?: string;
  reason: string;
  /** RFC 3339 date; the exemption holds to the end of that day, UTC. */
  expires: string;
}

export const EXEMPT_SCHEMA: PolicyConfigJSONSchema = {
  type: "array",
  default: [],
  description: "Resources that this rule lets pass: {urn or name, reason, expires (YYYY-MM-DD)}.",
  items: {
    type: "object",
    properties: {
      urn: { type: "string", minLength: 1 },
      name: { type: "string", minLength: 1 },
      reason: { type: "string", minLength: 1 },
      expires: { type: "string", pattern: "^\\d{4}-\\d{2}-\\d{2}$" },
    },
    required: ["reason", "expires"],
    additionalProperties: false,
  },
};

/** The list, checked. @throws Error naming every fault of the configuration at once. */
export function parseExemptions(ruleId: string, value: unknown): Exemption[] {
  if (value === undefined) return [];
  if (!Array.isArray(value)) throw new Error(`${ruleId}: exempt must be a list of {urn or name, reason, expires}.`);
  const faults = value.flatMap((item, index) => exemptionFaults(item).map((fault) => `exempt[${index}]${fault}`));
  if (faults.length > 0) throw new Error(`${ruleId}: the configuration is not valid. ${faults.join(" ")}`);
  return value as Exemption[];
}

function exemptionFaults(item: unknown): string[] {
  if (typeof item !== "object" || item === null) return [" must be an object {urn or name, reason, expires}."];
  const { urn, name, reason, expires } = item as Partial<Record<keyof Exemption, unknown>>;
  const faults: string[] = [];
  if (!isText(urn) && !isText(name)) faults.push(" needs a urn or a name: the resource it is for.");
  if (!isText(reason)) faults.push(".reason is required: why may this resource break the rule?");
  if (!isDate(expires)) faults.push(".expires is required: the last day it holds, as YYYY-MM-DD.");
  return faults;
}

function isText(value: unknown): value is string {
  return typeof value === "string" && value.trim() !== "";
}

function isDate(value: unknown): boolean {
  if (typeof value !== "string" || !/^\d{4}-\d{2}-\d{2}$/.test(value)) return false;
  const parsed = new Date(`${value}T00:00:00Z`);
  // A date that JavaScript rolls over (31 June) is a typing mistake, not another day.
  return !Number.isNaN(parsed.getTime()) && parsed.toISOString().startsWith(value);
}

/** The exemption that fits this resource, and whether it still holds. One that holds wins over expired ones. */
export function exemptionFor(
  exemptions: readonly Exemption[],
  resource: { urn: string; name: string },
  now: Date,
): { exemption: Exemption; expired: boolean } | undefined {
  const today = now.toISOString().slice(0, 10);
  const matching = exemptions
    .filter(
      (e) => (e.urn === undefined || e.urn === resource.urn) && (e.name === undefined || e.name === resource.name),
    )
    .map((exemption) => ({ exemption, expired: exemption.expires < today }));
  return matching.find((match) => !match.expired) ?? matching[0];
}
