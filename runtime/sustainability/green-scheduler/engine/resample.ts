import type { Grid } from "./types";

interface Stretch {
  from: number;
  to: number;
  gramsPerKwh: number;
}

/**
 * Intensity by the steps of a grid: the mean over time of what is known of each step. A step of which nothing is known is NaN.
 * Where stretches overlap, each counts for its time.
 */
export function resample(stretches: readonly Stretch[], { from: origin, stepMs, steps }: Grid): Float64Array {
  const sums = new Float64Array(steps);
  const times = new Float64Array(steps);
  for (const { from, to, gramsPerKwh } of stretches) {
    const end = Math.min(steps, Math.ceil((to - origin) / stepMs));
    for (let step = Math.max(0, Math.floor((from - origin) / stepMs)); step < end; step++) {
      const start = origin + step * stepMs;
      const time = Math.min(to, start + stepMs) - Math.max(from, start);
      sums[step]! += gramsPerKwh * time;
      times[step]! += time;
    }
  }
  return sums.map((sum, step) => sum / times[step]!);
}
