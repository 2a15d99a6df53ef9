import type { Metrics } from "../../../kernel/telemetry/metrics";

const ASSESSMENT_BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.5] as const;

/** Metrics of identity, sessions, signals and limits. Labels are closed sets, and names of quotas, which configuration bounds. */
export function createIdentityInstruments(metrics: Metrics) {
  const sessions = metrics.counter(
    "mno_gateway_sessions_total",
    "Sessions by what happened: established, replaced (rotated by a step-up), revoked, refused (presented after its end)",
    ["outcome"],
  );
  const logins = metrics.counter("mno_gateway_logins_total", "Logins by outcome: success, failure, step-up", [
    "outcome",
  ]);
  const assessments = metrics.histogram(
    "mno_gateway_assessment_seconds",
    "Time that behavioural authentication took, by outcome: assessed, failed, open (not asked: it was away)",
    ["outcome"],
    ASSESSMENT_BUCKETS,
  );
  const signals = metrics.counter(
    "mno_gateway_signals_total",
    "Security events received, by type and outcome: applied, repeated, ignored, refused",
    ["event", "outcome"],
  );
  const limited = metrics.counter("mno_gateway_rate_limited_total", "Requests over a quota", ["quota"]);
  const changesAge = metrics.gauge(
    "mno_gateway_revocations_age_seconds",
    "Since revocations of other replicas were looked at; above 0.75 nothing that is remembered is used",
  );
  return {
    session: (outcome: "established" | "replaced" | "revoked" | "refused"): void => sessions.inc({ outcome }),
    login: (outcome: "success" | "failure" | "step-up"): void => logins.inc({ outcome }),
    assessed: (outcome: "assessed" | "failed" | "open", seconds: number): void =>
      assessments.observe({ outcome }, seconds),
    signal: (event: string, outcome: "applied" | "repeated" | "ignored" | "refused"): void =>
      signals.inc({ event, outcome }),
    limited: (quota: string): void => limited.inc({ quota }),
    changesAge: (seconds: number): void => changesAge.set(seconds),
  };
}
