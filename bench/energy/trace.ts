import { readFileSync } from "node:fs";
import { generator } from "../packing/workload";
import { readNodes, readPods } from "../packing/traces";
import { type Need, Room, type Supply } from "../../runtime/sustainability/energy-optimizer/room";

export const WEEK_SECONDS = 604_800;

/** A pod of the trace; times in seconds of the trace's own clock. */
export interface TimedPod {
  id: string;
  need: Need;
  from: number;
  seconds: number;
  /** For how long it ran already at `from`: weeks begin in the midst of work. */
  age: number;
}

export interface TraceNode {
  name: string;
  supply: Supply;
}

/** undefined where the file has no times. Pods without a length, or that ran for none, are left out. */
export function readTimedPods(file: string): TimedPod[] | undefined {
  const [header = "", ...lines] = readFileSync(file, "utf8").trim().split(/\r?\n/);
  const names = header.split(",");
  const [created, deleted, scheduled] = ["creation_time", "deletion_time", "scheduled_time"].map((name) =>
    names.indexOf(name),
  );
  if (created === undefined || deleted === undefined || scheduled === undefined || created < 0 || deleted < 0)
    return undefined;
  const requests = readPods(file);
  return lines.flatMap((line, index) => {
    const fields = line.split(",");
    const { amount, gpuModels } = requests[index]!;
    const from = Number(fields[created]);
    // A pod that waited in the trace's own cluster ran from when it was scheduled.
    const begun = Number(fields[scheduled] || fields[created]);
    const seconds = Number(fields[deleted]) - (begun >= from ? begun : from);
    if (!(seconds > 0) || !Number.isFinite(from)) return [];
    const need: Need = {
      cpuCores: amount.cpuMilli / 1000,
      memoryBytes: amount.memoryBytes,
      gpus: (amount.gpuMilli ?? 0) / 1000,
      ...(gpuModels && { gpuModels }),
    };
    return [{ id: fields[0] ?? String(index), need, from, seconds, age: 0 }];
  });
}

export function readTraceNodes(file: string): TraceNode[] {
  return readNodes(file).map(({ name, allocatable, gpuModel }) => ({
    name,
    supply: {
      cpuCores: allocatable.cpuMilli / 1000,
      memoryBytes: allocatable.memoryBytes,
      gpus: (allocatable.gpuMilli ?? 0) / 1000,
      ...(gpuModel !== undefined && { gpuModel }),
    },
  }));
}

/** Whole weeks, counted back from the last arrival, in which at least a tenth as much came as in the busiest; oldest first. */
export function busyWeeks(pods: readonly TimedPod[]): number[] {
  const last = Math.max(...pods.map(({ from }) => from));
  const weeks = new Map<number, number>();
  for (const { from } of pods) {
    const start = last - (Math.floor((last - from) / WEEK_SECONDS) + 1) * WEEK_SECONDS;
    if (start >= 0) weeks.set(start, (weeks.get(start) ?? 0) + 1);
  }
  const most = Math.max(...weeks.values());
  return [...weeks]
    .filter(([, count]) => count >= most / 10)
    .map(([start]) => start)
    .sort((a, b) => a - b);
}

/**
 * What runs in the week, `copies` times, each copy's pods moved by up to six hours, and of each copy the share `kept` by
 * chance; times from the start of the week.
 */
export function weekOf(pods: readonly TimedPod[], start: number, copies: number, seed: number, kept = 1): TimedPod[] {
  const random = generator(seed);
  const week: TimedPod[] = [];
  for (let copy = 0; copy < copies; copy++) {
    for (const pod of pods) {
      const from = pod.from - start + (copy === 0 ? 0 : Math.round((random() - 0.5) * 43_200));
      if (kept < 1 && random() >= kept) continue;
      if (from >= WEEK_SECONDS || from + pod.seconds <= 0) continue;
      week.push({
        ...pod,
        id: `${pod.id}/${copy}`,
        from: Math.max(0, from),
        seconds: pod.seconds + Math.min(0, from),
        age: Math.max(0, -from),
      });
    }
  }
  return week.sort((a, b) => a.from - b.from || (a.id < b.id ? -1 : 1));
}

/**
 * A fleet drawn from the trace's nodes, just so large that the week's peak asks for at most half of its cores, memory and
 * GPUs, and that every pod would fit on two of its nodes were they empty: the trace's own fleet is meant for far more.
 */
export function fleetFor(nodes: readonly TraceNode[], week: readonly TimedPod[], seed: number): TraceNode[] {
  const random = generator(seed);
  const shuffled = nodes
    .map((node) => ({ node, key: random() }))
    .sort((a, b) => a.key - b.key)
    .map(({ node }) => node);
  const fleet: TraceNode[] = [];
  const peak = peakOf(week);
  const all = (dimension: "cpuCores" | "memoryBytes" | "gpus"): number =>
    fleet.reduce((sum, { supply }) => sum + (supply[dimension] ?? 0), 0);
  for (const node of shuffled) {
    const short = (["cpuCores", "memoryBytes", "gpus"] as const).some(
      (dimension) => all(dimension) < 2 * peak[dimension],
    );
    if (!short) break;
    fleet.push(node);
  }
  const kinds = new Map(week.map(({ need }) => [JSON.stringify(need), need]));
  for (const need of kinds.values()) {
    const fits = ({ supply }: TraceNode): boolean => new Room(supply).fit(need) !== undefined;
    const missing = 2 - fleet.filter(fits).length;
    if (missing > 0) fleet.push(...shuffled.filter((node) => !fleet.includes(node) && fits(node)).slice(0, missing));
  }
  return fleet;
}

function peakOf(week: readonly TimedPod[]): Record<"cpuCores" | "memoryBytes" | "gpus", number> {
  const changes = week
    .flatMap(({ need, from, seconds }) => [
      { at: from, sign: 1, need },
      { at: from + seconds, sign: -1, need },
    ])
    .sort((a, b) => a.at - b.at || a.sign - b.sign);
  const now = { cpuCores: 0, memoryBytes: 0, gpus: 0 };
  const peak = { ...now };
  for (const { sign, need } of changes) {
    for (const dimension of ["cpuCores", "memoryBytes", "gpus"] as const) {
      now[dimension] += sign * (need[dimension] ?? 0);
      peak[dimension] = Math.max(peak[dimension], now[dimension]);
    }
  }
  return peak;
}
