import {
  type Expectation,
  expectation,
  HOURS_OF_30_DAYS,
  hourlyMean,
  type IntensityFigure,
  times,
} from "./expectation";
import { sleepHours, type SleepSchedule } from "./schedule";
import type { EnergyRow } from "./store";
import { HOUR, WEEK } from "./usage";
import { hourOfWeek } from "./weekly";

/** What a workload used in one hour: kWh above what its share of the nodes would have used idle. */
export interface EnergyHour {
  /** ms since the epoch, a multiple of an hour. */
  hour: number;
  activeKwh: number;
}

export const activeOf = ({ hour, kwh, idleKwh }: EnergyRow): EnergyHour => ({
  hour,
  activeKwh: Math.max(0, kwh - idleKwh),
});

/**
 * What a sleep schedule saves: what the workload used, above idle, in the hours of the week that it is to sleep in. The idle
 * energy of its node goes on until a consolidation empties the node, and is not counted. undefined where fewer than three
 * quarters of those hours of the week were ever measured: what is missing is not taken for nothing.
 */
export function expectSleep(
  schedule: SleepSchedule,
  history: readonly EnergyHour[],
  now: number,
  intensity: IntensityFigure,
): Expectation | undefined {
  const asleep = sleepHours(schedule, now);
  const wanted = new Set(asleep.map(hourOfWeek));
  const measured = history.filter(({ hour }) => hour >= now - 4 * WEEK);
  const seen = new Set(measured.map(({ hour }) => hourOfWeek(hour)));
  if (wanted.size === 0 || [...wanted].filter((hour) => seen.has(hour)).length < 0.75 * wanted.size) return undefined;
  const within = measured.filter(({ hour }) => wanted.has(hourOfWeek(hour))).map(({ activeKwh }) => activeKwh);
  const hours = (asleep.length / (28 * 24)) * HOURS_OF_30_DAYS;
  const baseline = hourlyMean(measured.map(({ activeKwh }) => activeKwh)).value * HOURS_OF_30_DAYS;
  const weeks = Math.max(1, Math.round((now - Math.min(...measured.map(({ hour }) => hour))) / WEEK));
  return expectation(
    times(hourlyMean(within), hours),
    baseline,
    intensity,
    `mean energy above idle in the ${wanted.size} hours of the week to sleep in, over ${weeks} week(s), measured`,
  );
}

/** What would have been used without the plan between two times: by the hour of the week, else by the mean of all hours. */
export function counterfactual(history: readonly EnergyHour[], from: number, to: number): number | undefined {
  if (history.length === 0) return undefined;
  const byHour = new Map<number, { sum: number; count: number }>();
  let all = 0;
  for (const { hour, activeKwh } of history) {
    const slot = byHour.get(hourOfWeek(hour)) ?? { sum: 0, count: 0 };
    byHour.set(hourOfWeek(hour), { sum: slot.sum + activeKwh, count: slot.count + 1 });
    all += activeKwh;
  }
  const mean = all / history.length;
  let kwh = 0;
  for (let hour = Math.floor(from / HOUR) * HOUR; hour < to; hour += HOUR) {
    const share = (Math.min(to, hour + HOUR) - Math.max(from, hour)) / HOUR;
    const slot = byHour.get(hourOfWeek(hour));
    kwh += share * (slot ? slot.sum / slot.count : mean);
  }
  return kwh;
}
