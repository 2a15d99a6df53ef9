import { readdirSync } from "node:fs";
import { basename, join } from "node:path";
import { type Job, planAll } from "../../runtime/sustainability/green-scheduler/engine";
import type { BenchRow } from "../contract";
import { rowsOf, type Series } from "./intensity-files";

/**
 * Elastic jobs as in CarbonScaler (Hanafy et al., SIGMETRICS 2024): a day's work of one node, on up to as many as were measured,
 * to be done within one, one and a half, or two days; intensity is known.
 */
const HOUR_MS = 3_600_000;
const WORK_HOURS = 24;
const STRETCHES = [1, 1.5, 2];
/** Hours from one arrival to the next: every time of the day, every season. */
const EVERY = 97;
const SOURCE = "CarbonScaler (SIGMETRICS 2024): its measured profiles; its greedy re-implemented";

interface Size {
  replicas: number;
  throughput: number;
  watts: number;
}

function readProfile(file: string): Size[] {
  return rowsOf(file)
    .map((row) => ({
      ...{ replicas: Number(row["nodes"]), throughput: Number(row["throughput"]), watts: Number(row["power"]) },
    }))
    .filter(({ replicas }) => replicas > 0);
}

/** Grams of a job by hour: of each, its size (0: none), and at most as much of the last as is needed. */
type Policy = (hours: Float64Array, sizes: readonly Size[]) => number;

/** Work is counted in hours of one node. */
const speed = (sizes: readonly Size[], level: number): number =>
  (sizes[level - 1]?.throughput ?? 0) / sizes[0]!.throughput;
const power = (sizes: readonly Size[], level: number): number => (sizes[level - 1]?.watts ?? 0) / 1000;

const agnostic: Policy = (hours, sizes) =>
  hours.slice(0, WORK_HOURS).reduce((sum, value) => sum + value * power(sizes, 1), 0);

/** The cheapest hours at one size; part of the dearest. */
const atSize = (hours: Float64Array, sizes: readonly Size[], level: number): number => {
  let left = WORK_HOURS;
  let grams = 0;
  for (const value of hours.toSorted()) {
    const share = Math.min(1, left / speed(sizes, level));
    grams += share * value * power(sizes, level);
    left -= share * speed(sizes, level);
    if (left <= 1e-12) break;
  }
  return grams;
};

const POLICIES: Record<string, Policy> = {
  "carbon-agnostic": agnostic,
  "suspend-resume": (hours, sizes) => atSize(hours, sizes, 1),
  "best static scale": (hours, sizes) => Math.min(...sizes.map((_, i) => atSize(hours, sizes, i + 1))),
  /** Pairs of an hour and one more node by marginal work by marginal grams, a node only after the one before it. */
  "CarbonScaler's greedy": (hours, sizes) => {
    const levels = new Int32Array(hours.length);
    let left = WORK_HOURS;
    let grams = 0;
    while (left > 1e-12) {
      let best = -1;
      let most = 0;
      for (let hour = 0; hour < hours.length; hour++) {
        const level = levels[hour]! + 1;
        if (level > sizes.length) continue;
        const work = speed(sizes, level) - speed(sizes, level - 1);
        const value = work / ((power(sizes, level) - power(sizes, level - 1)) * Math.max(hours[hour]!, 1e-9));
        if (value <= most) continue;
        most = value;
        best = hour;
      }
      if (best < 0) return NaN;
      const level = ++levels[best]!;
      const work = speed(sizes, level) - speed(sizes, level - 1);
      const share = Math.min(1, left / work);
      grams += share * (power(sizes, level) - power(sizes, level - 1)) * hours[best]!;
      left -= share * work;
    }
    return grams;
  },
};

function planned(hours: Float64Array, sizes: readonly Size[]): number {
  const seconds = WORK_HOURS * 3600;
  const job: Job = {
    ...{
      id: "job",
      tenant: null,
      releaseAt: 0,
      deadline: hours.length * HOUR_MS,
      regions: ["here"],
      interruptible: true,
    },
    ...{ checkpointSeconds: 0, startupSeconds: 0, minChunkSeconds: 0, watts: sizes[0]!.watts, cores: 1, scale: sizes },
    duration: { meanSeconds: seconds, highSeconds: seconds },
  };
  const grid = { from: 0, stepMs: HOUR_MS, steps: hours.length };
  const [plan] = planAll([job], { now: 0, grid, regions: [{ region: "here", gramsPerKwh: hours, errorShare: null }] });
  const sizeOf = new Map(sizes.map((size) => [size.replicas, size]));
  let grams = 0;
  let left = WORK_HOURS;
  // Judged hour by hour, not by what the plan says of itself.
  for (const { from, to, replicas } of plan!.slots) {
    const { throughput, watts } = sizeOf.get(replicas)!;
    for (let hour = Math.floor(from / HOUR_MS); hour * HOUR_MS < to && left > 1e-12; hour++) {
      const time = (Math.min(to, (hour + 1) * HOUR_MS) - Math.max(from, hour * HOUR_MS)) / HOUR_MS;
      const used = Math.min(time, left / (throughput / sizes[0]!.throughput));
      grams += (used * hours[hour]! * watts) / 1000;
      left -= (used * throughput) / sizes[0]!.throughput;
    }
  }
  if (left > 1e-6) throw new Error(`a plan leaves ${left.toFixed(3)} hours of work undone`);
  return grams;
}

/** Every profile (`nodes,throughput,power`) in the folder, on every series. */
export function elasticRows(folder: string, all: readonly Series[]): BenchRow[] {
  const profiles = readdirSync(folder).filter((name) => name.startsWith("nbody") && name.endsWith(".csv"));
  return profiles.sort().flatMap((name) => {
    const sizes = readProfile(join(folder, name));
    return all.flatMap((series) => STRETCHES.map((stretch) => rowOf(basename(name, ".csv"), sizes, series, stretch)));
  });
}

function rowOf(profile: string, sizes: readonly Size[], { region, values }: Series, stretch: number): BenchRow {
  const sums = { ours: 0, peers: Object.fromEntries(Object.keys(POLICIES).map((name) => [name, 0])) };
  const length = WORK_HOURS * stretch;
  for (let start = 0; start + length <= values.length; start += EVERY) {
    const hours = values.slice(start, start + length);
    sums.ours += planned(hours, sizes);
    for (const [name, policy] of Object.entries(POLICIES)) sums.peers[name]! += policy(hours, sizes);
  }
  const base = sums.peers["carbon-agnostic"]!;
  const peers = Object.fromEntries(Object.entries(sums.peers).map(([name, grams]) => [name, grams / base]));
  const work = `elastic, ${profile}, ${region}: a day's work within ${String(length)} h`;
  if (sums.ours / base > peers["CarbonScaler's greedy"]! * (1 + 1e-9)) {
    process.stdout.write(`${work}: ours emits more than CarbonScaler's greedy\n`);
  }
  return {
    ...{ work, metric: "carbon_ratio_to_agnostic", unit: "ratio", better: "lower", ours: sums.ours / base },
    ...{ spread: 0, peers, source: SOURCE },
  };
}
