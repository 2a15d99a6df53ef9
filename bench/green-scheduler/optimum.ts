import loadHighs from "highs";
import { type Job, planAll } from "../../runtime/sustainability/green-scheduler/engine";
import type { BenchRow } from "../contract";
import { randomOf } from "./random";

const STEP_MS = 3_600_000;
const STEPS = 48;
const INSTANCES = 12;
const JOBS = 24;

interface Instance {
  jobs: Job[];
  intensity: number[];
  cores: number;
}

/** Jobs of whole hours on one region whose cores are `load` used. */
function instanceOf(seed: number, load: number, interruptible: boolean): Instance {
  const random = randomOf(seed);
  const between = (low: number, high: number): number => low + Math.floor(random() * (high - low + 1));
  const intensity = Array.from({ length: STEPS }, (_, step) =>
    Math.round(300 + 120 * Math.sin((2 * Math.PI * (step + 6)) / 24) + 60 * random()),
  );
  const jobs = Array.from({ length: JOBS }, (_, i): Job => {
    const hours = between(1, 6);
    const release = between(0, STEPS - 24);
    return {
      ...{ id: String(i), tenant: null, interruptible, regions: ["a"], cores: between(1, 4), watts: between(100, 800) },
      ...{ checkpointSeconds: 0, startupSeconds: 0, minChunkSeconds: 0 },
      ...{ releaseAt: release * STEP_MS, deadline: (release + hours + between(0, 18)) * STEP_MS },
      duration: { meanSeconds: hours * 3600, highSeconds: hours * 3600 },
    };
  });
  const work = jobs.reduce((sum, { cores, duration }) => sum + (cores * duration.meanSeconds) / 3600, 0);
  return { jobs, intensity, cores: Math.max(6, Math.ceil(work / STEPS / load)) };
}

/** The same as a mixed-integer program: of every start (or hour, where jobs may be cut up) of every job, whether it is used. */
function programOf({ jobs, intensity, cores }: Instance): string {
  const objective: string[] = [];
  const rows: string[] = [];
  const names: string[] = [];
  const used = intensity.map((): string[] => []);
  jobs.forEach((job, j) => {
    const length = job.duration.meanSeconds / 3600;
    const span = job.interruptible ? 1 : length;
    const terms: string[] = [];
    for (let start = job.releaseAt / STEP_MS; start + span <= Math.min(STEPS, job.deadline / STEP_MS); start++) {
      const name = `x${String(j)}_${String(start)}`;
      const hours = intensity.slice(start, start + span);
      objective.push(`${String((job.watts * hours.reduce((sum, value) => sum + value, 0)) / 1000)} ${name}`);
      hours.forEach((_, i) => used[start + i]!.push(`${String(job.cores)} ${name}`));
      terms.push(name);
    }
    names.push(...terms);
    rows.push(` j${String(j)}: ${terms.join(" + ")} = ${String(job.interruptible ? length : 1)}`);
  });
  used.forEach((terms, step) => {
    if (terms.length > 0) rows.push(` c${String(step)}: ${terms.join(" + ")} <= ${String(cores)}`);
  });
  return `Minimize\n obj: ${objective.join("\n + ")}\nSubject To\n${rows.join("\n")}\nBinary\n ${names.join("\n ")}\nEnd`;
}

/** Emissions of our plans beside the proven optimum, on small instances that are generated from seeds. */
export async function optimumRows(): Promise<BenchRow[]> {
  const highs = await loadHighs();
  const rows: BenchRow[] = [];
  for (const interruptible of [false, true]) {
    for (const load of [0.3, 0.5, 0.7]) {
      let ours = 0;
      let optimum = 0;
      let worst = 0;
      let solved = 0;
      let late = 0;
      for (let seed = 1; seed <= INSTANCES; seed++) {
        const instance = instanceOf(seed, load, interruptible);
        const solution = highs.solve(programOf(instance), { mip_rel_gap: 1e-4, time_limit: 10 });
        if (solution.Status !== "Optimal") continue;
        const freeCores = new Array<number>(STEPS).fill(instance.cores);
        const plans = planAll(instance.jobs, {
          now: 0,
          grid: { from: 0, stepMs: STEP_MS, steps: STEPS },
          regions: [{ region: "a", gramsPerKwh: instance.intensity, errorShare: null, freeCores }],
        });
        if (plans.some(({ outcome }) => outcome === "late" || outcome === "unplaced")) {
          late++;
          continue;
        }
        const grams = plans.reduce((sum, plan) => sum + plan.expectedGrams, 0);
        ours += grams;
        optimum += solution.ObjectiveValue;
        worst = Math.max(worst, 100 * (grams / solution.ObjectiveValue - 1));
        solved++;
      }
      const kind = interruptible ? "interruptible" : "not interruptible";
      const work = `${String(JOBS)} jobs, ${kind}, ${String(100 * load)} % load, ${String(solved)} instances`;
      const common = {
        better: "lower" as const,
        spread: 0,
        peers: {},
        bound: 0,
        source: "optimum: HiGHS 1.15, gap 1e-4",
      };
      if (late > 0)
        process.stdout.write(
          `${work}: in ${String(late)} more, ours keeps not every deadline that the optimum keeps\n`,
        );
      rows.push(
        { ...common, work, metric: "optimality_gap_percent", unit: "percent", ours: 100 * (ours / optimum - 1) },
        { ...common, work, metric: "worst_optimality_gap_percent", unit: "percent", ours: worst },
        { ...common, work, metric: "instances_with_late_jobs", unit: "instances", ours: late },
      );
    }
  }
  return rows;
}
