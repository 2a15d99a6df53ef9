import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import autocannon from "autocannon";
import { ErmProgram } from "../test/support/erm-process";
import { type BenchRow, median, spread } from "./contract";

const REPETITIONS = 3;
const SECONDS = 8;
const WARM_UP_SECONDS = 4;
const CONNECTIONS = 64;
const WORK = "POST /v1/allocations, 64 connections, 2 s leases, 8 declared nodes, PGlite in a folder";

/**
 * Allocations a second that the elastic resource manager grants over HTTP, each durable (fsync) with its decision and its
 * event before its answer, and the 99th percentile of the answer's time. The engine has a process of its own; the load
 * generator shares the machine with it. Leases of 2 s bring the capacity back, so releases, their events and the relay to
 * the bus run at the same rate meanwhile. Anything but 201 fails the run.
 */
export async function run(_options: { data?: string } = {}): Promise<BenchRow[]> {
  const folder = await mkdtemp(join(tmpdir(), "mno-bench-allocations-"));
  const program = await ErmProgram.build();
  try {
    const engine = await program.start({ folder, nodes: 8, cores: 64 });
    await load(engine.url, WARM_UP_SECONDS);
    const rates: number[] = [];
    const tails: number[] = [];
    for (let repetition = 0; repetition < REPETITIONS; repetition++) {
      const result = await load(engine.url, SECONDS);
      rates.push(result["2xx"] / result.duration);
      tails.push(result.latency.p99);
    }
    await engine.drain();
    return [row("allocations_per_second", "1/s", "higher", rates), row("p99_ms", "ms", "lower", tails)];
  } finally {
    await program.dispose();
    await rm(folder, { recursive: true, force: true });
  }
}

async function load(url: string, seconds: number): Promise<autocannon.Result> {
  const result = await autocannon({
    url: `${url}/v1/allocations`,
    method: "POST",
    connections: CONNECTIONS,
    duration: seconds,
    headers: { "content-type": "application/json" },
    body: JSON.stringify({
      tenant: "bench",
      workload: "web",
      requests: { cpuCores: 0.001, memoryBytes: 1024 },
      leaseSeconds: 2,
    }),
  });
  if (result.non2xx > 0 || result.errors > 0) {
    throw new Error(
      `${result.non2xx} answers were not 2xx, ${result.errors} requests failed; the numbers mean nothing`,
    );
  }
  return result;
}

function row(metric: string, unit: string, better: BenchRow["better"], samples: readonly number[]): BenchRow {
  return { work: WORK, metric, unit, better, ours: median(samples), spread: spread(samples), peers: {} };
}
