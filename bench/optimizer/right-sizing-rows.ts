import { recommendFleet } from "../../runtime/scalability/performance-optimizer/right-sizing/fleet";
import { UsageHistory } from "../../runtime/scalability/performance-optimizer/right-sizing/usage-history";
import { VPA } from "../../runtime/scalability/performance-optimizer/right-sizing/vpa";
import type { BenchRow } from "../contract";
import { type UsageTrace, usageTraces } from "./usage-traces";

const SAMPLE_MILLISECONDS = 300_000;
const START = Date.parse("2011-03-03T00:00:00Z");
/** Samples between two recommendations where they go on during the judged half: an hour. */
const UPDATE = 12;

/** Cores for each series, from what was seen before. */
type Recommender = (histories: readonly UsageHistory[]) => number[];

const floor = (cores: number): number => Math.max(VPA.minimum.cpuCores, cores);
const percentile =
  (share: number): Recommender =>
  (histories) =>
    histories.map(({ cpu }) => floor(cpu.percentile(share) * (1 + VPA.margin)));

const RECOMMENDERS: Record<string, Recommender> = {
  ours: (histories) =>
    recommendFleet(histories.map((history, index) => ({ workload: String(index), replicas: 1, history }))).map(
      ({ cpuCores }) => cpuCores,
    ),
  "VPA P90x1.15": percentile(0.9),
  "P95x1.15": percentile(0.95),
};

interface Judgement {
  /** What was allocated and not used, of what was allocated, in percent. */
  slack: number;
  /** Samples above the allocation, of all samples, in percent. */
  over: number;
  /** As slack, but the mean over workloads of each one's share. */
  meanSlack: number;
}

/** Recommended from the first half, judged on the second: once for all, and with hourly updates for everybody. */
export function rightSizingRows(data: string | undefined, print: (text: string) => void): BenchRow[] {
  return usageTraces(data, print).flatMap((trace) => {
    const fixed = Object.fromEntries(
      Object.entries(RECOMMENDERS).map(([name, recommend]) => [name, judge(trace, replay(trace, recommend, Infinity))]),
    );
    const hourly = Object.fromEntries(
      Object.entries(RECOMMENDERS).map(([name, recommend]) => [name, judge(trace, replay(trace, recommend, UPDATE))]),
    );
    const halves = trace.series.map((series) => series.slice(0, half(series)));
    fixed["maximum"] = judge(trace, constant(halves.map((series) => floor(Math.max(...series)))));
    fixed["mean x2"] = judge(trace, constant(halves.map((series) => floor((2 * total(series)) / series.length))));
    const later = trace.series.map((series) => series.slice(half(series)).sort((a, b) => a - b));
    fixed["hindsight P95"] = judge(
      trace,
      constant(later.map((sorted) => floor(sorted[Math.floor(0.95 * sorted.length)]!))),
    );
    print(`right-sizing: ${trace.name}, ${String(trace.series.length)} series`);
    return [
      ...rows(`${trace.name}: from the first half, once`, fixed),
      ...rows(`${trace.name}: updated every hour`, hourly),
    ];
  });
}

const half = (series: readonly number[]): number => series.length >> 1;
const total = (values: readonly number[]): number => values.reduce((sum, one) => sum + one, 0);

/** The allocation of series `index` for its sample `at`. */
type Allocation = (index: number, at: number) => number;

const constant =
  (cores: readonly number[]): Allocation =>
  (index) =>
    cores[index]!;

/** Allocations of the judged half, recommended anew after every `update` samples from all that came before. */
function replay({ series }: UsageTrace, recommend: Recommender, update: number): Allocation {
  const histories = series.map(() => new UsageHistory());
  const seen = series.map(() => 0);
  const learn = (upTo: (of: readonly number[]) => number): void =>
    series.forEach((one, index) => {
      for (const end = Math.min(one.length, upTo(one)); seen[index]! < end; seen[index]!++) {
        histories[index]!.addCpu(one[seen[index]!]!, START + seen[index]! * SAMPLE_MILLISECONDS);
      }
    });
  const judged = Math.max(...series.map((one) => one.length - half(one)));
  const recommended: number[][] = [];
  for (let from = 0; from < judged; from += update) {
    learn((one) => half(one) + from);
    recommended.push(recommend(histories));
  }
  return (index, at) => recommended[Math.floor((at - half(series[index]!)) / update)]![index]!;
}

function judge({ series }: UsageTrace, allocation: Allocation): Judgement {
  let [allocated, unused, above, samples, shares] = [0, 0, 0, 0, 0];
  series.forEach((one, index) => {
    let [ownAllocated, ownUnused] = [0, 0];
    for (let at = half(one); at < one.length; at++) {
      const cores = allocation(index, at);
      samples += 1;
      above += one[at]! > cores ? 1 : 0;
      ownAllocated += cores;
      ownUnused += Math.max(0, cores - one[at]!);
    }
    allocated += ownAllocated;
    unused += ownUnused;
    shares += ownUnused / ownAllocated;
  });
  return {
    slack: (unused / allocated) * 100,
    over: (above / samples) * 100,
    meanSlack: (shares / series.length) * 100,
  };
}

function rows(work: string, judged: Record<string, Judgement>): BenchRow[] {
  const { ours, ...peers } = judged;
  const row = (metric: string, unit: string, of: (judgement: Judgement) => number): BenchRow => ({
    work,
    metric,
    unit,
    better: "lower",
    ours: of(ours!),
    spread: 0,
    peers: Object.fromEntries(Object.entries(peers).map(([name, one]) => [name, of(one)])),
  });
  return [
    row("slack_percent", "% of the allocation", ({ slack }) => slack),
    row("over_limit_percent", "% of samples", ({ over }) => over),
    row("mean_slack_percent", "% of the allocation, mean over workloads", ({ meanSlack }) => meanSlack),
  ];
}
