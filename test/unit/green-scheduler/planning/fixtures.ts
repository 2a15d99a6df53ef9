import type { Job, PlanningContext, RegionOutlook } from "../../../../runtime/sustainability/green-scheduler/engine";

export const HOUR = 3_600_000;

/** A kilowatt for an hour, anywhere in the first day, in region "a". */
export function jobOf(changes: Partial<Job> = {}): Job {
  return {
    ...{ id: "job", tenant: null, releaseAt: 0, deadline: 24 * HOUR, regions: ["a"], interruptible: false },
    ...{ checkpointSeconds: 0, startupSeconds: 0, minChunkSeconds: 0, watts: 1000, cores: 1 },
    duration: { meanSeconds: 3600, highSeconds: 3600 },
    ...changes,
  };
}

/** Hourly steps from time 0. */
export function contextOf(gramsPerKwh: readonly number[], changes: Partial<RegionOutlook> = {}): PlanningContext {
  return {
    now: 0,
    grid: { from: 0, stepMs: HOUR, steps: gramsPerKwh.length },
    regions: [{ region: "a", gramsPerKwh, errorShare: null, ...changes }],
  };
}
