import type { IntensityForecast } from "../../../kernel/intensity/intensity";
import type { Grid } from "../engine";

/** Lines beyond which a forecast is not planned by. */
interface TrustLimits {
  /** No fuel emits more at the stack (IPCC AR5, Annex III: coal 820 gCO2e/kWh over its life); marginal signals come near 1,500. */
  mostGramsPerKwh: number;
  /** Error of the source's own past forecasts, as a share of the mean: one that is worse says less than no forecast. */
  mostErrorShare: number;
  /** Of the next hours, the share that must be covered. What lies further ahead may be unknown: many feeds end after a day. */
  leastCoverage: number;
  coverageMilliseconds: number;
  /** Mean absolute change against the forecast before it, as a share of that one's mean. */
  mostJump: number;
  /** A jump that the feed stands by for so long is believed. */
  jumpMilliseconds: number;
}

export const TRUST: TrustLimits = {
  mostGramsPerKwh: 2500,
  mostErrorShare: 0.5,
  leastCoverage: 0.5,
  coverageMilliseconds: 6 * 3_600_000,
  mostJump: 1,
  jumpMilliseconds: 15 * 60_000,
};

/** A forecast on its grid, to be compared with the next one. */
export interface Remembered {
  grid: Grid;
  values: Float64Array;
}

/** Pure: why the forecast cannot be planned by; undefined where it can. What it says over time is judged by `jumpOf`. */
export function distrust(
  forecast: IntensityForecast,
  { values, grid: { stepMs } }: Remembered,
  limits: TrustLimits = TRUST,
): string | undefined {
  const wrong = forecast.points.find(
    ({ from, to, gramsPerKwh }) => !(to > from) || !(gramsPerKwh >= 0 && gramsPerKwh <= limits.mostGramsPerKwh),
  );
  if (wrong) return `it says ${String(wrong.gramsPerKwh)} gCO2e/kWh, which cannot be`;
  const near = values.slice(0, Math.max(1, Math.ceil(limits.coverageMilliseconds / stepMs)));
  const known = near.filter((value) => !Number.isNaN(value)).length;
  if (known < limits.leastCoverage * near.length) {
    return `it covers ${String(known)} of the next ${String(near.length)} steps`;
  }
  // What stands in for a feed says so itself; a feed that stopped pretends to know today's weather.
  if (forecast.stale && forecast.by === "feed") return `it is stale, of ${new Date(forecast.asOf).toISOString()}`;
  if (forecast.errorShare !== null && forecast.errorShare > limits.mostErrorShare) {
    return `its past forecasts were wrong by ${(forecast.errorShare * 100).toFixed(0)} % of the mean`;
  }
  return undefined;
}

/** Mean absolute change from one forecast to the next over the steps of both, as a share of the former's mean; 0 where they share none. */
export function jumpOf(before: Remembered, after: Remembered): number {
  let change = 0;
  let level = 0;
  for (const [step, value] of after.values.entries()) {
    const time = after.grid.from + step * after.grid.stepMs;
    const former = before.values[Math.floor((time - before.grid.from) / before.grid.stepMs)];
    if (former === undefined || Number.isNaN(former) || Number.isNaN(value)) continue;
    change += Math.abs(value - former);
    level += former;
  }
  if (change === 0) return 0;
  return level > 0 ? change / level : Infinity;
}
