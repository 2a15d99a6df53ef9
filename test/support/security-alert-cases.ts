import { Severity } from "../../components/observability/fabrics/description";
import type { AlertCase, Series } from "./alert-cases";

const { Critical, Warning } = Severity;
const NAMESPACE = { namespace: "mno" };

const decisions = (outcome: string, stage: string, values: string): Series => ({
  [`mno_gateway_decisions_total{namespace="mno", outcome="${outcome}", stage="${stage}", via="proxy"}`]: values,
});
const gauge = (metric: string, values: string): Series => ({ [`${metric}{namespace="mno", instance="a"}`]: values });
const exceptions = (values: string): Series => ({
  'mno_gateway_exceptions_total{namespace="mno", exception="risk-unavailable"}': values,
});
const assessments = (outcome: string, values: string): Series => ({
  [`mno_gateway_assessment_seconds_count{namespace="mno", outcome="${outcome}"}`]: values,
});
const operations = (outcome: string, values: string): Series => ({
  [`mno_qc_operations_total{namespace="mno", operation="decrypt", outcome="${outcome}"}`]: values,
});
const responses = (outcome: string, values: string): Series => ({
  [`mno_si_responses_total{namespace="mno", action="revoke-session", outcome="${outcome}"}`]: values,
});

export const SECURITY_ALERT_CASES: readonly AlertCase[] = [
  {
    alert: "MnoGatewayUnavailable",
    severity: Critical,
    atMinute: 20,
    fires: { ...decisions("allowed", "renew", "0+90x30"), ...decisions("unavailable", "risk", "0+10x30") },
    labels: { ...NAMESPACE, stage: "risk" },
    summary: "10% of the requests are refused because risk gave no answer",
    quiet: {
      "refusals by rules are the gateway's work": {
        ...decisions("allowed", "renew", "0+50x30"),
        ...decisions("refused", "policy", "0+50x30"),
      },
    },
  },
  {
    alert: "MnoGatewayPolicyStale",
    severity: Warning,
    atMinute: 20,
    fires: gauge("mno_gateway_policy_stale", "1x30"),
    labels: NAMESPACE,
    summary: "What is written as policy cannot be used: an older set decides",
    quiet: { "it was mended within ten minutes": gauge("mno_gateway_policy_stale", "0x10 1x5 0x20") },
  },
  {
    alert: "MnoGatewayRevocationsDelayed",
    severity: Critical,
    atMinute: 20,
    fires: gauge("mno_gateway_revocations_age_seconds", "0x10 60x20"),
    labels: NAMESPACE,
    summary: "A replica has not looked at revocations for 1m 0s: ended sessions go on there",
    quiet: { "looks come every half second": gauge("mno_gateway_revocations_age_seconds", "0.5x30") },
  },
  {
    alert: "MnoGatewayEventsLost",
    severity: Warning,
    atMinute: 20,
    fires: { 'mno_gateway_events_lost_total{namespace="mno"}': "_x15 3x15" },
    labels: NAMESPACE,
    summary: "3 decisions could not be told: security intelligence does not know of them",
    quiet: { "none was lost lately": { 'mno_gateway_events_lost_total{namespace="mno"}': "3x40" } },
  },
  {
    alert: "MnoGatewayExceptionsInUse",
    severity: Warning,
    atMinute: 45,
    fires: { ...decisions("allowed", "renew", "0+100x60"), ...exceptions("0+20x60") },
    labels: NAMESPACE,
    summary: "20% of the requests are decided without risk, as their route declares",
    quiet: {
      "an assessment failed now and then": { ...decisions("allowed", "renew", "0+100x60"), ...exceptions("0+1x60") },
    },
  },
  {
    alert: "MnoAssessmentsFailing",
    severity: Warning,
    atMinute: 30,
    fires: { ...assessments("assessed", "0+80x40"), ...assessments("failed", "0+20x40") },
    labels: NAMESPACE,
    summary: "20% of the assessments of users got no answer in time",
    quiet: { "all are answered": assessments("assessed", "0+100x40") },
  },
  {
    alert: "MnoKeyOperationsFailing",
    severity: Warning,
    atMinute: 30,
    fires: { ...operations("done", "0+50x40"), ...operations("failed", "0+50x40") },
    labels: { ...NAMESPACE, operation: "decrypt" },
    summary: "50% of the operations decrypt fail",
    quiet: { "one in a hundred": { ...operations("done", "0+99x40"), ...operations("failed", "0+1x40") } },
  },
  {
    alert: "MnoKeyOperationsRefused",
    severity: Warning,
    atMinute: 20,
    fires: { 'mno_qc_refusals_total{namespace="mno", code="MNO_KEY_ACCESS_DENIED"}': "0x15 64x10" },
    labels: { ...NAMESPACE, code: "MNO_KEY_ACCESS_DENIED" },
    summary: "64 operations with keys were refused in 15 minutes (MNO_KEY_ACCESS_DENIED)",
    quiet: {
      "a caller slipped now and then": {
        'mno_qc_refusals_total{namespace="mno", code="MNO_KEY_ACCESS_DENIED"}': "0+1x60",
      },
    },
  },
  {
    alert: "MnoKeySuiteNotAllowed",
    severity: Warning,
    atMinute: 90,
    fires: gauge("mno_qc_suites_not_allowed", "1x100"),
    labels: NAMESPACE,
    summary: "1 suite(s) of keys are past their sunset and were not replaced",
    quiet: { "its keys were rotated within the hour": gauge("mno_qc_suites_not_allowed", "0x60 1x20 0x30") },
  },
  {
    alert: "MnoKeyRewrapFailing",
    severity: Warning,
    atMinute: 20,
    fires: gauge("mno_qc_rewrap_failed", "2x30"),
    labels: NAMESPACE,
    summary: "2 registered envelope(s) could not be opened when they were wrapped anew",
    quiet: { "all could": gauge("mno_qc_rewrap_failed", "0x30") },
  },
  {
    alert: "MnoKeyAuditUnsigned",
    severity: Warning,
    atMinute: 40,
    fires: gauge("mno_qc_audit_unsigned_records", "7x50"),
    labels: NAMESPACE,
    summary: "7 audit record(s) of keys wait for a signature",
    quiet: {
      "batches are signed in between": gauge("mno_qc_audit_unsigned_records", "7 0 ".repeat(25).trim()),
    },
  },
  {
    alert: "MnoDetectionModelRefused",
    severity: Warning,
    atMinute: 30,
    fires: { 'mno_threat_detection_supervised_models{namespace="mno", state="untrusted"}': "1x40" },
    labels: { ...NAMESPACE, state: "untrusted" },
    summary: "1 supervised model(s) are untrusted and not used",
    quiet: {
      "all are in use": {
        'mno_threat_detection_supervised_models{namespace="mno", state="ready"}': "2x40",
        'mno_threat_detection_supervised_models{namespace="mno", state="untrusted"}': "0x40",
      },
    },
  },
  {
    alert: "MnoSecurityIncident",
    severity: Critical,
    atMinute: 20,
    fires: { 'mno_si_incidents_announced_total{namespace="mno"}': "_x15 1x10" },
    labels: NAMESPACE,
    summary: "1 security incident(s) in 15 minutes",
    quiet: { "the last one was yesterday": { 'mno_si_incidents_announced_total{namespace="mno"}': "4x60" } },
  },
  {
    alert: "MnoSecurityLogAltered",
    severity: Critical,
    atMinute: 5,
    fires: gauge("mno_si_log_faults", "1x10"),
    labels: NAMESPACE,
    summary: "The security log is not as it was written: 1 fault(s)",
    quiet: { "it is whole": gauge("mno_si_log_faults", "0x10") },
  },
  {
    alert: "MnoSecurityLogUnverified",
    severity: Warning,
    atMinute: 3000,
    fires: gauge("mno_si_log_verified_timestamp_seconds", "60x3100"),
    labels: NAMESPACE,
    summary: "The security log was last verified 2d 1h 59m 0s ago",
    quiet: { "it never was, for it is new": gauge("mno_si_log_verified_timestamp_seconds", "0x3100") },
  },
  {
    alert: "MnoSecurityDetectionLags",
    severity: Warning,
    atMinute: 30,
    fires: gauge("mno_si_detection_lag_events", "20000x40"),
    labels: NAMESPACE,
    summary: "20000 security events wait for the rules",
    quiet: { "a burst is worked off": gauge("mno_si_detection_lag_events", "0x20 50000 20000 0x30") },
  },
  {
    alert: "MnoSecurityRulesRefused",
    severity: Warning,
    atMinute: 30,
    fires: { 'mno_si_rules{namespace="mno", state="refused"}': "2x40" },
    labels: NAMESPACE,
    summary: "2 Sigma document(s) are not in use",
    quiet: {
      "all are": {
        'mno_si_rules{namespace="mno", state="rules"}': "40x40",
        'mno_si_rules{namespace="mno", state="refused"}': "0x40",
      },
    },
  },
  {
    alert: "MnoSecurityResponsesFailing",
    severity: Critical,
    atMinute: 20,
    fires: responses("failed", "_x15 1x10"),
    labels: { ...NAMESPACE, action: "revoke-session" },
    summary: "The response revoke-session failed 1 time(s)",
    quiet: { "they work": responses("done", "0+1x30") },
  },
];
