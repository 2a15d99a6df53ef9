import type { Grid, Job, RegionOutlook } from "../../runtime/sustainability/green-scheduler/engine";
import { seeded } from "../../runtime/kernel/random";

const HOUR = 3_600_000;

/** A small planning problem. */
export interface Instance {
  jobs: Job[];
  grid: Grid;
  regions: (RegionOutlook & { freeCores: Float64Array; gramsPerKwh: Float64Array })[];
}

/** How instances of a kind are drawn. */
export interface Shape {
  name: string;
  jobs: number;
  stepMs: number;
  steps: number;
  regions: number;
  /** Share of the cores over the whole grid that the jobs' work fills. */
  load: number;
  interruptible: boolean;
  /** Start-up, and checkpoint. */
  overheadSeconds: number;
  /** Steps of work, and steps of slack, at most. */
  most: { work: number; slack: number };
  /** Lengths are not whole steps, and more time is kept free than is expected to be used. */
  isUneven: boolean;
}

const COMMON = { jobs: 24, stepMs: HOUR, steps: 48, regions: 1, overheadSeconds: 0, isUneven: false };
const WHOLE = { ...COMMON, interruptible: false, most: { work: 6, slack: 18 } };
const PIECES = { ...WHOLE, interruptible: true };
const CHUNKS = { ...PIECES, jobs: 20, overheadSeconds: 600, most: { work: 4, slack: 9 } };
const LOADS = [
  ["loose", 0.3],
  ["half full", 0.45],
  ["tight", 0.55],
] as const;

export const SHAPES: readonly Shape[] = [
  ...LOADS.map(([name, load]) => ({ ...WHOLE, name: `not interruptible, ${name}`, load })),
  ...LOADS.map(([name, load]) => ({ ...PIECES, name: `interruptible, ${name}`, load })),
  { ...PIECES, name: "interruptible, uneven lengths, half full", load: 0.45, isUneven: true },
  ...LOADS.map(([name, load]) => ({
    ...CHUNKS,
    name: `start-up and checkpoint 10 min, ${name}`,
    load: 0.7 * load,
  })),
  { ...WHOLE, name: "3 regions, not interruptible, half full", regions: 3, jobs: 36, load: 0.45 },
  { ...PIECES, name: "2 regions, interruptible, half full", regions: 2, jobs: 30, load: 0.45 },
  {
    ...{ ...WHOLE, name: "half hours, uneven lengths, reserves, half full", stepMs: HOUR / 2, steps: 72, load: 0.45 },
    ...{ isUneven: true, most: { work: 8, slack: 24 } },
  },
];

/** The same for the same seed. */
export function instanceOf(shape: Shape, seed: number): Instance {
  const { stepMs, steps, overheadSeconds, interruptible, isUneven, most } = shape;
  const random = seeded(seed);
  const between = (low: number, high: number): number => low + Math.floor(random() * (high - low + 1));
  const hours = stepMs / HOUR;
  const names = Array.from({ length: shape.regions }, (_, i) => `region-${String(i)}`);
  const curves = names.map((_, i) =>
    Float64Array.from({ length: steps }, (_, step) => {
      const phase = (2 * Math.PI * (step * hours + 6 + 5 * i)) / 24;
      return Math.round(300 - 40 * i + 120 * Math.sin(phase) + 60 * random());
    }),
  );
  const stepSeconds = stepMs / 1000;
  const jobs = Array.from({ length: shape.jobs }, (_, i): Job => {
    const work = between(1, most.work);
    const mean = isUneven ? Math.ceil((work - random()) * stepSeconds) : work * stepSeconds;
    const high = isUneven && !interruptible ? Math.ceil(mean * (1 + 0.4 * random())) : mean;
    const release = between(0, steps - most.work - most.slack - 4);
    const slack = between(0, most.slack) * stepSeconds;
    const home = between(0, names.length - 1);
    const elsewhere = names.filter((_, k) => k !== home && random() < 0.7);
    return {
      ...{ id: String(i), tenant: null, interruptible, minChunkSeconds: 0 },
      ...{ checkpointSeconds: overheadSeconds, startupSeconds: overheadSeconds },
      ...{ cores: between(1, 4), watts: between(100, 800), regions: [names[home]!, ...elsewhere] },
      releaseAt: release * stepMs,
      deadline: release * stepMs + (high + slack + 2 * overheadSeconds) * 1000,
      duration: { meanSeconds: mean, highSeconds: high },
    };
  });
  const work = jobs.reduce(
    (sum, { cores, duration }) => sum + cores * Math.ceil(duration.highSeconds / stepSeconds),
    0,
  );
  const cores = Math.max(6, Math.ceil(work / steps / shape.load / names.length));
  return {
    jobs,
    grid: { from: 0, stepMs, steps },
    regions: names.map((region, i) => ({
      ...{ region, gramsPerKwh: curves[i]!, errorShare: null },
      freeCores: new Float64Array(steps).fill(cores),
    })),
  };
}
