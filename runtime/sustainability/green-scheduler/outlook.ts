import { TYPICAL_DAY_ERROR_SHARE } from "../../../factors/typical-day-error";
import { type Clock, within } from "../../kernel/clock";
import { demoRegion } from "../../kernel/intensity/demo-region";
import type { Intensity, IntensityPoint } from "../../kernel/intensity/intensity";
import type { Forecasts, Grounds } from "./jobs/forecasts";

const HOUR = 3_600_000;
const AHEAD_MILLISECONDS = 24 * HOUR;
const PAST_MILLISECONDS = 6 * HOUR;
/** Of a normal distribution 90 % lie within so many standard deviations. */
const DEVIATIONS = 1.645;
/** Steps that a forecast is judged by. */
const STEPS = 288;

/** How wide the band is, and what that rests on. */
export interface Band {
  /** Standard deviation of the error, share of the mean. */
  errorShare: number;
  basis: string;
}

/** A stretch of the forecast; its band holds 90 % of what comes, as far as past errors tell. */
export interface Banded {
  from: number;
  to: number;
  gramsPerKwh: number;
  /** null where too little of the source's past is known. */
  low: number | null;
  high: number | null;
}

/** What plans rest on, of one region: what was, what is, what is foretold, and whether that is believed. */
export interface Outlook {
  region: string;
  /** Synthetic: true of no grid at any time. */
  demonstration: boolean;
  at: number;
  past: readonly IntensityPoint[];
  now: IntensityPoint | undefined;
  ahead: readonly Banded[];
  /** null where nothing is known of how wrong the source was. */
  band: Band | null;
  grounds: Grounds;
}

interface OutlooksOptions {
  intensity: Pick<Intensity, "history">;
  forecasts: Pick<Forecasts, "read">;
  clock: Clock;
  /** Where nobody names one. */
  region: string;
  timeoutMilliseconds: number;
}

/** The intensity as the scheduler sees it, for people to look at. */
export class Outlooks {
  constructor(private readonly options: OutlooksOptions) {}

  /** A day ahead and a quarter of one back, of a demonstration as fast as it passes. What has no answer is empty, and says why. */
  async of(region = this.options.region, hours = AHEAD_MILLISECONDS / HOUR): Promise<Outlook> {
    const { forecasts, clock } = this.options;
    const demo = demoRegion(region);
    const speed = demo?.speed ?? 1;
    const at = clock.now();
    const ahead = (hours * HOUR) / speed;
    const stepMs = Math.max(1, Math.ceil(ahead / STEPS));
    const grid = { from: at, stepMs, steps: Math.ceil(ahead / stepMs) };
    const [[forecast], past] = await Promise.all([
      forecasts.read([region], grid),
      this.past(region, at - PAST_MILLISECONDS / speed, at),
    ]);
    const { grounds, points } = forecast!;
    const shown = clip(points, at, at + ahead);
    const band = bandOf(region, grounds);
    return {
      region,
      demonstration: demo !== undefined,
      at,
      past,
      now: shown.find(({ from, to }) => from <= at && at < to) ?? past.findLast(({ to }) => to >= at),
      ahead: banded(shown, band?.errorShare),
      band,
      grounds,
    };
  }

  private async past(region: string, from: number, to: number): Promise<readonly IntensityPoint[]> {
    const { intensity, clock, timeoutMilliseconds } = this.options;
    const late = (): Error => new Error("the history did not come in time");
    const asked = within(clock, timeoutMilliseconds, () => intensity.history(region, from, to), late);
    // What is foretold stands without it; why a region has no figures the forecast's grounds say.
    return asked.then(
      ({ points }) => clip(points, from, to),
      () => [],
    );
  }
}

/** Pure: the points within [from, to), cut at its ends. */
function clip(points: readonly IntensityPoint[], from: number, to: number): IntensityPoint[] {
  return points
    .filter((point) => point.to > from && point.from < to)
    .map((point) => ({ ...point, from: Math.max(point.from, from), to: Math.min(point.to, to) }));
}

/** What the source was wrong by so far, or the typical day in other years. The latter is off for whole weeks: plans take no note of it. */
function bandOf(region: string, { errorShare, by }: Grounds): Band | null {
  if (errorShare !== null) return { errorShare, basis: "errors of this source's own past forecasts" };
  const typical = by === "profile" && Object.hasOwn(TYPICAL_DAY_ERROR_SHARE, region) && TYPICAL_DAY_ERROR_SHARE[region];
  return typical
    ? { errorShare: typical, basis: "how far the hours of 2021 and 2022 were from this typical day" }
    : null;
}

function banded(points: readonly IntensityPoint[], errorShare: number | undefined): Banded[] {
  const time = points.reduce((sum, { from, to }) => sum + to - from, 0);
  const mean = points.reduce((sum, { from, to, gramsPerKwh }) => sum + gramsPerKwh * (to - from), 0) / time;
  return points.map(({ from, to, gramsPerKwh }) => {
    const half = errorShare === undefined ? null : DEVIATIONS * errorShare * mean;
    return {
      ...{ from, to, gramsPerKwh },
      low: half === null ? null : Math.max(0, gramsPerKwh - half),
      high: half === null ? null : gramsPerKwh + half,
    };
  });
}
