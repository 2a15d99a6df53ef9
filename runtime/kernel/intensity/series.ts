import type { IntensityPoint } from "./intensity";

export const MINUTE_MS = 60_000;
export const HOUR_MS = 60 * MINUTE_MS;
export const DAY_MS = 24 * HOUR_MS;

/** Points that touch [from, to), in order of time; of two that overlap the later given one stays, for it restates the other. */
export function within(points: Iterable<IntensityPoint>, from: number, to: number): IntensityPoint[] {
  const byStart = new Map<number, IntensityPoint>();
  for (const point of points) {
    if (point.to > point.from && point.to > from && point.from < to) byStart.set(point.from, point);
  }
  const sorted = [...byStart.values()].sort((a, b) => a.from - b.from);
  return sorted.map((point, i) => {
    const next = sorted[i + 1];
    return next && next.from < point.to ? { ...point, to: next.from } : point;
  });
}

/** The point whose stretch holds `time`. `points` are in order of time. */
export function pointAt(points: readonly IntensityPoint[], time: number): IntensityPoint | undefined {
  let low = 0;
  let high = points.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (points[middle]!.from <= time) low = middle + 1;
    else high = middle;
  }
  const point = points[low - 1];
  return point && time < point.to ? point : undefined;
}

/** The middle one of some numbers (the upper one of two); undefined where there are none. */
export function median(values: readonly number[]): number | undefined {
  return [...values].sort((a, b) => a - b)[values.length >> 1];
}

/** Mean over time, gCO2e/kWh; undefined where there are no points. */
export function meanOverTime(points: readonly IntensityPoint[]): number | undefined {
  let sum = 0;
  let time = 0;
  for (const { from, to, gramsPerKwh } of points) {
    sum += gramsPerKwh * (to - from);
    time += to - from;
  }
  return time === 0 ? undefined : sum / time;
}

/**
 * Stretches from values that only name their start: each lasts until the next one or, after a gap and at the end, as long as
 * the usual step. `usualMs` stands for the step where there is one value.
 */
export function stretches(
  values: readonly { at: number; gramsPerKwh: number; estimated: boolean }[],
  usualMs: number,
): IntensityPoint[] {
  const sorted = [...values].sort((a, b) => a.at - b.at);
  const steps = sorted.slice(1).map(({ at }, i) => at - sorted[i]!.at);
  const step = median(steps.filter((ms) => ms > 0)) ?? usualMs;
  return sorted.map(({ at, gramsPerKwh, estimated }, i) => {
    const next = sorted[i + 1]?.at ?? Infinity;
    return { from: at, to: next > at ? Math.min(next, at + step) : at + step, gramsPerKwh, estimated };
  });
}

/** `90 min`, `5 h`. */
export function ageOf(milliseconds: number): string {
  const minutes = Math.max(0, Math.round(milliseconds / MINUTE_MS));
  return minutes < 120 ? `${String(minutes)} min` : `${String(Math.round(minutes / 60))} h`;
}

export const samePoint = (one: IntensityPoint, other: IntensityPoint | undefined): boolean =>
  one.to === other?.to && one.gramsPerKwh === other.gramsPerKwh && one.estimated === other.estimated;
