import type { Metrics } from "../../kernel/telemetry/metrics";
import type { CommonKnowledge } from "./common-knowledge";
import type { AssessmentRecord, Outcome } from "./schemas";

/** The engine's metrics. Users, addresses and devices are never labels. */
export function createInstruments(metrics: Metrics) {
  const assessments = metrics.counter("mno_behavior_assessments_total", "Attempts assessed", ["level"]);
  const outcomes = metrics.counter("mno_behavior_outcomes_total", "Outcomes told", ["outcome"]);
  const learned = metrics.counter("mno_behavior_learned_total", "Outcomes that a user's history took in");
  const impossible = metrics.counter("mno_behavior_impossible_travels_total", "Attempts after impossible travel");
  const seconds = metrics.histogram("mno_behavior_assessment_seconds", "Time of one assessment, its storing included");
  const error = metrics.gauge("mno_behavior_calibration_error_ratio", "Expected calibration error over known outcomes");
  const labels = metrics.gauge("mno_behavior_calibration_labels", "Known outcomes that calibration rests on");
  const threshold = metrics.gauge("mno_behavior_threshold_score", "Score from which a level begins", ["level"]);
  const reports = metrics.counter("mno_behavior_reports_total", "Findings of other engines taken in");
  return {
    timer: (): (() => void) => {
      const stop = seconds.startTimer();
      return () => void stop();
    },
    assessed({ level, travel }: AssessmentRecord): void {
      assessments.inc({ level });
      if (travel.verdict === "impossible") impossible.inc();
    },
    settled(outcome: Outcome, taught: boolean): void {
      outcomes.inc({ outcome });
      if (taught) learned.inc();
    },
    reported: (): void => reports.inc(),
    knows({ current: { calibration, thresholds }, calibrationError }: CommonKnowledge): void {
      labels.set(calibration.labels);
      if (calibrationError !== undefined) error.set(calibrationError);
      threshold.set({ level: "medium" }, thresholds.medium);
      threshold.set({ level: "high" }, thresholds.high);
    },
  };
}

export type Instruments = ReturnType<typeof createInstruments>;
