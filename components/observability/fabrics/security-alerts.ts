import { risenIn, shareOf } from "../promql";
import { type AlertDescription, Severity } from "./description";

const DECISIONS = "mno_gateway_decisions_total";
const ASSESSMENTS = "mno_gateway_assessment_seconds_count";
const OPERATIONS = "mno_qc_operations_total";

const gateway: readonly AlertDescription[] = [
  {
    name: "MnoGatewayUnavailable",
    severity: Severity.Critical,
    // It fails closed: what cannot be decided is refused, and users notice.
    expression:
      `sum by (namespace, stage) (rate(${DECISIONS}{outcome="unavailable"}[5m]))` +
      ` / on (namespace) group_left () sum by (namespace) (rate(${DECISIONS}[5m])) > 0.01`,
    holds: "5m",
    summary: "{{ $value | humanizePercentage }} of the requests are refused because {{ $labels.stage }} gave no answer",
  },
  {
    name: "MnoGatewayPolicyStale",
    severity: Severity.Warning,
    expression: "max by (namespace) (mno_gateway_policy_stale) > 0",
    holds: "10m",
    summary: "What is written as policy cannot be used: an older set decides",
  },
  {
    name: "MnoGatewayRevocationsDelayed",
    severity: Severity.Critical,
    expression: "max by (namespace) (mno_gateway_revocations_age_seconds) > 5",
    holds: "2m",
    summary: "A replica has not looked at revocations for {{ $value | humanizeDuration }}: ended sessions go on there",
  },
  {
    name: "MnoGatewayEventsLost",
    severity: Severity.Warning,
    expression: `${risenIn("mno_gateway_events_lost_total", "15m", "namespace")} > 0`,
    holds: "0m",
    summary: "{{ $value }} decisions could not be told: security intelligence does not know of them",
  },
  {
    name: "MnoGatewayExceptionsInUse",
    severity: Severity.Warning,
    expression: `${shareOf('mno_gateway_exceptions_total{exception="risk-unavailable"}', DECISIONS, "15m", "namespace")} > 0.05`,
    holds: "15m",
    summary: "{{ $value | humanizePercentage }} of the requests are decided without risk, as their route declares",
  },
  {
    name: "MnoAssessmentsFailing",
    severity: Severity.Warning,
    expression: `${shareOf(`${ASSESSMENTS}{outcome!="assessed"}`, ASSESSMENTS, "10m", "namespace")} > 0.05`,
    holds: "10m",
    summary: "{{ $value | humanizePercentage }} of the assessments of users got no answer in time",
  },
];

const keys: readonly AlertDescription[] = [
  {
    name: "MnoKeyOperationsFailing",
    severity: Severity.Warning,
    expression: `${shareOf(`${OPERATIONS}{outcome="failed"}`, OPERATIONS, "10m", "namespace", "operation")} > 0.05`,
    holds: "10m",
    summary: "{{ $value | humanizePercentage }} of the operations {{ $labels.operation }} fail",
  },
  {
    name: "MnoKeyOperationsRefused",
    severity: Severity.Warning,
    // A caller that is misconfigured refuses a few; one that tries keys refuses many.
    expression: `${risenIn("mno_qc_refusals_total", "15m", "namespace", "code")} > 50`,
    holds: "0m",
    summary: "{{ $value }} operations with keys were refused in 15 minutes ({{ $labels.code }})",
  },
  {
    name: "MnoKeySuiteNotAllowed",
    severity: Severity.Warning,
    expression: "max by (namespace) (mno_qc_suites_not_allowed) > 0",
    holds: "60m",
    summary: "{{ $value }} suite(s) of keys are past their sunset and were not replaced",
  },
  {
    name: "MnoKeyRewrapFailing",
    severity: Severity.Warning,
    expression: "max by (namespace) (mno_qc_rewrap_failed) > 0",
    holds: "5m",
    summary: "{{ $value }} registered envelope(s) could not be opened when they were wrapped anew",
  },
  {
    name: "MnoKeyAuditUnsigned",
    severity: Severity.Warning,
    expression: "min by (namespace) (min_over_time(mno_qc_audit_unsigned_records[10m])) > 0",
    holds: "10m",
    summary: "{{ $value }} audit record(s) of keys wait for a signature",
  },
];

const detection: readonly AlertDescription[] = [
  {
    name: "MnoDetectionModelRefused",
    severity: Severity.Warning,
    expression: 'max by (namespace, state) (mno_threat_detection_supervised_models{state=~"untrusted|invalid"}) > 0',
    holds: "15m",
    summary: "{{ $value }} supervised model(s) are {{ $labels.state }} and not used",
  },
];

const intelligence: readonly AlertDescription[] = [
  {
    name: "MnoSecurityIncident",
    severity: Severity.Critical,
    expression: `${risenIn("mno_si_incidents_announced_total", "15m", "namespace")} > 0`,
    holds: "0m",
    summary: "{{ $value }} security incident(s) in 15 minutes",
  },
  {
    name: "MnoSecurityLogAltered",
    severity: Severity.Critical,
    expression: "max by (namespace) (mno_si_log_faults) > 0",
    holds: "0m",
    summary: "The security log is not as it was written: {{ $value }} fault(s)",
  },
  {
    name: "MnoSecurityLogUnverified",
    severity: Severity.Warning,
    expression: "time() - max by (namespace) (mno_si_log_verified_timestamp_seconds > 0) > 172800",
    holds: "60m",
    summary: "The security log was last verified {{ $value | humanizeDuration }} ago",
  },
  {
    name: "MnoSecurityDetectionLags",
    severity: Severity.Warning,
    expression: "min by (namespace) (min_over_time(mno_si_detection_lag_events[10m])) > 10000",
    holds: "5m",
    summary: "{{ $value }} security events wait for the rules",
  },
  {
    name: "MnoSecurityRulesRefused",
    severity: Severity.Warning,
    expression: 'max by (namespace) (mno_si_rules{state="refused"}) > 0',
    holds: "15m",
    summary: "{{ $value }} Sigma document(s) are not in use",
  },
  {
    name: "MnoSecurityResponsesFailing",
    severity: Severity.Critical,
    expression: `${risenIn('mno_si_responses_total{outcome="failed"}', "15m", "namespace", "action")} > 0`,
    holds: "0m",
    summary: "The response {{ $labels.action }} failed {{ $value }} time(s)",
  },
];

export const SECURITY_ALERTS: readonly AlertDescription[] = [...gateway, ...keys, ...detection, ...intelligence];
