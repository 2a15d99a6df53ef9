import { planAll } from "../../runtime/sustainability/green-scheduler/engine";
import type { Job } from "../../runtime/sustainability/green-scheduler/engine";
import type { Series } from "./intensity-files";
import { NumpyRandom } from "./numpy-random";

/**
 * "Let's Wait Awhile" (Wiesner et al., Middleware 2021): its two scenarios. In `paper` mode they are computed as published,
 * three quirks included: a forecast one step too long, so that even the baseline may slide by half an hour; a first nightly job
 * that is left out but divided by; Saturday as the workday after Friday evening. In `strict` mode the first two are removed (the
 * third is a rule of the scenario, the same for all): then the paper's rule and ours choose among the same starts.
 */
export type Mode = "paper" | "strict";
/** The paper's rule, or ours through the engine's own `planAll`. */
export type Chooser = "paper's rule" | "ours";

export const MAX_WINDOW = 16;
/** Steps of half an hour in a day. */
const DAY = 48;
const NIGHTS = 365;

/** A year of nights, or as many as the series has with the widest window around them. */
function nightsOf({ values }: Series): number {
  const nights = Math.min(NIGHTS, Math.floor((values.length - 3 - MAX_WINDOW) / DAY) + 1);
  if (nights >= 2) return nights;
  throw new RangeError(`a series of ${String(values.length)} half hours is too short: two days are needed`);
}

export const FLEXIBILITIES = ["next workday", "semi-weekly"] as const;
export type Flexibility = (typeof FLEXIBILITIES)[number];

/** The forecast of a run: the truth with independent normal errors, as the paper makes them. Error 0: the truth. */
export function forecastOf(truth: Float64Array, error: number, seed: number): Float64Array {
  if (error === 0) return truth;
  const random = new NumpyRandom(seed);
  const deviation = (error * truth.reduce((sum, value) => sum + value, 0)) / truth.length;
  return truth.map((value) => value + deviation * random.normal());
}

/** Plans jobs on the whole series; all there is known to the planner is the forecast, and how wrong it is. */
function plan(
  series: Series,
  forecast: Float64Array,
  error: number,
  jobs: readonly Job[],
): { from: number; to: number }[][] {
  const grid = { from: 0, stepMs: series.stepMs, steps: forecast.length };
  const regions = [{ region: series.region, gramsPerKwh: forecast, errorShare: error }];
  const step = (time: number): number => Math.round(time / series.stepMs);
  return planAll(jobs, { now: 0, grid, regions }).map(({ slots }) =>
    slots.map(({ from, to }) => ({ from: step(from), to: step(to) })),
  );
}

function jobOf(series: Series, id: number, from: number, until: number, steps: number, interruptible: boolean): Job {
  const seconds = (steps * series.stepMs) / 1000;
  return {
    ...{ id: String(id), tenant: null, interruptible, regions: [series.region], watts: 1000, cores: 1 },
    ...{ releaseAt: from * series.stepMs, deadline: until * series.stepMs },
    ...{ checkpointSeconds: 0, startupSeconds: 0, minChunkSeconds: 0 },
    duration: { meanSeconds: seconds, highSeconds: seconds },
  };
}

/** Scenario I: mean intensity of a job of half an hour at one every night, that may move by `window` steps either way. */
export function nightly(
  series: Series,
  forecast: Float64Array,
  error: number,
  window: number,
  mode: Mode,
  chooser: Chooser,
): number {
  const truth = series.values;
  const nights = nightsOf(series);
  const starts = Array.from({ length: nights }, (_, day) => day * DAY + 2 - window);
  const valid = starts.filter((start) => start >= 0);
  const width = 2 * window + 1;
  const chosen =
    chooser === "ours"
      ? plan(
          series,
          forecast,
          error,
          valid.map((start, i) => jobOf(series, i, start, start + width, 1, false)),
        ).map(([slot]) => slot!.from)
      : valid.map((start) => start + minimumOf(forecast.subarray(start, start + width)));
  const sum = chosen.reduce((total, step) => total + truth[step]!, 0);
  return sum / (mode === "paper" ? nights : valid.length);
}

/** What the nights that count emit unshifted. */
export function nightlyBase(series: Series, window: number, mode: Mode): number {
  const first = mode === "strict" && window > 2 ? 1 : 0;
  const nights = nightsOf(series);
  let sum = 0;
  for (let day = first; day < nights; day++) sum += series.values[day * DAY + 2]!;
  return sum / (nights - first);
}

function minimumOf(values: Float64Array): number {
  let best = 0;
  for (let i = 1; i < values.length; i++) if (values[i]! < values[best]!) best = i;
  return best;
}

export interface MlJob {
  arrival: number;
  steps: number;
}

/**
 * Scenario II's jobs: 3387 of 4 to 90 hours, issued on workdays of a year between nine and five, as NumPy's seed 0 draws them for
 * 2020; those that a shorter series does not hold are left out.
 */
export function mlJobs({ from, values }: Series): MlJob[] {
  const count = 3387;
  const random = new NumpyRandom(0);
  const start = new Date(from);
  const isNewYear = start.getUTCMonth() === 0 && start.getUTCDate() === 1;
  const year = isNewYear ? Math.round((Date.UTC(start.getUTCFullYear() + 1, 0, 1) - from) / 86_400_000) : 365;
  const isWorkday = (day: number): boolean => ![0, 6].includes(new Date(from + day * 86_400_000).getUTCDay());
  const workdays = Array.from({ length: year }, (_, day) => day).filter(isWorkday);
  const thrown = random.multinomial(count, workdays.length);
  const arrivals = workdays.flatMap((day, i) =>
    Array.from({ length: thrown[i]! }, () => 18 + random.below(16))
      .sort((a, b) => a - b)
      .map((slot) => day * DAY + slot),
  );
  return arrivals
    .map((arrival) => ({ arrival, steps: 8 + random.below(172) }))
    .filter(({ arrival, steps }) => arrival + steps < values.length);
}

/** Steps by which the end of a job may slip beyond its unshifted end. */
export function slackOf(series: Series, end: number, flexibility: Flexibility): number {
  const time = new Date(series.from + end * series.stepMs);
  // Monday is 0.
  const weekday = (time.getUTCDay() + 6) % 7;
  const hour = time.getUTCHours() + time.getUTCMinutes() / 60;
  const toNine = (days: number): number => Math.trunc(days * DAY + (9 - hour) * 2);
  if (flexibility === "next workday") {
    if (weekday === 5) return toNine(2);
    if (weekday === 6 || hour > 17) return toNine(1);
    return hour < 9 ? toNine(0) : 0;
  }
  const toThursday = (weekday === 0 && hour > 9) || weekday === 1 || weekday === 2 || (weekday === 3 && hour <= 9);
  return toNine(toThursday ? (10 - weekday) % 7 : (7 - weekday) % 7);
}

export interface MlCase {
  flexibility: Flexibility | "none";
  interruptible: boolean;
  mode: Mode;
  chooser: Chooser;
}

/** Scenario II: the sum of true intensity over all steps in which jobs run; relative figures need no more. */
export function mlEmissions(
  series: Series,
  forecast: Float64Array,
  error: number,
  jobs: readonly MlJob[],
  { flexibility, interruptible, mode, chooser }: MlCase,
): number {
  const extra = mode === "paper" ? 1 : 0;
  const ends = jobs.map(({ arrival, steps }) => {
    const slack = flexibility === "none" ? 0 : slackOf(series, arrival + steps, flexibility);
    return Math.min(arrival + steps + slack + extra, forecast.length);
  });
  const runs =
    chooser === "ours"
      ? plan(
          series,
          forecast,
          error,
          jobs.map(({ arrival, steps }, i) => jobOf(series, i, arrival, ends[i]!, steps, interruptible)),
        )
      : jobs.map((job, i) => paperRule(forecast.subarray(job.arrival, ends[i]), job, interruptible));
  const sums = new Float64Array(series.values.length + 1);
  series.values.forEach((value, i) => (sums[i + 1] = sums[i]! + value));
  let total = 0;
  for (const slots of runs) for (const { from, to } of slots) total += sums[to]! - sums[from]!;
  return total;
}

/** The published rule: the window of least mean, or all steps no dearer than the last one needed. */
function paperRule(
  seen: Float64Array,
  { arrival, steps }: MlJob,
  interruptible: boolean,
): { from: number; to: number }[] {
  if (interruptible) {
    const limit = seen.toSorted()[steps - 1]!;
    const slots: { from: number; to: number }[] = [];
    seen.forEach((value, i) => {
      if (value <= limit) slots.push({ from: arrival + i, to: arrival + i + 1 });
    });
    return slots;
  }
  let sum = 0;
  for (let i = 0; i < steps; i++) sum += seen[i]!;
  let best = 0;
  let least = sum;
  for (let start = 1; start + steps <= seen.length; start++) {
    sum += seen[start + steps - 1]! - seen[start - 1]!;
    if (sum >= least) continue;
    least = sum;
    best = start;
  }
  return [{ from: arrival + best, to: arrival + best + steps }];
}
