import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { compare, type Comparison, type Front, sweep, wasteAt } from "./autoscaling/contenders";
import { plotFronts } from "./autoscaling/front-plot";
import { DEFAULT_SETTING, type Outcome, type Setting, type Window } from "./autoscaling/replay";
import { readTraces, type Trace } from "./autoscaling/trace";
import type { BenchRow } from "./contract";

const SHARED_DATA = join(__dirname, "..", "..", "shared", "data", "autoscaling");
const FRONT_FILE = join(__dirname, "results", "autoscaling-front.svg");

/** What issue 5 asks of the WorldCup98 replay. */
const BAR = { timeUnderPercent: 0.5, wastePercent: 8 };

/** The window of the published baselines, research/scaling.md 1.3. */
const TABLE_WINDOW: Window = { from: Date.parse("1998-06-10T00:00:00Z"), to: Date.parse("1998-07-13T00:00:00Z") };
/** Less is no course of load. */
const SHORTEST_MS = 600_000;
const START_DELAYS_SECONDS = [30, 180];

const METRICS = [
  ["time_under_percent", "% of time", "timeUnderPercent"],
  ["waste_percent", "% of demand", "wastePercent"],
  ["changes_per_day", "1/day", "changesPerDay"],
] as const satisfies readonly (readonly [string, string, keyof Outcome])[];

/**
 * Replays load traces (simulated: no process is started; everything is deterministic) against our engine and its peers. Each
 * trace counts from the middle of its time on. The first half of WorldCup98 and synthetic load are what ours was tuned on.
 * The longest trace gets the whole front of each policy (`autoscaling-front.svg`) and other start-up times besides.
 */
export async function run({ data = SHARED_DATA }: { data?: string } = {}): Promise<BenchRow[]> {
  if (!existsSync(data)) throw new Error(`the folder of traces ${data} is absent; name one with --data DIR`);
  const traces = readTraces(data).filter(hasLoad);
  if (traces.length === 0)
    throw new Error(`${data} holds no trace of at least ten minutes with load in the second half of its time`);
  const longest = traces.reduce((a, b) => (spanOf(b) > spanOf(a) ? b : a));
  return [longest, ...traces.filter((trace) => trace !== longest)].flatMap((trace) =>
    trace === longest ? rowsOfLongest(trace) : rowsOf(trace, secondHalf(trace), DEFAULT_SETTING, "second half"),
  );
}

function rowsOfLongest(trace: Trace): BenchRow[] {
  const isPublished = trace.times[0]! < TABLE_WINDOW.from && trace.times.at(-1)! >= TABLE_WINDOW.to;
  const window = isPublished ? TABLE_WINDOW : secondHalf(trace);
  const part = isPublished ? "06-10..07-12" : "second half";
  const { fronts, bound } = sweep(trace, window, DEFAULT_SETTING);
  mkdirSync(join(__dirname, "results"), { recursive: true });
  writeFileSync(FRONT_FILE, plotFronts(`${trace.name}, ${part}: one knob per policy`, fronts, bound, BAR));
  printFronts(trace, fronts);
  return [
    ...rowsOf(trace, window, DEFAULT_SETTING, part),
    ...rowAtBar(trace, fronts, bound, part),
    ...(isPublished ? rowsOf(trace, secondHalf(trace), DEFAULT_SETTING, "second half") : []),
    ...START_DELAYS_SECONDS.flatMap((startSeconds) =>
      rowsOf(trace, window, { ...DEFAULT_SETTING, startSeconds }, part),
    ),
  ];
}

function rowsOf(trace: Trace, window: Window, setting: Setting, part: string): BenchRow[] {
  const comparison = compare(trace, window, setting);
  const work = `${trace.name}, ${part}, start-up ${String(setting.startSeconds)} s`;
  printLosses(work, comparison);
  return METRICS.map(([metric, unit, key]) => ({
    work,
    metric,
    unit,
    better: "lower",
    ours: comparison.ours[key],
    spread: 0,
    peers: Object.fromEntries(Object.entries(comparison.peers).map(([name, outcome]) => [name, outcome[key]])),
    bound: comparison.bound[key],
  }));
}

/** The waste of each policy where it is under-provisioned as long as the bar allows: the comparison on one axis. */
function rowAtBar(trace: Trace, fronts: readonly Front[], bound: Outcome, part: string): BenchRow[] {
  const wastes = fronts.map((front) => [front.name, wasteAt(front, BAR.timeUnderPercent)] as const);
  const reached = wastes.filter((entry): entry is readonly [string, number] => entry[1] !== undefined);
  const { ours, ...peers } = Object.fromEntries(reached);
  if (ours === undefined) return [];
  const work = `${trace.name}, ${part}, each with its knob at ${String(BAR.timeUnderPercent)} % of time under`;
  const unit = "% of demand";
  return [{ work, metric: "waste_percent", unit, better: "lower", ours, spread: 0, peers, bound: bound.wastePercent }];
}

function printFronts({ name }: Trace, fronts: readonly Front[]): void {
  for (const front of fronts) {
    const points = front.points.map(
      (point) =>
        `${String(point.knob)}: ${point.timeUnderPercent.toFixed(2)}/${point.wastePercent.toFixed(1)}/${point.changesPerDay.toFixed(0)}`,
    );
    print(`front of ${front.name} on ${name} (knob: % under / % waste / changes a day): ${points.join(", ")}`);
  }
}

/** A peer that is better at both is said so, not hidden. */
function printLosses(work: string, { ours, peers }: Comparison): void {
  for (const [name, peer] of Object.entries(peers)) {
    const isWorse = peer.timeUnderPercent > ours.timeUnderPercent || peer.wastePercent > ours.wastePercent;
    const isEqual = peer.timeUnderPercent === ours.timeUnderPercent && peer.wastePercent === ours.wastePercent;
    if (isWorse || isEqual) continue;
    const figures = [peer, ours].map((of) => `${of.timeUnderPercent.toFixed(2)} %/${of.wastePercent.toFixed(1)} %`);
    print(`loses: ${work}: ${name} is under less and wastes less (${figures.join(" against ")})`);
  }
}

const print = (line: string): void => void process.stdout.write(`${line}\n`);

const spanOf = ({ times }: Trace): number => times.at(-1)! - times[0]!;

function secondHalf(trace: Trace): Window {
  return { from: trace.times[0]! + spanOf(trace) / 2, to: trace.times.at(-1)! };
}

function hasLoad(trace: Trace): boolean {
  if (trace.times.length < 2 || spanOf(trace) < SHORTEST_MS) return false;
  const { from } = secondHalf(trace);
  return trace.values.some((value, index) => value > 0 && trace.times[index]! >= from);
}
