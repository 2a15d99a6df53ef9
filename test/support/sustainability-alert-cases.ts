import { Severity } from "../../components/observability/fabrics/description";
import type { AlertCase, Series } from "./alert-cases";

const { Warning } = Severity;
const NAMESPACE = { namespace: "mno" };

const LOOKS = 'mno_carbon_sample_seconds_count{namespace="mno", instance="a"}';
const late = (values: string): Series => ({
  'mno_carbon_late_records_total{namespace="mno", what="intensity"}': values,
});
const modelled = (node: string, method: string, values: string): Series => ({
  [`mno_carbon_node_energy_kwh_total{namespace="mno", node="${node}", method="${method}"}`]: values,
});
const measured = (node: string, values: string): Series => modelled(node, "rapl", values);
const node = (name: string): Series => ({
  [`mno_erm_capacity_cpu_cores{namespace="mno", node="${name}"}`]: "4x300",
});
const used = (workload: string, values: string): Series => ({
  [`mno_carbon_workload_energy_kwh_total{namespace="mno", workload="${workload}"}`]: values,
});
const budget = (percent: string, looks = "0+12x60"): Series => ({
  'mno_carbon_budget_used_percent{namespace="mno", instance="a", budget="shop"}': percent,
  [LOOKS]: looks,
});
const waiting = (values: string): Series => ({ 'mno_green_jobs{namespace="mno", state="waiting"}': values });
const plans = (outcome: string, values: string): Series => ({
  [`mno_green_plans_total{namespace="mno", outcome="${outcome}"}`]: values,
});
const finished = (outcome: string, values: string): Series => ({
  [`mno_green_finished_total{namespace="mno", outcome="${outcome}"}`]: values,
});
const released = (grounds: string, values: string): Series => ({
  [`mno_green_releases_total{namespace="mno", grounds="${grounds}"}`]: values,
});
const grams = (emitted: string, baseline: string): Series => ({
  'mno_green_carbon_grams_total{namespace="mno"}': emitted,
  'mno_green_baseline_carbon_grams_total{namespace="mno"}': baseline,
});
const judged = (promised: string, saved: string): Series => ({
  'mno_energy_expected_kwh_total{namespace="mno", kind="sleep"}': promised,
  'mno_energy_saved_kwh{namespace="mno", kind="sleep"}': saved,
});
const moved = (state: string, values: string): Series => ({
  [`mno_energy_plan_changes_total{namespace="mno", kind="consolidate", state="${state}"}`]: values,
});
const failures = (loop: string, values: string): Series => ({
  [`mno_agent_loop_failures_total{namespace="mno", engine="sustainability-reporter", loop="${loop}"}`]: values,
});
const revisions = (kind: string, values: string): Series => ({
  [`mno_reporter_revisions_total{namespace="mno", kind="${kind}"}`]: values,
});
const lag = (values: string): Series => ({
  'mno_bus_lag{namespace="mno", consumer="sustainability-reporter"}': values,
});

const answers = (feed: string, question: string, values: string): Series => ({
  [`mno_intensity_answers_total{namespace="mno", instance="a", feed="${feed}", question="${question}"}`]: values,
});
const foretold = (feed: string, by: string, values: string): Series => ({
  [`mno_intensity_forecasts_total{namespace="mno", instance="a", feed="${feed}", by="${by}"}`]: values,
});
const passedOver = (values: string): Series => ({
  'mno_intensity_fallbacks_total{namespace="mno", instance="a", feed="entsoe"}': values,
});
const age = (feed: string, values: string): Series => ({
  [`mno_intensity_data_age_seconds{namespace="mno", instance="a", feed="${feed}"}`]: values,
});

/** Of the sustainability fabric's alerts. */
export const SUSTAINABILITY_ALERT_CASES: readonly AlertCase[] = [
  {
    alert: "MnoIntensityFeedPassedOver",
    severity: Warning,
    atMinute: 60,
    fires: { ...answers("static", "now", "0+1x80"), ...answers("uk", "now", "0+3x80"), ...passedOver("0+1x80") },
    labels: { ...NAMESPACE, feed: "entsoe" },
    summary: "For 25% of the answers the feed entsoe was passed over, though it knows the region",
    quiet: {
      "it answers, but for a moment": {
        ...answers("entsoe", "now", "0+4x80"),
        ...answers("static", "now", "0x40 3x40"),
        ...passedOver("0x40 3x40"),
      },
    },
  },
  {
    alert: "MnoIntensityFromTable",
    severity: Warning,
    atMinute: 60,
    fires: { ...answers("static", "now", "0+1x80"), ...answers("uk", "now", "0+3x80"), ...passedOver("0+1x80") },
    labels: NAMESPACE,
    summary: "25% of the answers are a table's, because no feed has a figure",
    quiet: {
      "another feed stands in": { ...answers("uk", "now", "0+4x80"), ...passedOver("0+1x80") },
      "tables are all there is": answers("static", "now", "0+4x80"),
      "old history is a table's by right": {
        ...answers("uk", "now", "0+4x80"),
        ...answers("static", "history", "0+4x80"),
        ...passedOver("0+4x80"),
      },
    },
  },
  {
    alert: "MnoIntensityStale",
    severity: Warning,
    atMinute: 90,
    fires: { ...answers("entsoe", "now", "0+4x120"), ...age("entsoe", "21600x120") },
    labels: { ...NAMESPACE, feed: "entsoe" },
    summary: "The feed entsoe answers with data that are 6h 0m 0s old",
    quiet: {
      "it is as late as always": { ...answers("entsoe", "now", "0+4x120"), ...age("entsoe", "10800x120") },
      "nobody asks it any more": { ...answers("entsoe", "now", "9x120"), ...age("entsoe", "21600x120") },
      "it is a table": { ...answers("static", "now", "0+4x120"), ...age("static", "30000000x120") },
    },
  },
  {
    alert: "MnoIntensityUnanswered",
    severity: Warning,
    atMinute: 40,
    fires: { 'mno_intensity_unanswered_total{namespace="mno", question="now"}': "_x5 0+2x50" },
    labels: { ...NAMESPACE, question: "now" },
    summary: "No feed has a carbon intensity that can be believed (now)",
    quiet: {
      "a question was not answered": { 'mno_intensity_unanswered_total{namespace="mno", question="now"}': "_x30 2x20" },
    },
  },
  {
    alert: "MnoIntensityForecastUntrusted",
    severity: Warning,
    atMinute: 110,
    fires: { ...foretold("uk", "feed", "0+1x120"), ...foretold("uk", "persistence", "0+3x120") },
    labels: { ...NAMESPACE, feed: "uk" },
    summary: "75% of the forecasts of the feed uk are not its own",
    quiet: {
      "most are its own": { ...foretold("uk", "feed", "0+3x120"), ...foretold("uk", "persistence", "0+1x120") },
      "it was so for some minutes": {
        ...foretold("uk", "feed", "0+1x60 60x10 61+1x50"),
        ...foretold("uk", "persistence", "0x60 0+1x10 10x50"),
      },
      "tables are all there is": {
        ...foretold("profile", "profile", "0+4x120"),
        ...foretold("static", "flat", "0+4x120"),
      },
      "the feed has no forecasts by nature": {
        ...foretold("entsoe", "persistence", "0+4x120"),
        ...foretold("uk", "feed", "0x120"),
      },
    },
  },
  {
    alert: "MnoCarbonMonitorSilent",
    severity: Warning,
    atMinute: 40,
    fires: { [LOOKS]: "0+12x10 120x40" },
    labels: NAMESPACE,
    summary: "No node was looked at for 10 minutes: what is used meanwhile is in no record",
    quiet: {
      "it looks": { [LOOKS]: "0+12x60" },
      "another replica leads by now": {
        [LOOKS]: "0+12x10 120x40",
        'mno_carbon_sample_seconds_count{namespace="mno", instance="b"}': "0x10 0+12x40",
      },
    },
  },
  {
    alert: "MnoCarbonRecordsLate",
    severity: Warning,
    atMinute: 40,
    fires: late("_x5 0+12x50"),
    labels: { ...NAMESPACE, what: "intensity" },
    summary: "Measured energy waits to be recorded, because the intensity has no answer",
    quiet: { "a feed failed for a moment": late("0x20 2x40") },
  },
  {
    alert: "MnoCarbonNodeNotMeasured",
    severity: Warning,
    atMinute: 200,
    fires: { ...node("a"), ...node("b"), ...measured("a", "0+1x300"), [LOOKS]: "0+12x300" },
    labels: { ...NAMESPACE, node: "b" },
    summary: "The node b has no energy on record: reports do not cover it",
    quiet: {
      "each is measured": { ...node("a"), ...measured("a", "0+1x300"), [LOOKS]: "0+12x300" },
      "there is no monitor": node("a"),
      "a measured node left": {
        ...node("a"),
        ...measured("a", "0+1x300"),
        ...measured("b", "9x300"),
        [LOOKS]: "0+12x300",
      },
    },
  },
  {
    alert: "MnoCarbonUnattributed",
    severity: Warning,
    atMinute: 150,
    fires: { ...used("web", "0+10x200"), ...used("system", "0+60x200"), ...used("idle", "0+30x200") },
    labels: NAMESPACE,
    summary: "90% of the energy is no workload's",
    quiet: { "half of it is workloads'": { ...used("web", "0+50x200"), ...used("system", "0+50x200") } },
  },
  {
    alert: "MnoCarbonLoadAssumed",
    severity: Warning,
    atMinute: 150,
    fires: { ...measured("a", "0+3x200"), ...modelled("b", "ccf-linear+assumed-load", "0+1x200") },
    labels: NAMESPACE,
    summary: "25% of the energy rests on an assumed load: nobody measures what nodes do",
    quiet: {
      "the load is known, and the power modelled": modelled("a", "ccf-linear", "0+1x200"),
      "a metrics server was away for some minutes": {
        ...measured("a", "0+1x200"),
        ...modelled("a", "ccf-linear+assumed-load", "0x100 0+1x5 5x100"),
      },
    },
  },
  {
    alert: "MnoCarbonBudgetNearlyUsed",
    severity: Warning,
    atMinute: 30,
    fires: budget("85x60"),
    labels: { ...NAMESPACE, budget: "shop" },
    summary: "85 % of the carbon budget shop are used",
    quiet: { "half is used": budget("50x60"), "all of it is used: the other alert says so": budget("120x60") },
  },
  {
    alert: "MnoCarbonBudgetExceeded",
    severity: Warning,
    atMinute: 30,
    fires: budget("120x60"),
    labels: { ...NAMESPACE, budget: "shop" },
    summary: "The carbon budget shop is exceeded: 120 % are used",
    quiet: {
      "it is not used up": budget("99x60"),
      "a former leader says so, who measures no more": budget("120x60", "100x60"),
    },
  },
  {
    alert: "MnoGreenForecastUntrusted",
    severity: Warning,
    atMinute: 30,
    fires: { 'mno_green_regions_untrusted{namespace="mno"}': "1x60", ...waiting("3x60") },
    labels: NAMESPACE,
    summary: "Jobs wait in 1 region(s) without a forecast that can be trusted, and run unplanned",
    quiet: {
      "no job is there to plan": { 'mno_green_regions_untrusted{namespace="mno"}': "1x60", ...waiting("0x60") },
      "the feed came back": { 'mno_green_regions_untrusted{namespace="mno"}': "1x20 0x40", ...waiting("3x60") },
    },
  },
  {
    alert: "MnoGreenJobsLate",
    severity: Warning,
    atMinute: 30,
    // The counter appears with the first one.
    fires: plans("late", "_x20 1x40"),
    labels: { ...NAMESPACE, outcome: "late" },
    summary: "There is no room for some jobs before their last safe start (late)",
    quiet: { "jobs are shifted": plans("shifted", "0+3x60"), "it was long ago": plans("late", "1x60") },
  },
  {
    alert: "MnoGreenDeadlinesMissed",
    severity: Warning,
    atMinute: 80,
    fires: finished("missed", "_x70 2x60"),
    labels: NAMESPACE,
    summary: "2 job(s) ended after their deadline",
    quiet: {
      "all met theirs": finished("met", "0+1x120"),
      "it was yesterday": finished("missed", "2x120"),
      "jobs failed by themselves, or were deleted": {
        ...finished("failed", "0+1x120"),
        ...finished("deleted", "0+1x120"),
      },
    },
  },
  {
    alert: "MnoGreenDeclarationsInvalid",
    severity: Warning,
    atMinute: 80,
    fires: released("invalid", "_x70 1x60"),
    labels: NAMESPACE,
    summary: "Jobs were let run at once, because what they declare is not valid",
    quiet: { "they run by plan": released("plan", "0+1x120") },
  },
  {
    alert: "MnoGreenShiftingLoses",
    severity: Warning,
    atMinute: 1530,
    fires: grams("0+11x1600", "0+10x1600"),
    labels: NAMESPACE,
    summary: "Jobs of a day emitted 110% of what they would have from a start at once",
    quiet: {
      "it saves": grams("0+8x1600", "0+10x1600"),
      "hardly more": grams("0+103x1600", "0+100x1600"),
      "nothing ran": grams("0x1600", "0x1600"),
    },
  },
  {
    alert: "MnoGreenJobsUnsettled",
    severity: Warning,
    atMinute: 420,
    fires: { 'mno_green_jobs_unsettled{namespace="mno"}': "2x500" },
    labels: NAMESPACE,
    summary: "2 job(s) are over, and for six hours nothing was known of what they emitted",
    quiet: {
      "others are settled meanwhile": {
        'mno_green_jobs_unsettled{namespace="mno"}': "2x500",
        ...finished("met", "0+1x500"),
      },
      "none waits for long": { 'mno_green_jobs_unsettled{namespace="mno"}': "0x400 2x100" },
    },
  },
  {
    alert: "MnoEnergySavingsMissed",
    severity: Warning,
    atMinute: 90,
    fires: judged("100x120", "20x120"),
    labels: { ...NAMESPACE, kind: "sleep" },
    summary: "Plans of the kind sleep save 20% of what they promised",
    quiet: { "they save what they promised": judged("100x120", "97x120"), "none was judged": judged("0x120", "0x120") },
  },
  {
    alert: "MnoEnergyPlanRolledBack",
    severity: Warning,
    atMinute: 80,
    fires: moved("rolled-back", "_x70 1x60"),
    labels: { ...NAMESPACE, kind: "consolidate" },
    summary: "A consolidate plan missed its saving and was taken back",
    quiet: { "a plan was kept": moved("kept", "_x70 1x60") },
  },
  {
    alert: "MnoReportNotClosed",
    severity: Warning,
    atMinute: 80,
    fires: failures("close the month", "_x30 1x10 2x10 3x10 4x10 5x10 6x20"),
    labels: { ...NAMESPACE, loop: "close the month" },
    summary: "A report cannot be settled: close the month keeps failing",
    quiet: {
      "it failed once": failures("close the month", "_x30 1x60"),
      "another loop fails": failures("prune", "0+1x100"),
    },
  },
  {
    alert: "MnoReportRestated",
    severity: Warning,
    atMinute: 80,
    fires: revisions("restated", "_x70 1x60"),
    labels: NAMESPACE,
    summary: "A closed report has other figures now: there is a new revision",
    quiet: { "one was closed": revisions("closed", "_x70 1x60") },
  },
  {
    alert: "MnoReporterLags",
    severity: Warning,
    atMinute: 40,
    fires: lag("500x60"),
    labels: NAMESPACE,
    summary: "500 events are in no report yet, and the reporter does not catch up",
    quiet: { "it catches up in between": lag("500x10 0 500x10 0 500x10 0 500x10") },
  },
];
