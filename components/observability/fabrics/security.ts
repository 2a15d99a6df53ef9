import { chosen, quantileOf, rateOf } from "../promql";
import { type FabricDescription, PanelKind, type Section, Unit } from "./description";
import { SECURITY_ALERTS } from "./security-alerts";

const WINDOW = "$__rate_interval";

const access: Section = {
  title: "Access",
  panels: [
    {
      title: "Decisions",
      description: "Requests decided on per second, by what came of it: allowed, refused by a rule, or nobody to ask.",
      unit: Unit.PerSecond,
      queries: [{ expression: rateOf(chosen("mno_gateway_decisions_total"), "outcome"), legend: "{{outcome}}" }],
    },
    {
      title: "Refusals by stage",
      description: "Which stage of the gateway refused.",
      unit: Unit.PerSecond,
      queries: [
        {
          expression: rateOf(chosen("mno_gateway_decisions_total", 'outcome!="allowed"'), "stage"),
          legend: "{{stage}}",
        },
      ],
    },
    {
      title: "Time of a stage",
      description: "What each stage takes at the 99th percentile; a request takes their sum.",
      unit: Unit.Seconds,
      queries: [
        {
          expression: quantileOf(0.99, chosen("mno_gateway_stage_seconds_bucket"), WINDOW, "stage"),
          legend: "{{stage}}",
        },
      ],
    },
    {
      title: "Logins and sessions",
      description: "Logins by outcome, and what became of sessions.",
      unit: Unit.PerSecond,
      queries: [
        { expression: rateOf(chosen("mno_gateway_logins_total"), "outcome"), legend: "login {{outcome}}" },
        { expression: rateOf(chosen("mno_gateway_sessions_total"), "outcome"), legend: "session {{outcome}}" },
      ],
    },
    {
      title: "What lasts",
      description: "Answers, streams and tunnels under way, and those that were cut because they no longer may.",
      unit: Unit.Count,
      queries: [
        { expression: `sum(${chosen("mno_gateway_live_exchanges")})`, legend: "under way" },
        { expression: rateOf(chosen("mno_gateway_cut_total"), "code"), legend: "cut {{code}} per second" },
      ],
    },
    {
      title: "Over a quota",
      description: "Requests refused by rate limits, by quota.",
      unit: Unit.PerSecond,
      queries: [{ expression: rateOf(chosen("mno_gateway_rate_limited_total"), "quota"), legend: "{{quota}}" }],
    },
    {
      title: "Age of revocations",
      description: "Since the replica that is furthest behind has looked for ended sessions.",
      unit: Unit.Seconds,
      queries: [{ expression: `max(${chosen("mno_gateway_revocations_age_seconds")})`, legend: "age" }],
    },
  ],
};

const behavior: Section = {
  title: "Behavior",
  panels: [
    {
      title: "Assessments",
      description: "Attempts assessed per second, by the level of their risk.",
      unit: Unit.PerSecond,
      queries: [{ expression: rateOf(chosen("mno_behavior_assessments_total"), "level"), legend: "{{level}}" }],
    },
    {
      title: "Outcomes",
      description: "What became of attempts, as the gateway and operators told.",
      unit: Unit.PerSecond,
      queries: [{ expression: rateOf(chosen("mno_behavior_outcomes_total"), "outcome"), legend: "{{outcome}}" }],
    },
    {
      title: "Time of an assessment",
      description: "At the 99th percentile; the gateway waits for it.",
      unit: Unit.Seconds,
      queries: [
        { expression: quantileOf(0.99, chosen("mno_behavior_assessment_seconds_bucket"), WINDOW), legend: "p99" },
      ],
    },
    {
      title: "Calibration",
      description: "How far probabilities are from what came true, over known outcomes.",
      unit: Unit.Share,
      queries: [{ expression: `max(${chosen("mno_behavior_calibration_error_ratio")})`, legend: "error" }],
    },
  ],
};

const cryptography: Section = {
  title: "Keys",
  panels: [
    {
      title: "Operations",
      description: "Operations with keys per second.",
      unit: Unit.PerSecond,
      queries: [
        {
          expression: rateOf(chosen("mno_qc_operations_total"), "operation", "outcome"),
          legend: "{{operation}} {{outcome}}",
        },
      ],
    },
    {
      title: "Suites in use",
      description: "Key versions that are not destroyed, by suite.",
      unit: Unit.Count,
      queries: [{ expression: `max by (suite) (${chosen("mno_qc_key_versions")})`, legend: "{{suite}}" }],
    },
    {
      title: "Wrapped anew",
      description: "Registered envelopes that still wait for the current version of their key.",
      unit: Unit.Count,
      queries: [
        { expression: `max(${chosen("mno_qc_rewrap_pending")})`, legend: "waiting" },
        { expression: `max(${chosen("mno_qc_rewrap_failed")})`, legend: "failed" },
      ],
    },
  ],
};

const detection: Section = {
  title: "Detection",
  panels: [
    {
      title: "Events looked at",
      description: "Events scored per second, by where they came from.",
      unit: Unit.PerSecond,
      queries: [{ expression: rateOf(chosen("mno_threat_detection_events_total"), "source"), legend: "{{source}}" }],
    },
    {
      title: "Findings",
      description: "Findings per second by kind of detector, and whether the day's budget had room for an alert.",
      unit: Unit.PerSecond,
      queries: [
        {
          expression: rateOf(chosen("mno_threat_detection_findings_total"), "kind", "outcome"),
          legend: "{{kind}} {{outcome}}",
        },
      ],
    },
    {
      title: "Time of an event",
      description: "What scoring one event takes, at the 99th percentile.",
      unit: Unit.Seconds,
      queries: [
        { expression: quantileOf(0.99, chosen("mno_threat_detection_event_seconds_bucket"), WINDOW), legend: "p99" },
      ],
    },
    {
      title: "Supervised models",
      description: "Models by state; those that are untrusted or invalid are not used.",
      unit: Unit.Count,
      queries: [
        {
          expression: `max by (state) (${chosen("mno_threat_detection_supervised_models")})`,
          legend: "{{state}}",
        },
      ],
    },
  ],
};

const intelligence: Section = {
  title: "Intelligence",
  panels: [
    {
      title: "Events",
      description: "Security events stored per second, by where they came from.",
      unit: Unit.PerSecond,
      queries: [
        { expression: rateOf(chosen("mno_si_events_total"), "source", "outcome"), legend: "{{source}} {{outcome}}" },
      ],
    },
    {
      title: "Alerts",
      description: "Alerts of rules per second, by level.",
      unit: Unit.PerSecond,
      queries: [{ expression: rateOf(chosen("mno_si_alerts_total"), "level"), legend: "{{level}}" }],
    },
    {
      title: "Behind",
      description: "Events that are stored and that the rules have not seen yet.",
      unit: Unit.Count,
      queries: [{ expression: `max(${chosen("mno_si_detection_lag_events")})`, legend: "events" }],
    },
    {
      title: "Faults of the log",
      description: "What the last verification found altered, missing or out of order: 0, or somebody was there.",
      unit: Unit.Count,
      kind: PanelKind.Number,
      queries: [{ expression: `max(${chosen("mno_si_log_faults")})`, legend: "faults" }],
    },
    {
      title: "Responses",
      description: "Responses carried out per second.",
      unit: Unit.PerSecond,
      queries: [
        { expression: rateOf(chosen("mno_si_responses_total"), "action", "outcome"), legend: "{{action}} {{outcome}}" },
      ],
    },
  ],
};

export const SECURITY: FabricDescription = {
  name: "security",
  title: "Security",
  sections: [access, behavior, cryptography, detection, intelligence],
  alerts: SECURITY_ALERTS,
};
