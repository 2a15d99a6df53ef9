import type { IntensityPoint } from "../../kernel/intensity/intensity";
import { meanOver } from "./intensity-over";

const MINUTE = 60_000;

/** A stretch of time and its mean intensity, gCO2e/kWh. */
export interface Window {
  from: number;
  to: number;
  gramsPerKwh: number;
}

/**
 * The forecast as the Carbon Aware SDK gives it: the mean of each window that begins where a point begins and fits into the
 * data. Without a window size each point is its own window.
 */
export function windowsOf(points: readonly IntensityPoint[], windowMinutes: number | undefined): Window[] {
  const end = points.at(-1)?.to ?? 0;
  let last = 0; // of the points that begin before the window ends
  return points.flatMap((point, first) => {
    const to = windowMinutes === undefined ? point.to : point.from + windowMinutes * MINUTE;
    while (last < points.length && points[last]!.from < to) last += 1;
    const mean = to <= end ? meanOver(points.slice(first, last), point.from, to) : undefined;
    return mean === undefined ? [] : [{ from: point.from, to, gramsPerKwh: mean }];
  });
}

/** The points within [from, to), cut at its ends. */
export function clip(points: readonly IntensityPoint[], from: number, to: number): IntensityPoint[] {
  return points
    .filter((point) => point.to > from && point.from < to)
    .map((point) => ({ ...point, from: Math.max(point.from, from), to: Math.min(point.to, to) }));
}

/** All windows of the lowest mean: the SDK names every one of them. */
export function lowest<T extends { gramsPerKwh: number }>(windows: readonly T[]): T[] {
  const least = Math.min(...windows.map((window) => window.gramsPerKwh));
  return windows.filter((window) => window.gramsPerKwh === least);
}
