import { chosen, quantileOf, rateOf } from "../promql";
import { type Section, Unit } from "./description";

const WINDOW = "$__rate_interval";
/** Seconds of an hour: rates are by the second, emissions are told by the hour. */
const perHour = (rate: string): string => `3600 * ${rate}`;

/** The green scheduler: what waits, why it runs, and what that saved. */
export const shifting: Section = {
  title: "Green scheduling",
  panels: [
    {
      title: "Jobs",
      description:
        "Jobs that are not over, by state, and those that are over and wait for the intensity of their time.",
      unit: Unit.Count,
      queries: [
        { expression: `max by (state) (${chosen("mno_green_jobs")})`, legend: "{{state}}" },
        { expression: `max(${chosen("mno_green_jobs_unsettled")})`, legend: "unsettled" },
      ],
    },
    {
      title: "Plans",
      description: "Plans that differ from the job's plan before, per second, by what they came to.",
      unit: Unit.PerSecond,
      queries: [{ expression: rateOf(chosen("mno_green_plans_total"), "outcome"), legend: "{{outcome}}" }],
    },
    {
      title: "Starts and pauses",
      description: "Jobs let run per second, by what allowed it, and jobs suspended until their next slot.",
      unit: Unit.PerSecond,
      queries: [
        { expression: rateOf(chosen("mno_green_releases_total"), "grounds"), legend: "{{grounds}}" },
        { expression: rateOf(chosen("mno_green_pauses_total")), legend: "paused" },
      ],
    },
    {
      title: "Emitted, and from a start at once",
      description: "Emissions of the jobs that were settled, and what the same energy would have emitted unshifted.",
      unit: Unit.GramsPerHour,
      queries: [
        { expression: perHour(rateOf(chosen("mno_green_carbon_grams_total"))), legend: "emitted" },
        {
          expression: perHour(rateOf(chosen("mno_green_baseline_carbon_grams_total"))),
          legend: "from a start at once",
        },
      ],
    },
    {
      title: "Deadlines",
      description: "Jobs that are over and settled, per second; those that failed did so before their deadline.",
      unit: Unit.PerSecond,
      queries: [{ expression: rateOf(chosen("mno_green_finished_total"), "outcome"), legend: "{{outcome}}" }],
    },
    {
      title: "Planning",
      description: "Time to plan all jobs.",
      unit: Unit.Seconds,
      queries: [{ expression: quantileOf(0.99, chosen("mno_green_planning_seconds_bucket"), WINDOW), legend: "p99" }],
    },
    {
      title: "Regions without a forecast",
      description: "Regions of jobs of which no forecast is trusted: jobs there run unplanned.",
      unit: Unit.Count,
      queries: [{ expression: `max(${chosen("mno_green_regions_untrusted")})`, legend: "regions" }],
    },
  ],
};

/** The energy optimizer: what is idle, and what plans promised and kept. */
export const saving: Section = {
  title: "Energy",
  panels: [
    {
      title: "Workloads",
      description: "Workloads by what is known of their use; unknown ones were watched for too short a time.",
      unit: Unit.Count,
      queries: [{ expression: `max by (state) (${chosen("mno_energy_workloads")})`, legend: "{{state}}" }],
    },
    {
      title: "Plans",
      description: "Plans proposed per second, and plans that came to a state.",
      unit: Unit.PerSecond,
      queries: [
        { expression: rateOf(chosen("mno_energy_plans_total"), "kind"), legend: "{{kind}} proposed" },
        { expression: rateOf(chosen("mno_energy_plan_changes_total"), "kind", "state"), legend: "{{kind}} {{state}}" },
      ],
    },
    {
      title: "Saved beside promised",
      description: "Of judged plans, since the processes began; negative where more was used than before.",
      unit: Unit.KilowattHours,
      signed: true,
      queries: [
        { expression: `sum by (kind) (${chosen("mno_energy_expected_kwh_total")})`, legend: "{{kind}} promised" },
        { expression: `sum by (kind) (${chosen("mno_energy_saved_kwh")})`, legend: "{{kind}} saved" },
      ],
    },
  ],
};

/** The sustainability reporter: what comes in, and what was closed. */
export const reporting: Section = {
  title: "Reports",
  panels: [
    {
      title: "Events",
      description: "Events of the other engines per second; late ones are of a period that is closed.",
      unit: Unit.PerSecond,
      queries: [{ expression: rateOf(chosen("mno_reporter_events_total"), "outcome"), legend: "{{outcome}}" }],
    },
    {
      title: "Behind",
      description: "Events that are in no report yet.",
      unit: Unit.Count,
      queries: [
        {
          expression: `max(${chosen("mno_bus_lag", 'consumer="sustainability-reporter"')})`,
          legend: "events",
        },
      ],
    },
    {
      title: "Revisions",
      description: "Reports closed and restated since the processes began.",
      unit: Unit.Count,
      queries: [{ expression: `sum by (kind) (${chosen("mno_reporter_revisions_total")})`, legend: "{{kind}}" }],
    },
    {
      title: "Duration",
      description: "Time to make one report.",
      unit: Unit.Seconds,
      queries: [{ expression: quantileOf(0.99, chosen("mno_reporter_report_seconds_bucket"), WINDOW), legend: "p99" }],
    },
  ],
};
