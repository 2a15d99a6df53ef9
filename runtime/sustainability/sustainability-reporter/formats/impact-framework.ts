import { stringify } from "yaml";
import type { ReportBody } from "../engine";

/** Release that the manifest was tried with; `if-check` asks for a dependency of this name. */
const IF_VERSION = "1.1.0";
const IF_CORE = "@grnsft/if-core@0.0.31";

const SUMMED = { time: "sum", component: "sum" } as const;
const parameter = (unit: string, description: string) => ({ unit, description, "aggregation-method": SUMMED });

interface Sums {
  energy: number;
  carbon: number;
}

/**
 * The report as an executed manifest of the Green Software Foundation's Impact Framework: one component for each region,
 * tenant and workload, its carbon the sum of operational (location-based, average signal) and embodied. The results are in
 * it, so that `if-check` runs it again and compares; they are added up in the framework's own order, for floating-point
 * sums depend on it.
 */
export function impactFramework(body: ReportBody): string {
  const from = Date.parse(body.period.from);
  const time = { timestamp: body.period.from, duration: (Date.parse(body.period.to) - from) / 1000 };
  const total: Sums = { energy: 0, carbon: 0 };
  const children: Record<string, unknown> = {};
  for (const { name, ...amounts } of componentsOf(body)) {
    const input = { ...time, ...amounts };
    const carbon = 0 + amounts["carbon-operational"] + amounts["carbon-embodied"];
    total.energy += amounts.energy;
    total.carbon += carbon;
    children[name] = {
      pipeline: { compute: ["carbon"] },
      inputs: [input],
      outputs: [{ ...input, carbon }],
      aggregated: { energy: amounts.energy, carbon },
    };
  }
  const marginal = body.totals.marginalGramsCo2e;
  const manifest = {
    name: `emissions ${body.period.from} to ${body.period.to}`,
    description: [
      "energy in kWh, carbon in gCO2e; operational carbon is location-based by the average signal",
      ...(marginal === null ? [] : [`${marginal} gCO2e by the marginal signal are in no figure here`]),
      ...body.signals.map(
        ({ signal, sources, methods, dataFrom, dataTo }) =>
          `${signal} intensity of ${sources.join(", ")}, data of ${dataFrom} to ${dataTo}, energy by ${methods.join(", ")}`,
      ),
    ].join("; "),
    tags: null,
    aggregation: { metrics: ["energy", "carbon"], type: "both" },
    initialize: {
      plugins: {
        carbon: {
          path: "builtin",
          method: "Sum",
          config: { "input-parameters": ["carbon-operational", "carbon-embodied"], "output-parameter": "carbon" },
          "parameter-metadata": {
            inputs: { energy: parameter("kWh", "energy at the meter of the data centre") },
            outputs: { carbon: parameter("gCO2e", "operational and embodied carbon") },
          },
        },
      },
    },
    execution: {
      command: "if-run",
      environment: {
        "if-version": IF_VERSION,
        os: "any",
        "os-version": "any",
        "node-version": "any",
        "date-time": body.period.to,
        dependencies: [IF_CORE],
      },
      status: "success",
    },
    tree: { children, outputs: [{ ...total, ...time }], aggregated: total },
  };
  // All text in quotes: a reader of YAML 1.1 takes a bare time for a date, and "no" for false.
  return stringify(manifest, { defaultStringType: "QUOTE_DOUBLE", defaultKeyType: "PLAIN", lineWidth: 0 });
}

interface Component {
  name: string;
  energy: number;
  "carbon-operational": number;
  "carbon-embodied": number;
}

/** Two components never have one name, whatever slashes are in theirs. Source: RFC 6901 (JSON Pointer). */
const segment = (name: string): string => name.replaceAll("~", "~0").replaceAll("/", "~1");

/** A tree of the framework needs at least one component. */
function componentsOf({ workloads }: ReportBody): Component[] {
  if (workloads.length === 0) return [{ name: "/nothing", energy: 0, "carbon-operational": 0, "carbon-embodied": 0 }];
  return workloads.map(({ region, tenant, workload, kind, ...amounts }) => ({
    // The slashes also keep a name from being a whole number, which JavaScript would put before the others.
    name: [region, tenant ?? "", workload ?? "", kind].map(segment).join("/"),
    energy: Number(amounts.energyKwh),
    "carbon-operational": Number(amounts.locationBasedGramsCo2e),
    "carbon-embodied": Number(amounts.embodiedGramsCo2e),
  }));
}
