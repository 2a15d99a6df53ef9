import { LOCAL_KIND } from "../../shared/local";
import { POD_KINDS } from "../../shared/podspec";
import type { StackRule } from "../../shared/rule";
import { guarded, type Finding } from "../../shared/unknown";
import { CLOUD_KINDS } from "../cloud";
import { ESTIMATE_SCHEMA, configuredFactors, type EstimateConfig } from "../configuration";
import { estimate, stackView } from "../estimate";
import { PUBLISHED, type Factors } from "../factors";
import { accountText, total, type Counted } from "../report";

interface Config extends EstimateConfig {
  budgetGramsPerMonth: number;
  refuseUnknown: boolean;
}

/** The rule over given factors; the pack uses the published tables, comparisons bring others. */
export function stackBudgetOf(tables: Factors): StackRule<Config> {
  return {
    scope: "stack",
    id: "CB-001",
    name: "carbon-budget",
    title: "The stack stays within its carbon budget",
    severity: "high",
    enforcement: "mandatory",
    frameworks: [
      {
        name: "Software Carbon Intensity (ISO/IEC 21031)",
        version: "2024",
        clause: "Operational emissions O = E x I, energy of all hardware reserved or provisioned",
      },
    ],
    card: {
      rule: "Estimated operational emissions at maximum scale do not exceed the budget; what has no estimate is refused.",
      why: "Carbon is decided when capacity is declared. A gate that counts unknown things as zero passes the largest of them.",
      avoid: "2 x m7i.48xlarge against a budget of 1 kg a month",
      prefer: "right-sized requests, bounded autoscalers, a cleaner zone, hours-per-month on what sleeps",
    },
    remediation:
      "Lower requests or maximum replicas, move to a cleaner region, declare machine-native-ops/hours-per-month for what does not run " +
      "all the time, or raise budgetGramsPerMonth as a decision of its own. What has no estimate takes an upper bound from machines, " +
      "wattsPerGpu, intensities or assumedGramsPerMonth.",
    config: {
      budgetGramsPerMonth: {
        type: "number",
        minimum: 0,
        default: 25_000,
        description: "Budget of the stack in gCO2e a month.",
      },
      refuseUnknown: {
        type: "boolean",
        default: false,
        description: "Refuse a preview in which a value of the estimate is not known yet, in place of saying so.",
      },
      ...ESTIMATE_SCHEMA,
    },
    kinds: [LOCAL_KIND, ...POD_KINDS, ...CLOUD_KINDS],
    *evaluate(resources, { config }) {
      const counted: Counted[] = [];
      const factors = configuredFactors(config, tables);
      const view = stackView(resources, config);
      let unknown = 0;
      for (const resource of resources) {
        const { urn, name } = resource;
        const findings = guarded(urn, function* () {
          const result = estimate(resource, config, view, factors);
          if (result === undefined) return;
          if ("problem" in result) yield { urn, message: `${name} ${result.problem}.` };
          else counted.push({ resource, estimate: result });
        });
        for (const finding of findings) {
          if (finding.unchecked) unknown++;
          yield config.refuseUnknown ? refused(finding) : finding;
        }
      }
      if (total(counted).maximum <= config.budgetGramsPerMonth) return;
      const gap = unknown === 0 ? "" : ` ${unknown} more not known before the update and not in it.`;
      yield { message: accountText(counted, config.budgetGramsPerMonth, config.signal) + gap };
    },
  };
}

export const stackBudget = stackBudgetOf(PUBLISHED);

function refused({ urn, message }: Finding): Finding {
  return { ...(urn === undefined ? {} : { urn }), message };
}
