import { type BenchRow, median, spread } from "../contract";
import { seeded } from "../../runtime/kernel/random";
import { exponential, logNormal } from "../balancer/random";
import { CONTENDERS } from "./limit-contenders";
import { type LimitRun, type Scenario, simulate } from "./limit-simulation";

/** Seconds at which the capacity changes and at which it is back; what is measured begins so long after each change. */
const STEPS = [0, 60, 120] as const;
const SETTLED = 30;
const END = 180;
const SEEDS = [101, 202, 303] as const;
/** A limit counts as found when its mean over so many seconds is within a tenth of the knee. */
const STEADY_SECONDS = 5;

interface Work {
  name: string;
  slots: readonly [before: number, during: number];
  /** Mean service time in milliseconds, and how it spreads. */
  mean: number;
  service: (random: () => number, mean: number) => number;
  /** Arrivals as a multiple of the first capacity. */
  load: number;
  /** Mean service time between the steps, where it changes too. */
  slower?: number;
}

const steady = (random: () => number, mean: number): number => mean * (0.99 + 0.02 * random());
const wide = (random: () => number, mean: number): number => (random() < 0.9 ? mean * 0.3 : mean * 7.3);
const lognormal = (random: () => number, mean: number): number => logNormal(random, mean, 1);

/** The first four are the research's; the others have other sizes, speeds and spreads, which the settings do not know. */
const WORKS: readonly Work[] = [
  {
    name: "16, then 8, then 16 slots of 20 ms (exponential), load 1.2",
    slots: [16, 8],
    mean: 20,
    service: exponential,
    load: 1.2,
  },
  {
    name: "16, then 8, then 16 slots of 20 ms (exponential), load 2",
    slots: [16, 8],
    mean: 20,
    service: exponential,
    load: 2,
  },
  {
    name: "16, then 8, then 16 slots of 20 ms (constant), load 1.2",
    slots: [16, 8],
    mean: 20,
    service: steady,
    load: 1.2,
  },
  {
    name: "16, then 8, then 16 slots of 20 ms (log-normal, sigma 1), load 1.2",
    slots: [16, 8],
    mean: 20,
    service: lognormal,
    load: 1.2,
  },
  {
    name: "20, then 10, then 20 slots of 10 ms (90 % 3 ms, 10 % 73 ms), load 1.5",
    slots: [20, 10],
    mean: 10,
    service: wide,
    load: 1.5,
  },
  {
    name: "24 slots of 20 ms, then of 50 ms, then of 20 ms (exponential), load 1.2",
    slots: [24, 24],
    mean: 20,
    service: exponential,
    load: 1.2,
    slower: 50,
  },
  {
    name: "5, then 10, then 5 slots of 100 ms (constant), load 3",
    slots: [5, 10],
    mean: 100,
    service: steady,
    load: 3,
  },
  {
    name: "4, then 2, then 4 slots of 100 ms (exponential), load 2",
    slots: [4, 2],
    mean: 100,
    service: exponential,
    load: 2,
  },
];

const HALF_LOADED: readonly Work[] = [
  { name: "16 slots of 20 ms (exponential), load 0.5", slots: [16, 16], mean: 20, service: exponential, load: 0.5 },
  { name: "6 slots of 50 ms (exponential), load 0.5", slots: [6, 6], mean: 50, service: exponential, load: 0.5 },
  {
    name: "100 slots of 20 ms (log-normal, sigma 1), load 0.5",
    slots: [100, 100],
    mean: 20,
    service: lognormal,
    load: 0.5,
  },
];

interface Figures {
  limit_error_percent: number;
  convergence_s: number;
  rejected_percent: number;
  goodput_percent: number;
  p99_ms: number;
}

/** Simulated: the same arrivals and service times for every contender. */
export function simulatedLimitRows(print: (text: string) => void): BenchRow[] {
  const rows: BenchRow[] = [];
  for (const work of WORKS) {
    const figures = runAll(work);
    rows.push(
      row(work, figures, "limit_error_percent", "% of the knee", "lower"),
      row(work, figures, "convergence_s", "s after a step in capacity", "lower"),
      row(work, figures, "goodput_percent", "% of the capacity", "higher"),
      row(work, figures, "p99_ms", "ms", "lower"),
    );
    print(`limits: ${work.name}`);
  }
  for (const work of HALF_LOADED) {
    const figures = runAll(work);
    rows.push(
      {
        ...row(work, figures, "rejected_percent", "% of requests", "lower"),
        metric: "false_rejections_percent",
        bound: 0,
      },
      row(work, figures, "p99_ms", "ms", "lower"),
    );
    print(`limits: ${work.name}`);
  }
  return rows;
}

function runAll(work: Work): Map<string, Figures[]> {
  return new Map(
    Object.entries(CONTENDERS).map(([name, make]) => [
      name,
      SEEDS.map((seed) => assess(work, simulate(scenarioOf(work), make(work.slots[0]), seeded(seed)))),
    ]),
  );
}

function scenarioOf({ slots: [first, second], mean, service, load, slower = mean }: Work): Scenario {
  const [start, change, back] = STEPS;
  return {
    slots: [
      { at: start, count: first },
      { at: change, count: second },
      { at: back, count: first },
    ],
    service: (random, now) => service(random, now >= change && now < back ? slower : mean),
    rate: (load * first * 1000) / mean,
    seconds: END,
  };
}

function assess({ slots: [first, second], mean, load, slower = mean }: Work, run: LimitRun): Figures {
  const errors: number[] = [];
  const times: number[] = [];
  const goodputs: number[] = [];
  const p99s: number[] = [];
  STEPS.forEach((from, index) => {
    const to = STEPS[index + 1] ?? END;
    const knee = index === 1 ? second : first;
    const capacity = (knee * 1000) / (index === 1 ? slower : mean);
    const offered = (load * first * 1000) / mean;
    const measured = run.limits.slice(from + SETTLED, to);
    errors.push(average(measured.map((limit) => Math.abs(limit / knee - 1) * 100)));
    times.push(foundAfter(run.limits.slice(from, to), knee));
    goodputs.push((average(run.finished.slice(from + SETTLED, to)) / Math.min(capacity, offered)) * 100);
    const latencies = run.latencies.filter(({ second: at }) => at >= from + SETTLED && at < to);
    p99s.push(
      percentile(
        latencies.map(({ milliseconds }) => milliseconds),
        0.99,
      ),
    );
  });
  return {
    limit_error_percent: average(errors),
    convergence_s: Math.max(...times),
    rejected_percent: (run.rejected / run.arrived) * 100,
    goodput_percent: average(goodputs),
    p99_ms: Math.max(...p99s.filter(Number.isFinite)),
  };
}

/** Seconds until the limit is found; the whole span where it never is. */
function foundAfter(limits: readonly number[], knee: number): number {
  const at = limits.findIndex((_, index) => {
    const window = limits.slice(index, index + STEADY_SECONDS);
    return window.length === STEADY_SECONDS && Math.abs(average(window) / knee - 1) <= 0.1;
  });
  return at === -1 ? limits.length : at;
}

function row(
  work: Work,
  figures: ReadonlyMap<string, Figures[]>,
  metric: keyof Figures,
  unit: string,
  better: BenchRow["better"],
): BenchRow {
  const values = (name: string): number[] => figures.get(name)!.map((one) => one[metric]);
  const peers = [...figures.keys()].filter((name) => name !== "ours");
  return {
    work: work.name,
    metric,
    unit,
    better,
    ours: median(values("ours")),
    spread: spread(values("ours")),
    peers: Object.fromEntries(peers.map((name) => [name, median(values(name))])),
  };
}

const average = (values: readonly number[]): number => values.reduce((sum, one) => sum + one, 0) / values.length;

export function percentile(values: readonly number[], share: number): number {
  const sorted = Float64Array.from(values).sort();
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? NaN;
}
