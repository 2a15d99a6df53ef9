import type { RegionForecast } from "./forecasts";
import type { Estimated } from "./planning";

/** Feeds tell of the next hours as time goes by, without always saying that the forecast is another one. */
const REPLAN_MILLISECONDS = 3_600_000;

/** Tells whether there is a reason to plan anew: what is planned without one would change plans by rounding alone. */
export class Novelty {
  /** What the last plans were made from. */
  private planned = { jobs: "", forecasts: "", at: -Infinity };

  /** What is new since the last plans; undefined where nothing is. */
  of(jobs: readonly Estimated[], forecasts: readonly RegionForecast[], now: number): string | undefined {
    const { jobs: before, forecasts: known, at } = this.planned;
    const next = fingerprints(jobs, forecasts);
    if (before === "") return "the first look, or the last planning failed";
    if (next.jobs !== before) return "a job came, changed or went";
    if (next.forecasts !== known) return "a new forecast, or one that is not trusted any more";
    const passed = jobs.some(
      ({ record }) => record.state !== "running" && record.plan?.slots.every(({ to }) => to <= now),
    );
    if (passed) return "all slots of a job have passed";
    return now - at >= REPLAN_MILLISECONDS ? "an hour has passed: the forecast reaches further" : undefined;
  }

  remember(jobs: readonly Estimated[], forecasts: readonly RegionForecast[], now: number): void {
    this.planned = { ...fingerprints(jobs, forecasts), at: now };
  }

  /** The next look plans, whatever it finds. */
  forget(): void {
    this.planned = { ...this.planned, jobs: "" };
  }
}

function fingerprints(jobs: readonly Estimated[], forecasts: readonly RegionForecast[]) {
  const kept = jobs.map(({ record: { id, state, declarationKey, runs } }) => [id, state, declarationKey, runs.length]);
  return {
    jobs: JSON.stringify(kept),
    forecasts: JSON.stringify(forecasts.map(({ grounds, version }) => [grounds.region, version])),
  };
}
