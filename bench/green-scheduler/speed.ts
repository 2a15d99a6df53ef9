import { type Job, planAll, type RegionOutlook } from "../../runtime/sustainability/green-scheduler/engine";
import { type BenchRow, median, spread } from "../contract";
import { seeded } from "../../runtime/kernel/random";

const COUNT = 100_000;
const REPETITIONS = 5;
const STEP_MS = 1_800_000;
/** Four days of half hours. */
const STEPS = 192;
/** One job in so many is new when everything is planned again. */
const NEW = 100;

function jobsOf(interruptible: boolean, overheadSeconds: number): Job[] {
  const random = seeded(7);
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

/**
 * Seconds to plan 100,000 pending jobs anew, on one thread; each time with another forecast, and other jobs in place of one in a
 * hundred. Beside the clock the processor's time of the whole process, the collector's threads included: on a machine that is
 * busy with other things, only that can be compared.
 */
export function speedRows(): BenchRow[] {
  const random = seeded(3);
  const grid = { from: 0, stepMs: STEP_MS, steps: STEPS };
  const forecast = (): Float64Array =>
    Float64Array.from({ length: STEPS }, (_, i) => 300 + 100 * Math.sin(i / 7.64) + 20 * random());
  const rows: BenchRow[] = [];
  for (const [kind, interruptible, overhead] of [
    ["not interruptible", false, 0],
    ["interruptible", true, 0],
    ["interruptible, start-up and checkpoint 60 s", true, 60],
  ] as const) {
    const jobs = jobsOf(interruptible, overhead);
    // No limit; one that some clean hours reach; one that fills two cores in five over all.
    for (const cores of [undefined, 60_000, 20_000]) {
      const limit = cores === undefined ? {} : { freeCores: new Float64Array(STEPS).fill(cores) };
      const clock: number[] = [];
      const cpu: number[] = [];
      for (let repetition = 0; repetition < REPETITIONS; repetition++) {
        const regions: RegionOutlook[] = [{ region: "a", gramsPerKwh: forecast(), errorShare: 0.05, ...limit }];
        for (let i = repetition; i < COUNT; i += NEW) {
          jobs[i] = { ...jobs[i]!, id: `${String(repetition)}-${String(i)}`, watts: 100 + 200 * random() };
        }
        const start = performance.now();
        const used = process.cpuUsage();
        planAll(jobs, { now: 0, grid, regions });
        const { user, system } = process.cpuUsage(used);
        clock.push((performance.now() - start) / 1000);
        cpu.push((user + system) / 1e6);
      }
      const work = `100,000 jobs, ${kind}, ${cores === undefined ? "no limit" : `limit ${cores.toLocaleString("en")} cores`}`;
      const common = { work, unit: "s", better: "lower" as const, peers: {}, bound: 1 };
      rows.push(
        { ...common, metric: "replan_seconds", ours: median(clock), spread: spread(clock) },
        { ...common, metric: "replan_cpu_seconds", ours: median(cpu), spread: spread(cpu) },
      );
    }
  }
  return rows;
}
