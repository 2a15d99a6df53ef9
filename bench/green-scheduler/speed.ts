import { type Job, planAll } from "../../runtime/sustainability/green-scheduler/engine";
import { type BenchRow, median, spread } from "../contract";
import { randomOf } from "./random";

const COUNT = 100_000;
const REPETITIONS = 3;
const STEP_MS = 1_800_000;
/** Four days of half hours. */
const STEPS = 192;

function jobsOf(interruptible: boolean, overheadSeconds: number): Job[] {
  const random = randomOf(7);
  return Array.from({ length: COUNT }, (_, i): Job => {
    const mean = 600 + random() * 6 * 3600;
    const releaseAt = random() * 48 * 3_600_000;
    return {
      ...{ id: String(i), tenant: null, interruptible, regions: ["a"], releaseAt },
      ...{ deadline: releaseAt + 1500 * mean + random() * 36 * 3_600_000, watts: 100 + 200 * random() },
      ...{ cores: 1 + Math.floor(4 * random()), minChunkSeconds: 0 },
      ...{ startupSeconds: overheadSeconds, checkpointSeconds: overheadSeconds },
      duration: { meanSeconds: mean, highSeconds: 1.2 * mean },
    };
  });
}

/** Seconds to plan 100,000 pending jobs anew, from nothing, on one thread. */
export function speedRows(): BenchRow[] {
  const random = randomOf(3);
  const gramsPerKwh = Float64Array.from({ length: STEPS }, (_, i) => 300 + 100 * Math.sin(i / 7.64) + 20 * random());
  const grid = { from: 0, stepMs: STEP_MS, steps: STEPS };
  const rows: BenchRow[] = [];
  for (const [kind, interruptible, overhead] of [
    ["not interruptible", false, 0],
    ["interruptible", true, 0],
    ["interruptible, start-up and checkpoint 60 s", true, 60],
  ] as const) {
    const jobs = jobsOf(interruptible, overhead);
    for (const cores of [undefined, 60_000]) {
      const limit = cores === undefined ? {} : { freeCores: new Float64Array(STEPS).fill(cores) };
      const regions = [{ region: "a", gramsPerKwh, errorShare: 0.05, ...limit }];
      const seconds = Array.from({ length: REPETITIONS }, () => {
        const start = performance.now();
        planAll(jobs, { now: 0, grid, regions });
        return (performance.now() - start) / 1000;
      });
      rows.push({
        work: `100,000 jobs, ${kind}, ${cores === undefined ? "no limit" : `limit ${cores.toLocaleString("en")} cores`}`,
        ...{ metric: "replan_seconds", unit: "s", better: "lower", ours: median(seconds), spread: spread(seconds) },
        peers: {},
      });
    }
  }
  return rows;
}
