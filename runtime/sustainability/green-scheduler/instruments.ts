import { demoRegion } from "../../kernel/intensity/demo-region";
import type { Metrics } from "../../kernel/telemetry/metrics";
import type { PlanOutcome } from "./engine";
import { type Account, fateOf, type JobRecord, type JobState } from "./jobs/record";
import type { Step } from "./jobs/step";

const OPEN_STATES = ["waiting", "running", "paused"] as const satisfies readonly JobState[];

/** The engine's metrics. Jobs, tenants and regions are not labels, for callers name them. */
export function createInstruments(metrics: Metrics) {
  const jobs = metrics.gauge("mno_green_jobs", "Jobs that are not over", ["state"]);
  const unsettled = metrics.gauge(
    "mno_green_jobs_unsettled",
    "Jobs that are over and wait for the intensity of their time",
  );
  const plans = metrics.counter("mno_green_plans_total", "Plans that differ from the job's plan before", ["outcome"]);
  const releases = metrics.counter("mno_green_releases_total", "Jobs let run, by what allowed it", ["grounds"]);
  const pauses = metrics.counter("mno_green_pauses_total", "Jobs suspended until their next slot");
  const planning = metrics.histogram("mno_green_planning_seconds", "To plan all jobs, without reading forecasts");
  const untrusted = metrics.gauge("mno_green_regions_untrusted", "Regions of jobs without a forecast to plan by");
  const finished = metrics.counter("mno_green_finished_total", "Jobs that are over and settled", ["outcome"]);
  const energy = metrics.counter("mno_green_energy_kwh_total", "Energy of jobs that are over");
  const grams = metrics.counter("mno_green_carbon_grams_total", "Emissions of jobs that are over, gCO2e");
  const baseline = metrics.counter(
    "mno_green_baseline_carbon_grams_total",
    "The same energy from a start at once, gCO2e",
  );
  return {
    observed(states: readonly JobState[]): void {
      for (const state of OPEN_STATES) jobs.set({ state }, states.filter((one) => one === state).length);
      unsettled.set(states.filter((state) => !(OPEN_STATES as readonly JobState[]).includes(state)).length);
    },
    planned: (outcome: PlanOutcome): void => plans.inc({ outcome }),
    planning: (seconds: number): void => planning.observe(seconds),
    trusting: (regionsWithout: number): void => untrusted.set(regionsWithout),
    released: (grounds: (Step & { do: "release" })["grounds"]): void => releases.inc({ grounds }),
    paused: (): void => pauses.inc(),
    settled(record: JobRecord, account: Account): void {
      finished.inc({ outcome: fateOf(record) });
      // What a demonstration saved was saved on no grid.
      if (demoRegion(account.region)) return;
      energy.inc(account.energyKwh);
      grams.inc(account.gramsCo2e);
      baseline.inc(account.baselineGramsCo2e);
    },
  };
}

export type Instruments = ReturnType<typeof createInstruments>;
