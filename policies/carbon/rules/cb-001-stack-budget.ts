import { LOCAL_KIND } from "../../shared/local";
import { POD_KINDS } from "../../shared/podspec";
import type { Resource, StackRule } from "../../shared/rule";
import { guarded } from "../../shared/unknown";
import { INSTANCE_KIND, NODE_GROUP_KIND } from "../cloud";
import { estimate, type EstimateConfig } from "../estimate";
import { INTENSITIES_SCHEMA } from "../intensity";
import { autoscalerBounds } from "../scaling";

interface Config extends EstimateConfig {
  budgetGramsPerMonth: number;
}

export const stackBudget: StackRule<Config> = {
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
    rule: "Estimated operational emissions at maximum scale do not exceed the budget; what has no estimate is named.",
    why: "Carbon is decided when capacity is declared. A gate that counts unknown things as zero passes the largest of them.",
    avoid: "2 x m7i.48xlarge against a budget of 1 kg a month",
    prefer: "right-sized requests, bounded autoscalers, a cleaner zone, hours-per-month on what sleeps",
  },
  remediation:
    "Lower requests or maximum replicas, move to a cleaner region, declare machine-native-ops/hours-per-month for what does not run " +
    "all the time, or raise budgetGramsPerMonth as a decision of its own.",
  config: {
    budgetGramsPerMonth: {
      type: "number",
      minimum: 0,
      default: 25_000,
      description: "Budget of the stack in gCO2e a month.",
    },
    zone: {
      type: "string",
      minLength: 1,
      description: "Zone of local and Kubernetes workloads, as a region of the table or a key of intensities.",
    },
    intensities: INTENSITIES_SCHEMA,
    utilisation: {
      type: "number",
      minimum: 0,
      maximum: 1,
      default: 0.5,
      description: "CPU utilisation assumed, 0 to 1.",
    },
    wattsPerCore: {
      type: "number",
      exclusiveMinimum: 0,
      description: "Measured watts of one core; default: mean of the table.",
    },
    pue: {
      type: "number",
      minimum: 1,
      description: "Power usage effectiveness; default AWS 1.135, elsewhere the highest known.",
    },
    assumedMaximumReplicas: {
      type: "integer",
      minimum: 1,
      default: 10,
      description: "Replicas counted where an autoscaler declares no maximum, and nodes counted for a DaemonSet.",
    },
  },
  kinds: [LOCAL_KIND, ...POD_KINDS, INSTANCE_KIND, NODE_GROUP_KIND],
  *evaluate(resources, { config }) {
    const counted: { resource: Resource; gramsPerMonth: number; working: string }[] = [];
    const bounds = autoscalerBounds(resources);
    for (const resource of resources) {
      const { urn } = resource;
      yield* guarded(urn, function* () {
        const result = estimate(resource, config, bounds);
        if (result === undefined) return;
        if ("problem" in result) {
          const message = result.uncovered ? `${result.problem}.` : `${resource.name} ${result.problem}.`;
          yield { urn, message, ...(result.uncovered ? { unchecked: true } : {}) };
        } else counted.push({ resource, ...result });
      });
    }
    const total = counted.reduce((sum, { gramsPerMonth }) => sum + gramsPerMonth, 0);
    if (total <= config.budgetGramsPerMonth) return;
    const largest = counted
      .toSorted((a, b) => b.gramsPerMonth - a.gramsPerMonth)
      .slice(0, 3)
      .map(({ resource, gramsPerMonth, working }) => `  ${resource.name}: ${kilograms(gramsPerMonth)} = ${working}`);
    yield {
      message:
        `estimated ${kilograms(total)} CO2e a month (operational, average signal), budget ${kilograms(config.budgetGramsPerMonth)}. ` +
        `The largest of ${counted.length}:\n${largest.join("\n")}`,
    };
  },
};

function kilograms(grams: number): string {
  return `${(grams / 1000).toFixed(2)} kg`;
}
