import type { IntensityPoint } from "./intensity";
import { DAY_MS, HOUR_MS, meanOverTime, pointAt, within } from "./series";

/** A forecast of a feed as it was given at a time. */
export interface Issued {
  at: number;
  points: readonly IntensityPoint[];
}

export type By = "feed" | "persistence" | "flat";

export interface Verdict {
  by: By;
  /** Standard deviation of the error as a share of the mean intensity; null while too little of the past is known. */
  errorShare: number | null;
  /** What was compared with what, or that a feed's forecasts could not be yet. */
  why: string;
}

/** Forecasts are compared over so much time at least; less says nothing about a day. */
const ENOUGH_MS = DAY_MS;
/** Another source must be so much better than the feed before it takes the feed's place: it would come and go else. */
const MARGIN = 0.95;
/** Without a feed's forecasts the baselines are tried at past moments so far apart. */
const HINDCAST_EVERY_MS = 6 * HOUR_MS;
/** How far back they are tried, however long a single stretch may be. */
const HINDCAST_REACH_MS = 8 * DAY_MS;
/** Baselines are held against what came in so long after. */
const HINDCAST_AHEAD_MS = DAY_MS;

/** Yesterday's hours, again and again: the last day that is known in full, shifted by whole days into [from, to). */
export function persistence(known: readonly IntensityPoint[], from: number, to: number): IntensityPoint[] {
  const end = known.at(-1)?.to;
  if (end === undefined) return [];
  const day = within(known, end - DAY_MS, end).filter((point) => point.from >= end - DAY_MS);
  const points: IntensityPoint[] = [];
  for (let days = Math.max(1, Math.floor((from - end) / DAY_MS)); end - DAY_MS + days * DAY_MS < to; days += 1) {
    const by = days * DAY_MS;
    for (const point of day) points.push({ ...point, from: point.from + by, to: point.to + by, estimated: true });
  }
  return within(points, from, to);
}

/** The last value for ever. */
export function flat(known: readonly IntensityPoint[], from: number, to: number): IntensityPoint[] {
  const last = known.at(-1);
  return last && to > from ? [{ from, to, gramsPerKwh: last.gramsPerKwh, estimated: true }] : [];
}

const BASELINES = { persistence, flat } as const;

/**
 * Which of the sources was the best so far, and how good it was. The feed's past forecasts are held against what came, and
 * persistence and the last value, made from what was known at the same moments, against the same; so each is judged on the
 * same stretches. Later corrections of the measured figures favour the baselines a little, for they are made from those.
 */
export function chooseForecast(
  issued: readonly Issued[],
  actual: readonly IntensityPoint[],
  available: readonly By[],
): Verdict {
  const moments = available.includes("feed") ? issued : hindcasts(actual);
  const foretold = new Map<By, (point: IntensityPoint, moment: number) => number | undefined>();
  for (const by of available) {
    const series = moments.map(({ at, points }) => {
      if (by === "feed") return points;
      const end = points.at(-1)?.to ?? at;
      return BASELINES[by](
        actual.filter((point) => point.to <= at),
        at,
        end,
      );
    });
    foretold.set(by, (point, moment) => pointAt(series[moment]!, (point.from + point.to) / 2)?.gramsPerKwh);
  }
  const samples = matched(moments, actual, [...foretold.values()]);
  const preferred = available[0]!;
  if (samples.reduce((sum, { time }) => sum + time, 0) < ENOUGH_MS) {
    const why =
      preferred === "feed" ? "its forecasts are not judged yet: less than a day of them has come to pass" : "";
    return { by: preferred, errorShare: null, why };
  }
  const scores = new Map(available.map((by, i) => [by, score(samples, i)]));
  let best = preferred;
  for (const by of available) {
    if (scores.get(by)!.rootMeanSquare < scores.get(best)!.rootMeanSquare * MARGIN) best = by;
  }
  const told = [...scores].map(([by, { rootMeanSquare }]) => `${by} ${(rootMeanSquare * 100).toFixed(1)} %`);
  return {
    by: best,
    errorShare: scores.get(best)!.deviation,
    why: `root mean square error on ${String(samples.length)} past points: ${told.join(", ")} of the mean`,
  };
}

interface Sample {
  /** ms. */
  time: number;
  actual: number;
  /** In the order of the sources. */
  foretold: number[];
}

function matched(
  moments: readonly Issued[],
  actual: readonly IntensityPoint[],
  foretold: readonly ((point: IntensityPoint, moment: number) => number | undefined)[],
): Sample[] {
  const samples: Sample[] = [];
  for (const [moment, { at, points }] of moments.entries()) {
    for (const point of within(actual, at, points.at(-1)?.to ?? at)) {
      if (point.from < at) continue;
      const values = foretold.map((of) => of(point, moment));
      if (!values.every((value) => value !== undefined)) continue;
      samples.push({ time: point.to - point.from, actual: point.gramsPerKwh, foretold: values });
    }
  }
  return samples;
}

/** Errors as shares of the mean intensity of the samples, weighted by time. */
function score(samples: readonly Sample[], source: number): { rootMeanSquare: number; deviation: number } {
  let time = 0;
  let level = 0;
  let sum = 0;
  let squares = 0;
  for (const sample of samples) {
    const error = sample.foretold[source]! - sample.actual;
    time += sample.time;
    level += sample.actual * sample.time;
    sum += error * sample.time;
    squares += error * error * sample.time;
  }
  const mean = level / time;
  if (mean <= 0) return { rootMeanSquare: 0, deviation: 0 };
  const variance = Math.max(0, squares / time - (sum / time) ** 2);
  return { rootMeanSquare: Math.sqrt(squares / time) / mean, deviation: Math.sqrt(variance) / mean };
}

/** Moments of the past at which a baseline could have been made, and until when it is held against what came. */
function hindcasts(actual: readonly IntensityPoint[]): Issued[] {
  const [first] = actual;
  const last = actual.at(-1);
  if (!first || !last) return [];
  const level = meanOverTime(actual)!;
  const moments: Issued[] = [];
  const oldest = Math.max(first.from + DAY_MS, last.to - HINDCAST_REACH_MS);
  for (let at = last.to - HINDCAST_EVERY_MS; at >= oldest; at -= HINDCAST_EVERY_MS) {
    const to = Math.min(at + HINDCAST_AHEAD_MS, last.to);
    moments.push({ at, points: [{ from: at, to, gramsPerKwh: level, estimated: true }] });
  }
  return moments;
}
