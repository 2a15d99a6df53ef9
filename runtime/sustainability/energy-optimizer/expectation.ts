/** Which intensity a figure of carbon rests on; as events carry it. */
export interface IntensityFigure {
  gramsPerKwh: number;
  signal: "average" | "marginal";
  source: string;
  /** RFC 3339. */
  asOf: string;
  estimated: boolean;
  stale: boolean;
}

/** An amount with its 95 % interval. */
export interface Estimate {
  value: number;
  low: number;
  high: number;
}

/** What a plan promises, for 30 days. */
export interface Expectation {
  kwh: Estimate;
  gramsCo2e: Estimate;
  intensity: IntensityFigure;
  /** What would be used without the plan, by that which the plan touches. */
  baselineKwh: number;
  /** What plans of the kind came to, which `kwh` and `gramsCo2e` are multiplied by; 1 where nothing was learned. */
  realisation: number;
  method: string;
}

export const HOURS_OF_30_DAYS = 720;

/** Mean and 95 % interval of the mean of hourly amounts, by batch means of a day each, since hours of a day are not independent. */
export function hourlyMean(values: readonly number[]): Estimate {
  if (values.length === 0) throw new RangeError("the mean of no values");
  const mean = (all: readonly number[]): number => all.reduce((sum, value) => sum + value, 0) / all.length;
  const value = mean(values);
  const batches: number[] = [];
  for (let at = 0; at + 24 <= values.length; at += 24) batches.push(mean(values.slice(at, at + 24)));
  // With fewer than two days there is nothing to tell the spread by: anything from nothing to twice as much.
  if (batches.length < 2) return { value, low: Math.min(0, 2 * value), high: Math.max(0, 2 * value) };
  const centre = mean(batches);
  const variance = batches.reduce((sum, batch) => sum + (batch - centre) ** 2, 0) / (batches.length - 1);
  const half = studentT(batches.length - 1) * Math.sqrt(variance / batches.length);
  return { value, low: value - half, high: value + half };
}

const FEW = [NaN, 12.706, 4.303, 3.182, 2.776];

/** Two-sided 95 % quantile of Student's t: tabulated to 4 degrees of freedom, then by Cornish-Fisher expansion (within 1 %). */
function studentT(freedom: number): number {
  const tabulated = FEW[freedom];
  if (tabulated !== undefined) return tabulated;
  const z = 1.959964;
  return z + (z ** 3 + z) / (4 * freedom) + (5 * z ** 5 + 16 * z ** 3 + 3 * z) / (96 * freedom ** 2);
}

export const times = ({ value, low, high }: Estimate, factor: number): Estimate => ({
  value: value * factor,
  low: Math.min(low * factor, high * factor),
  high: Math.max(low * factor, high * factor),
});

/** Carbon follows energy at the intensity as it is now; how intensity will change is not in the interval, and `method` says so. */
export function expectation(
  kwh: Estimate,
  baselineKwh: number,
  intensity: IntensityFigure,
  method: string,
): Expectation {
  return {
    kwh,
    gramsCo2e: times(kwh, intensity.gramsPerKwh),
    intensity,
    baselineKwh,
    realisation: 1,
    method: `${method}; carbon at ${intensity.signal} ${intensity.gramsPerKwh} gCO2e/kWh of ${intensity.source}, as of ${intensity.asOf}`,
  };
}
