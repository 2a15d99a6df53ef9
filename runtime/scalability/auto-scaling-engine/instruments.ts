import type { Metrics } from "../../kernel/telemetry/metrics";
import type { Decision } from "./decision";
import { metricName } from "./spec";

/** The engine's metrics. Labels are bounded: workloads that have a scaler, and the metrics that their scalers name. */
export function createInstruments(metrics: Metrics) {
  const desired = metrics.gauge("mno_autoscaling_desired_replicas", "Replicas the last evaluation wants", ["workload"]);
  const current = metrics.gauge("mno_autoscaling_current_replicas", "Desired replicas when last evaluated", [
    "workload",
  ]);
  const decisions = metrics.counter("mno_autoscaling_decisions_total", "Evaluations by what came of them", ["action"]);
  const seconds = metrics.histogram("mno_autoscaling_evaluation_seconds", "Time of one evaluation, scaling included");
  const scrapes = metrics.counter("mno_autoscaling_scrape_failures_total", "Replicas whose metrics could not be read");
  const values = metrics.gauge("mno_autoscaling_metric_value", "Average per replica (external: the value) last seen", [
    "workload",
    "metric",
  ]);
  const forecasts = metrics.gauge(
    "mno_autoscaling_forecast_replicas",
    "Replicas by forecast and reactive core together",
    ["workload"],
  );
  /** Workload -> metrics that may have a series. */
  const shown = new Map<string, Set<string>>();
  const forget = (workload: string): void => {
    desired.remove({ workload });
    current.remove({ workload });
    forecasts.remove({ workload });
    for (const metric of shown.get(workload) ?? []) values.remove({ workload, metric });
    shown.delete(workload);
  };
  return {
    evaluationTimer: (): (() => void) => {
      const stop = seconds.startTimer();
      return () => void stop();
    },
    scrapeFailed: (): void => scrapes.inc(),
    decided({ workload, action, desiredReplicas, inputs, prediction }: Decision): void {
      decisions.inc({ action });
      const named = new Set(inputs.scaler.metrics.map(metricName));
      // Another process may have replaced the scaler.
      for (const metric of shown.get(workload) ?? []) if (!named.has(metric)) values.remove({ workload, metric });
      shown.set(workload, named);
      desired.set({ workload }, desiredReplicas);
      current.set({ workload }, inputs.currentReplicas);
      if (prediction) forecasts.set({ workload }, prediction.replicas);
      else forecasts.remove({ workload });
      for (const { metric, value, values: each } of inputs.readings) {
        const known = value === null ? Object.values(each) : [value];
        // A value that is no longer known must not look like a present one.
        if (known.length === 0) values.remove({ workload, metric });
        else values.set({ workload, metric }, known.reduce((sum, one) => sum + one, 0) / known.length);
      }
    },
    /** Removes the series of a scaler that was deleted or replaced. */
    forget,
    /** Removes the series of all workloads but these. */
    retain(workloads: ReadonlySet<string>): void {
      for (const workload of shown.keys()) if (!workloads.has(workload)) forget(workload);
    },
  };
}

export type Instruments = ReturnType<typeof createInstruments>;
