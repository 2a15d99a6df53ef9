import type { Metrics } from "../../kernel/telemetry/metrics";
import type { EnergyRecord } from "./record";

/** Series of workloads: of more, those that came last are one. Jobs come and go under new names for ever. */
const MOST_WORKLOADS = 1000;
const OTHERS = "(others)";

/** The engine's metrics. Labels are bounded: nodes, regions, declared budgets, and the first thousand workloads. */
export function createInstruments(metrics: Metrics) {
  const known = new Set<string>();
  const labelOf = (workload: string): string => {
    if (known.has(workload)) return workload;
    if (known.size >= MOST_WORKLOADS) return OTHERS;
    known.add(workload);
    return workload;
  };
  const nodeEnergy = metrics.counter("mno_carbon_node_energy_kwh_total", "Energy at the meter, PUE included", [
    "node",
    "method",
  ]);
  const power = metrics.gauge("mno_carbon_node_power_watts", "Mean power of the node at the meter in the last record", [
    "node",
  ]);
  const intensity = metrics.gauge("mno_carbon_intensity_grams_per_kwh", "Intensity that the last record rests on", [
    "region",
    "signal",
  ]);
  const energy = metrics.counter("mno_carbon_workload_energy_kwh_total", "Energy, idle share included", ["workload"]);
  const grams = metrics.counter("mno_carbon_workload_operational_grams_total", "Operational gCO2e, location-based", [
    "workload",
    "signal",
  ]);
  const embodied = metrics.counter("mno_carbon_workload_embodied_grams_total", "Share of the making of the hardware", [
    "workload",
  ]);
  const budgets = metrics.gauge("mno_carbon_budget_used_percent", "Of the limit, in the present period", ["budget"]);
  const late = metrics.counter("mno_carbon_late_records_total", "Records that had to wait, by what was not there", [
    "what",
  ]);
  const seconds = metrics.histogram("mno_carbon_sample_seconds", "Time of one look at all nodes");
  return {
    sampleTimer: (): (() => void) => {
      const stop = seconds.startTimer();
      return () => void stop();
    },
    late: (what: "intensity" | "store"): void => late.inc({ what }),
    budget: (name: string, percent: number): void => budgets.set({ budget: name }, percent),
    recorded(record: EnergyRecord): void {
      const { node, region, method, energyKwh, parts } = record;
      const { signal, gramsPerKwh } = record.intensity;
      nodeEnergy.inc({ node, method }, energyKwh);
      const hours = (Date.parse(record.to) - Date.parse(record.from)) / 3_600_000;
      power.set({ node }, (energyKwh * 1000) / hours);
      intensity.set({ region, signal }, gramsPerKwh);
      for (const part of parts) {
        const workload = part.workload === null ? part.kind : labelOf(part.workload);
        energy.inc({ workload }, part.energyKwh);
        grams.inc({ workload, signal }, part.gramsCo2e);
        embodied.inc({ workload }, part.embodiedGramsCo2e);
      }
    },
  };
}

export type Instruments = ReturnType<typeof createInstruments>;
