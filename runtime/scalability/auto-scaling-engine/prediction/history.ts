import type { Sample } from "./predictor";

/** The newest samples, ascending in time: parallel arrays, plain numbers for JSON. */
export interface History {
  times: number[];
  demands: number[];
}

/** At least this far back, as long as samples come no closer than 5 s. */
export const HISTORY_SECONDS = 600;
const MOST_SAMPLES = 2 + HISTORY_SECONDS / 5;

export const newHistory = (): History => ({ times: [], demands: [] });

export function newest({ times, demands }: History): Sample | undefined {
  const last = times.length - 1;
  return last < 0 ? undefined : { time: times[last]!, demand: demands[last]! };
}

export function append(history: History, { time, demand }: Sample): void {
  history.times.push(time);
  history.demands.push(demand);
  const excess = history.times.findIndex((known) => known >= time - HISTORY_SECONDS * 1000);
  // One sample before the span is kept, to be straight from; never more than the bound in all.
  const cut = Math.max(excess - 1, history.times.length - MOST_SAMPLES);
  if (cut > 0) {
    history.times.splice(0, cut);
    history.demands.splice(0, cut);
  }
}

/** The demand at the time: straight between samples, the oldest or newest one outside. The history is not empty. */
export function demandAt({ times, demands }: History, time: number): number {
  const last = times.length - 1;
  if (time >= times[last]!) return demands[last]!;
  let index = last - 1;
  while (index >= 0 && times[index]! > time) index--;
  if (index < 0) return demands[0]!;
  const [t0, t1, d0, d1] = [times[index]!, times[index + 1]!, demands[index]!, demands[index + 1]!];
  return d0 + ((d1 - d0) * (time - t0)) / (t1 - t0);
}
