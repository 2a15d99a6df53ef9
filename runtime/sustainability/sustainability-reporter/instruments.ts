import type { Metrics } from "../../kernel/telemetry/metrics";

/** The engine's metrics. */
export function createInstruments(metrics: Metrics) {
  const events = metrics.counter("mno_reporter_events_total", "Events of the other engines, by what came of them", [
    "outcome",
  ]);
  const revisions = metrics.counter("mno_reporter_revisions_total", "Reports closed or restated", ["kind"]);
  const seconds = metrics.histogram("mno_reporter_report_seconds", "Time to make one report");
  return {
    added({ fresh, late, repeated }: { fresh: number; late: number; repeated: number }): void {
      events.inc({ outcome: "added" }, fresh - late);
      events.inc({ outcome: "late" }, late);
      events.inc({ outcome: "repeated" }, repeated);
    },
    closed: (revision: number): void => revisions.inc({ kind: revision === 1 ? "closed" : "restated" }),
    reportTimer: (): (() => void) => {
      const stop = seconds.startTimer();
      return () => void stop();
    },
  };
}

export type Instruments = ReturnType<typeof createInstruments>;
