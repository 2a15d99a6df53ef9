import { spawn } from "node:child_process";
import { setTimeout } from "node:timers/promises";
import { attribute, type Claim } from "../../runtime/sustainability/carbon-monitor/attribution";
import { cpuTimesBetween, readProcessSnapshot } from "../../runtime/sustainability/carbon-monitor/process-table";
import { type BenchRow, median, spread } from "../contract";

const PROCESSES = 100;
const REPETITIONS = 7;
const SAMPLES = 40;
/** What the agent's configuration has by default. */
const SAMPLE_SECONDS = 5;
const SAMPLES_PER_RECORD = 12;

/** CPU time that sampling and attribution take, with 100 further processes to watch, in percent of one core. */
export async function overheadRow(): Promise<BenchRow> {
  const children = Array.from({ length: PROCESSES }, () =>
    spawn("sleep", ["600"], { stdio: "ignore", detached: true }),
  );
  try {
    await setTimeout(200);
    const percents = Array.from({ length: REPETITIONS }, () => percentOfCore(children.map((child) => child.pid!)));
    return {
      work: `${String(PROCESSES)} workloads of one process each, sampled every ${String(SAMPLE_SECONDS)} s`,
      metric: "overhead_percent_of_core",
      unit: "%",
      better: "lower",
      ours: median(percents),
      spread: spread(percents),
      peers: {},
    };
  } finally {
    for (const child of children) child.kill("SIGKILL");
  }
}

function percentOfCore(groups: readonly number[]): number {
  let before = readProcessSnapshot();
  if (!before) throw new Error("the overhead of reading /proc can be measured on Linux alone");
  const start = process.cpuUsage();
  for (let sample = 1; sample <= SAMPLES; sample += 1) {
    const after = readProcessSnapshot()!;
    const { byGroup, busy } = cpuTimesBetween(before, after);
    before = after;
    if (sample % SAMPLES_PER_RECORD !== 0) continue;
    const claims = groups.map((group, index): Claim => ({
      workload: `w${String(index)}`,
      tenant: null,
      cpuSeconds: (byGroup.get(group) ?? 0) / 100,
      requestedCores: 0.1,
    }));
    const use = { energy: 1_000_000n, idle: 400_000n, embodied: 1000n, gramsPerKwh: 300, cpuSeconds: busy, cores: 16 };
    attribute(use, claims, "requests");
  }
  const { user, system } = process.cpuUsage(start);
  return (100 * (user + system)) / 1e6 / (SAMPLES * SAMPLE_SECONDS);
}
