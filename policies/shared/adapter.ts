/** Rules as @pulumi/policy 1.21 policies. */
import type {
  Policies,
  Policy,
  ReportViolation,
  ResourceValidationPolicy,
  StackValidationPolicy,
} from "@pulumi/policy";
import { configSchema, judge, type Judgement } from "./judge";
import type { Resource, Rule } from "./rule";

/**
 * All policies of a pack: one per rule, and two of the pack's own. `record-inputs` keeps the inputs of every resource,
 * because Pulumi gives stack policies outputs, and those may be empty in a preview: a budget judged on them would pass
 * whatever it was asked. `unchecked-rules` counts at the end what could not be judged, so that a preview with gaps never
 * looks like a clean one.
 */
export function toPolicies(rules: readonly Rule[], clock: () => Date): Policies {
  const ledger = new Map<string, Resource>();
  const gaps = new Map<string, Set<string>>();
  const report = (rule: Rule, judgements: readonly Judgement[], reportViolation: ReportViolation): void => {
    for (const { outcome, message, urn } of judgements) {
      if (outcome === "violation") {
        reportViolation(message, urn);
        continue;
      }
      if (outcome === "unchecked") gaps.set(rule.id, (gaps.get(rule.id) ?? new Set()).add(urn ?? "the stack"));
      advise(reportViolation, rule, message, urn);
    }
  };

  const judged = rules.map((rule): ResourceValidationPolicy | StackValidationPolicy =>
    rule.scope === "resource"
      ? {
          ...metadata(rule),
          validateResource: (args, reportViolation) =>
            report(rule, judge(rule, [args], args.getConfig<Record<string, unknown>>(), clock()), reportViolation),
        }
      : {
          ...metadata(rule),
          validateStack: (args, reportViolation) => {
            // What was recorded is what the program asked for; a resource that was not re-registered only has its state.
            const resources = args.resources.map((resource) => ledger.get(resource.urn) ?? resource);
            report(rule, judge(rule, resources, args.getConfig<Record<string, unknown>>(), clock()), reportViolation);
          },
        },
  );
  return [recordInputs(ledger), ...judged, uncheckedRules(gaps)];
}

function recordInputs(ledger: Map<string, Resource>): ResourceValidationPolicy {
  return {
    name: "record-inputs",
    description: "Keeps every resource's inputs for the stack rules; never reports.",
    enforcementLevel: "advisory",
    validateResource: ({ type, name, urn, props, provider }) => {
      ledger.set(urn, { type, name, urn, props, ...(provider ? { provider } : {}) });
    },
  };
}

function uncheckedRules(gaps: ReadonlyMap<string, ReadonlySet<string>>): StackValidationPolicy {
  return {
    name: "unchecked-rules",
    description: "Some rules could not be checked.",
    enforcementLevel: "advisory",
    validateStack: (_args, reportViolation) => {
      if (gaps.size === 0) return;
      const total = [...gaps.values()].reduce((sum, urns) => sum + urns.size, 0);
      const list = [...gaps].map(([id, urns]) => `${id} (${urns.size})`).join(", ");
      reportViolation(
        `${total} ${total === 1 ? "check" : "checks"} could not be made: ${list}. ` +
          "What a preview does not know is judged in the update, before the resource is created.",
      );
    },
  };
}

function metadata(rule: Rule): Policy {
  const [framework] = rule.frameworks;
  return {
    name: rule.name,
    description: `${rule.id} ${rule.title}.`,
    displayName: `${rule.id} ${rule.title}`,
    enforcementLevel: rule.enforcement,
    severity: rule.severity,
    tags: [rule.id, ...rule.frameworks.map(({ name }) => name)],
    remediationSteps: rule.remediation,
    configSchema: configSchema(rule),
    // Pulumi has room for one framework; the others are in the tags and in docs/policies.md.
    ...(framework && {
      framework: {
        name: framework.name,
        version: framework.version,
        reference: framework.clause,
        specification: rule.card.rule,
      },
    }),
  };
}

/**
 * Reports below the rule's own level. @pulumi/policy takes an object with an enforcementLevel here (server.js,
 * makeReportViolationFun) without declaring it; the pack's contract test holds it to that.
 */
function advise(reportViolation: ReportViolation, rule: Rule, message: string, urn: string | undefined): void {
  const violation = { message, urn, description: `${rule.id} ${rule.title}.`, enforcementLevel: "advisory" };
  (reportViolation as unknown as (violation: object) => void)(violation);
}
