import {
  type Expectation,
  expectation,
  HOURS_OF_30_DAYS,
  hourlyMean,
  type IntensityFigure,
  times,
} from "./expectation";
import { quantile } from "./usage";

/** A limit of Linux' powercap, in W. */
export interface PowerLimit {
  /** Path of the constraint's `…_power_limit_uw` file. */
  file: string;
  /** `package-0`, as the zone is called. */
  zone: string;
  limitWatts: number;
  /** Highest that the hardware takes; null where it does not say. */
  mostWatts: number | null;
  writable: boolean;
}

export interface PowerCap {
  file: string;
  fromWatts: number;
  toWatts: number;
}

/** Share of the hours whose mean power stays below the cap. */
const BELOW = 0.9;
/** Less than this share of the present limit is not worth a plan, and more is not dared: steps are taken one by one. */
const LEAST_STEP = 0.02;
const MOST_STEP = 0.25;
/** Hours of measured power that a cap rests on. */
const LEAST_HOURS = 72;

/**
 * A cap at the 90 % quantile of the node's measured hourly power, at most a quarter below the limit: it trims peaks, and the
 * saving is what was above it. undefined where the limit cannot be written, or there is nothing to trim, or too little is
 * known. The node's power stands in for the zone's, which is smaller: the cap is on the safe side, and the saving's lower
 * end is 0, since capped work takes longer.
 */
export function planPowerCap(
  limit: PowerLimit,
  hourlyWatts: readonly number[],
  intensity: IntensityFigure,
): { cap: PowerCap; expected: Expectation } | undefined {
  if (!limit.writable || hourlyWatts.length < LEAST_HOURS) return undefined;
  const present = limit.limitWatts;
  const toWatts = Math.max(quantile(hourlyWatts, BELOW), present * (1 - MOST_STEP));
  if (toWatts > present * (1 - LEAST_STEP)) return undefined;
  const above = hourlyMean(hourlyWatts.map((watts) => Math.max(0, watts - toWatts) / 1000));
  const baseline = hourlyMean(hourlyWatts.map((watts) => watts / 1000)).value * HOURS_OF_30_DAYS;
  const kwh = times({ ...above, low: 0 }, HOURS_OF_30_DAYS);
  if (kwh.value <= 0) return undefined;
  return {
    cap: { file: limit.file, fromWatts: present, toWatts },
    expected: expectation(kwh, baseline, intensity, `measured hourly power above ${toWatts.toFixed(1)} W`),
  };
}
