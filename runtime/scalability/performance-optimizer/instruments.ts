import type { Metrics } from "../../kernel/telemetry/metrics";
import type { Experiment } from "./experiments/schemas";
import type { Rejection } from "./right-sizing/sample-check";

/** The engine's metrics. */
export function createInstruments(metrics: Metrics) {
  const samples = metrics.counter("mno_optimizer_samples_total", "Samples of usage by what became of them", ["result"]);
  const workloads = metrics.gauge("mno_optimizer_workloads", "Workloads whose usage is known");
  const advice = metrics.counter("mno_optimizer_advice_total", "Advice issued");
  const applied = metrics.counter("mno_optimizer_applied_total", "Advice applied and reverted", ["action"]);
  const experiments = metrics.counter("mno_optimizer_experiments_total", "Experiments that ended", ["outcome"]);
  return {
    sampled: (result: "accepted" | Rejection): void => samples.inc({ result }),
    tracking: (count: number): void => workloads.set(count),
    advised: (): void => advice.inc(),
    changed: (action: "applied" | "reverted"): void => applied.inc({ action }),
    experimentEnded: (outcome: NonNullable<Experiment["outcome"]>): void => experiments.inc({ outcome }),
  };
}

export type Instruments = ReturnType<typeof createInstruments>;
