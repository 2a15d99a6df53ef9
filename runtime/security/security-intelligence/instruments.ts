import type { SigmaLevel } from "../../kernel/sigma/document";
import type { Metrics } from "../../kernel/telemetry/metrics";
import type { Detector } from "./detection/detector";
import type { Verification } from "./log/verify";

export type Source = "bus" | "http" | "kubernetes" | "mesh" | "logs" | "own";

/** The engine's metrics. Rules, users and addresses are no labels: there are too many. */
export class Instruments {
  private readonly events;
  private readonly alerts;
  private readonly incidents;
  private readonly responses;
  private readonly notifications;
  private readonly faults;
  private readonly verified;
  private readonly lag;
  private readonly rules;
  private readonly state;

  constructor(metrics: Metrics) {
    this.events = metrics.counter("mno_si_events_total", "Security events by where they came from", [
      "source",
      "outcome",
    ]);
    this.alerts = metrics.counter("mno_si_alerts_total", "Alerts by level", ["level"]);
    this.incidents = metrics.counter("mno_si_incidents_announced_total", "Incidents announced");
    this.responses = metrics.counter("mno_si_responses_total", "Responses carried out", ["action", "outcome"]);
    this.notifications = metrics.counter("mno_si_notifications_total", "Notifications by outcome", ["outcome"]);
    this.faults = metrics.gauge("mno_si_log_faults", "Faults that the last verification of the log found");
    this.verified = metrics.gauge("mno_si_log_verified_timestamp_seconds", "When the log was last verified");
    this.lag = metrics.gauge("mno_si_detection_lag_events", "Events stored and not yet looked at by the rules");
    this.rules = metrics.gauge("mno_si_rules", "Sigma documents by whether they are in use", ["state"]);
    this.state = metrics.gauge("mno_si_correlation_state", "What correlations keep, and what they could not use", [
      "what",
    ]);
  }

  ingested(source: Source, { stored, duplicates }: { stored: number; duplicates: number }): void {
    this.events.inc({ source, outcome: "stored" }, stored);
    if (duplicates > 0) this.events.inc({ source, outcome: "duplicate" }, duplicates);
  }

  refused(source: Source, count: number): void {
    if (count > 0) this.events.inc({ source, outcome: "refused" }, count);
  }

  alerted(level: SigmaLevel): void {
    this.alerts.inc({ level });
  }

  announced(): void {
    this.incidents.inc();
  }

  responded(action: string, outcome: string): void {
    this.responses.inc({ action, outcome });
  }

  notified(outcome: string): void {
    this.notifications.inc({ outcome });
  }

  verification({ faults, moreFaults }: Verification, now: number): void {
    this.faults.set(faults.length + moreFaults);
    this.verified.set(now / 1000);
  }

  observe(detector: Detector, lag: number): void {
    this.lag.set(Math.max(0, lag));
    const { rules, correlations, refused } = detector.loaded;
    this.rules.set({ state: "rules" }, rules.length);
    this.rules.set({ state: "correlations" }, correlations.length);
    this.rules.set({ state: "refused" }, refused.length);
    for (const [what, value] of Object.entries<number>({ ...detector.stats() })) this.state.set({ what }, value);
  }
}
