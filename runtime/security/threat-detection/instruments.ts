import type { Metrics } from "../../kernel/telemetry/metrics";

/** The engine's metrics. */
export function createInstruments(metrics: Metrics) {
  const events = metrics.counter("mno_threat_detection_events_total", "Events looked at, by source", ["source"]);
  const findings = metrics.counter(
    "mno_threat_detection_findings_total",
    "Findings by kind of detector and what came of them",
    ["kind", "outcome"],
  );
  const seconds = metrics.histogram("mno_threat_detection_event_seconds", "Time to look at one event");
  const shifts = metrics.gauge(
    "mno_threat_detection_shifts",
    "Shifts of what is usual since the start, over all pipelines",
  );
  const models = metrics.gauge("mno_threat_detection_supervised_models", "Supervised models by state", ["state"]);
  const feedback = metrics.counter("mno_threat_detection_feedback_total", "Alerts that an analyst settled", [
    "verdict",
  ]);
  const lost = metrics.gauge(
    "mno_threat_detection_pattern_losses",
    "Keys that made room and events that came too late",
    ["kind"],
  );
  return {
    looked: (source: "bus" | "http"): (() => void) => {
      events.inc({ source });
      const stop = seconds.startTimer();
      return () => void stop();
    },
    /** Detectors' names are of few kinds: what is before the colon. */
    found: (detector: string, outcome: string): void => findings.inc({ kind: detector.split(":", 1)[0]!, outcome }),
    shifted: (count: number): void => shifts.set(count),
    supervised: (states: readonly string[]): void => {
      for (const state of ["ready", "runtime-missing", "untrusted", "invalid"])
        models.set({ state }, states.filter((one) => one === state).length);
    },
    settled: (verdict: string): void => feedback.inc({ verdict }),
    losses: ({ forgotten, late }: { forgotten: number; late: number }): void => {
      lost.set({ kind: "forgotten" }, forgotten);
      lost.set({ kind: "late" }, late);
    },
  };
}

export type Instruments = ReturnType<typeof createInstruments>;
