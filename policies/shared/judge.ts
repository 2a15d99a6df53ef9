/** Runs a rule over resources and decides what each finding amounts to. Pure: the adapter and the tests both call this. */
import type { Resource, Rule } from "./rule";
import { stackOf } from "./rule";
import { EXEMPT_SCHEMA, exemptionFor, parseExemptions } from "./exemptions";
import { guarded, type Finding } from "./unknown";

export interface Judgement {
  /** violation counts at the rule's level; exempt and unchecked are told, and stop nothing. */
  outcome: "violation" | "exempt" | "unchecked";
  message: string;
  urn?: string;
}

/** The configuration schema of a rule as Pulumi gets it: its own keys and `exempt`. */
export function configSchema(rule: Rule) {
  return { properties: { ...rule.config, exempt: EXEMPT_SCHEMA } };
}

/**
 * Judges one rule. `resources` is the single resource of a resource rule, or the whole stack.
 * @throws Error when the rule's configuration is not valid.
 */
export function judge(
  rule: Rule,
  resources: readonly Resource[],
  raw: Record<string, unknown>,
  now: Date,
): Judgement[] {
  const { exempt, ...given } = raw;
  const unknownKeys = Object.keys(given).filter((key) => !(key in rule.config) && key !== "enforcementLevel");
  if (unknownKeys.length > 0) {
    const known = [...Object.keys(rule.config), "exempt"].join(", ");
    throw new Error(`${rule.id}: unknown configuration ${unknownKeys.join(", ")}. The keys of this rule are ${known}.`);
  }
  const exemptions = parseExemptions(rule.id, exempt);
  const context = { config: withDefaults(rule, given), now, stack: stackOf(resources[0]?.urn ?? "") };

  const judgements: Judgement[] = [];
  const judgeFinding = (finding: Finding, subject: Resource | undefined): void => {
    const where = subject === undefined ? {} : { urn: subject.urn };
    const match = subject && exemptionFor(exemptions, subject, now);
    if (finding.unchecked) {
      judgements.push({
        outcome: "unchecked",
        message: `${rule.id} could not be checked: ${finding.message}`,
        ...where,
      });
    } else if (match && !match.expired) {
      const { reason, expires } = match.exemption;
      const message = `${rule.id} is exempt until ${expires} (${reason}): ${finding.message}`;
      judgements.push({ outcome: "exempt", message, ...where });
    } else {
      const note = match ? ` The exemption of ${subject.name} expired on ${match.exemption.expires}.` : "";
      judgements.push({ outcome: "violation", message: `${rule.id}: ${finding.message}${note}`, ...where });
    }
  };

  if (rule.scope === "resource") {
    for (const resource of resources) {
      for (const finding of guarded(resource.urn, () => rule.evaluate(resource, context)))
        judgeFinding(finding, resource);
    }
  } else {
    const byUrn = new Map(resources.map((resource) => [resource.urn, resource]));
    for (const finding of guarded(undefined, () => rule.evaluate(resources, context))) {
      judgeFinding(finding, finding.urn === undefined ? undefined : byUrn.get(finding.urn));
    }
  }
  return judgements;
}

function withDefaults(rule: Rule, given: Record<string, unknown>): Record<string, unknown> {
  const defaults = Object.entries(rule.config).flatMap(([key, schema]) =>
    schema.default === undefined ? [] : [[key, schema.default] as const],
  );
  return { ...Object.fromEntries(defaults), ...given };
}
