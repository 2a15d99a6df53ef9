import { risenIn, shareOf } from "../promql";
import { type AlertDescription, Severity } from "./description";

const ENERGY = "mno_carbon_workload_energy_kwh_total";
const NODES = "mno_carbon_node_energy_kwh_total";
const BUDGET =
  // Only of who measures now: a former leader's gauge stands where it stood.
  "max by (namespace, budget) (mno_carbon_budget_used_percent" +
  " and on (namespace, instance) increase(mno_carbon_sample_seconds_count[10m]) > 0)";

const PASSED = "mno_intensity_fallbacks_total";
const FORETOLD = "mno_intensity_forecasts_total";
const PRESENT = 'mno_intensity_answers_total{question!="history"}';
/** Of the package: what answers where no feed does. */
const TABLES = 'feed=~"profile|static|demo"';

const intensity: readonly AlertDescription[] = [
  {
    name: "MnoIntensityFeedPassedOver",
    severity: Severity.Warning,
    expression:
      `sum by (namespace, feed) (rate(${PASSED}[30m]))` +
      ` / on (namespace) group_left () sum by (namespace) (rate(mno_intensity_answers_total[30m])) > 0.1`,
    holds: "15m",
    summary:
      "For {{ $value | humanizePercentage }} of the answers the feed {{ $labels.feed }} was passed over, though it knows the region",
  },
  {
    name: "MnoIntensityFromTable",
    severity: Severity.Warning,
    // Where tables are all that is configured nobody is passed over.
    expression:
      `${shareOf(PRESENT.replace("{", `{${TABLES}, `), PRESENT, "30m", "namespace")} > 0.1` +
      ` and on (namespace) sum by (namespace) (rate(${PASSED}[30m])) > 0`,
    holds: "15m",
    summary: "{{ $value | humanizePercentage }} of the answers are a table's, because no feed has a figure",
  },
  {
    name: "MnoIntensityStale",
    severity: Severity.Warning,
    // The slowest feed is 4 h behind by nature. One that nobody asks any more grows old by right.
    expression:
      `max by (namespace, feed) (mno_intensity_data_age_seconds{${TABLES.replace("=~", "!~")}}` +
      ` and on (namespace, instance, feed) sum by (namespace, instance, feed) (increase(${PRESENT}[1h])) > 0) > 18000`,
    holds: "15m",
    summary: "The feed {{ $labels.feed }} answers with data that are {{ $value | humanizeDuration }} old",
  },
  {
    name: "MnoIntensityUnanswered",
    severity: Severity.Warning,
    expression: `${risenIn("mno_intensity_unanswered_total", "15m", "namespace", "question")} > 3`,
    holds: "10m",
    summary: "No feed has a carbon intensity that can be believed ({{ $labels.question }})",
  },
  {
    name: "MnoIntensityForecastUntrusted",
    severity: Severity.Warning,
    // The chain has a series by="feed" for each configured feed that gives forecasts; tables and others have none.
    expression:
      `${shareOf(`${FORETOLD}{by!="feed"}`, FORETOLD, "1h", "namespace", "feed")} > 0.5` +
      ` and on (namespace, feed) ${FORETOLD}{by="feed"}`,
    holds: "30m",
    summary: "{{ $value | humanizePercentage }} of the forecasts of the feed {{ $labels.feed }} are not its own",
  },
];

const measuring: readonly AlertDescription[] = [
  {
    name: "MnoCarbonMonitorSilent",
    severity: Severity.Warning,
    expression: "sum by (namespace) (increase(mno_carbon_sample_seconds_count[10m])) == 0",
    holds: "5m",
    summary: "No node was looked at for 10 minutes: what is used meanwhile is in no record",
  },
  {
    name: "MnoCarbonRecordsLate",
    severity: Severity.Warning,
    expression: `${risenIn("mno_carbon_late_records_total", "15m", "namespace", "what")} > 3`,
    holds: "10m",
    summary: "Measured energy waits to be recorded, because the {{ $labels.what }} has no answer",
  },
  {
    name: "MnoCarbonNodeNotMeasured",
    severity: Severity.Warning,
    // The resource manager says which nodes there are.
    expression:
      "max by (namespace, node) (mno_erm_capacity_cpu_cores)" +
      " unless on (namespace, node) sum by (namespace, node) (increase(mno_carbon_node_energy_kwh_total[2h])) > 0" +
      " and on (namespace) count by (namespace) (mno_carbon_sample_seconds_count)",
    holds: "30m",
    summary: "The node {{ $labels.node }} has no energy on record: reports do not cover it",
  },
  {
    name: "MnoCarbonUnattributed",
    severity: Severity.Warning,
    expression: `${shareOf(`${ENERGY}{workload=~"system|idle"}`, ENERGY, "1h", "namespace")} > 0.8`,
    holds: "60m",
    summary: "{{ $value | humanizePercentage }} of the energy is no workload's",
  },
  {
    name: "MnoCarbonLoadAssumed",
    severity: Severity.Warning,
    expression: `${shareOf(`${NODES}{method=~".*assumed-load"}`, NODES, "1h", "namespace")} > 0.1`,
    holds: "60m",
    summary: "{{ $value | humanizePercentage }} of the energy rests on an assumed load: nobody measures what nodes do",
  },
  {
    name: "MnoCarbonBudgetNearlyUsed",
    severity: Severity.Warning,
    expression: `${BUDGET} >= 80 < 100`,
    holds: "0m",
    summary: "{{ $value | humanize }} % of the carbon budget {{ $labels.budget }} are used",
  },
  {
    name: "MnoCarbonBudgetExceeded",
    severity: Severity.Warning,
    expression: `${BUDGET} >= 100`,
    holds: "0m",
    summary: "The carbon budget {{ $labels.budget }} is exceeded: {{ $value | humanize }} % are used",
  },
];

const scheduling: readonly AlertDescription[] = [
  {
    name: "MnoGreenForecastUntrusted",
    severity: Severity.Warning,
    // The gauge stands still while there is nothing to plan.
    expression:
      "max by (namespace) (mno_green_regions_untrusted) > 0 and on (namespace) sum by (namespace) (mno_green_jobs) > 0",
    holds: "15m",
    summary: "Jobs wait in {{ $value }} region(s) without a forecast that can be trusted, and run unplanned",
  },
  {
    name: "MnoGreenJobsLate",
    severity: Severity.Warning,
    expression: `${risenIn('mno_green_plans_total{outcome=~"late|unplaced"}', "30m", "namespace", "outcome")} > 0`,
    holds: "0m",
    summary: "There is no room for some jobs before their last safe start ({{ $labels.outcome }})",
  },
  {
    name: "MnoGreenDeadlinesMissed",
    severity: Severity.Warning,
    expression: `${risenIn('mno_green_finished_total{outcome="missed"}', "1h", "namespace")} > 0`,
    holds: "0m",
    summary: "{{ $value | humanize }} job(s) ended after their deadline",
  },
  {
    name: "MnoGreenDeclarationsInvalid",
    severity: Severity.Warning,
    expression: `${risenIn('mno_green_releases_total{grounds="invalid"}', "1h", "namespace")} > 0`,
    holds: "0m",
    summary: "Jobs were let run at once, because what they declare is not valid",
  },
  {
    name: "MnoGreenShiftingLoses",
    severity: Severity.Warning,
    expression:
      "sum by (namespace) (increase(mno_green_carbon_grams_total[1d]))" +
      " / sum by (namespace) (increase(mno_green_baseline_carbon_grams_total[1d]) > 0) > 1.05",
    holds: "60m",
    summary: "Jobs of a day emitted {{ $value | humanizePercentage }} of what they would have from a start at once",
  },
  {
    name: "MnoGreenJobsUnsettled",
    severity: Severity.Warning,
    expression:
      "max by (namespace) (min_over_time(mno_green_jobs_unsettled[6h])) > 0" +
      " unless on (namespace) sum by (namespace) (increase(mno_green_finished_total[6h])) > 0",
    holds: "15m",
    summary: "{{ $value }} job(s) are over, and for six hours nothing was known of what they emitted",
  },
];

const saving: readonly AlertDescription[] = [
  {
    name: "MnoEnergySavingsMissed",
    severity: Severity.Warning,
    expression:
      "sum by (namespace, kind) (mno_energy_saved_kwh)" +
      " / sum by (namespace, kind) (mno_energy_expected_kwh_total > 0) < 0.5",
    holds: "60m",
    summary: "Plans of the kind {{ $labels.kind }} save {{ $value | humanizePercentage }} of what they promised",
  },
  {
    name: "MnoEnergyPlanRolledBack",
    severity: Severity.Warning,
    expression: `${risenIn('mno_energy_plan_changes_total{state="rolled-back"}', "1h", "namespace", "kind")} > 0`,
    holds: "0m",
    summary: "A {{ $labels.kind }} plan missed its saving and was taken back",
  },
];

const REPORTER = "sustainability-reporter";

const reporting: readonly AlertDescription[] = [
  {
    name: "MnoReportNotClosed",
    severity: Severity.Warning,
    // Both loops are too slow for MnoLoopFailing to see them fail.
    expression: `${risenIn(`mno_agent_loop_failures_total{engine="${REPORTER}", loop=~"close the month|restate"}`, "1h", "namespace", "loop")} > 2`,
    holds: "0m",
    summary: "A report cannot be settled: {{ $labels.loop }} keeps failing",
  },
  {
    name: "MnoReportRestated",
    severity: Severity.Warning,
    expression: `${risenIn('mno_reporter_revisions_total{kind="restated"}', "1h", "namespace")} > 0`,
    holds: "0m",
    summary: "A closed report has other figures now: there is a new revision",
  },
  {
    name: "MnoReporterLags",
    severity: Severity.Warning,
    expression: `max by (namespace) (min_over_time(mno_bus_lag{consumer="${REPORTER}"}[15m])) > 100`,
    holds: "15m",
    summary: "{{ $value }} events are in no report yet, and the reporter does not catch up",
  },
];

export const SUSTAINABILITY_ALERTS: readonly AlertDescription[] = [
  ...intensity,
  ...measuring,
  ...scheduling,
  ...saving,
  ...reporting,
];
