import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import autocannon from "autocannon";
import { ErmProgram } from "../test/support/erm-process";
import { Platform } from "../test/support/platform";
import { type BenchRow, median, spread } from "./contract";

const REPETITIONS = 3;
const SECONDS = 8;
const WARM_UP_SECONDS = 4;
const CONNECTIONS = 64;

interface Load {
  /** 201 answers to allocations, a second. */
  granted: number;
  p99: number;
}

/**
 * Allocations a second that the elastic resource manager grants over HTTP, each durable (fsync) with its decision and its
 * event before its answer, and the 99th percentile of an answer's time. The load generator shares the machine. Twice: the
 * engine in a process of its own with eight declared nodes, where leases of two seconds bring the capacity back; and on
 * the local stack as `npm start` brings it up, all engines and the demo service beside it, where each allocation is
 * released by a second request. Anything but a grant (and a release) fails the run.
 */
export async function run(_options: { data?: string } = {}): Promise<BenchRow[]> {
  return [...(await engineAlone()), ...(await localStack())];
}

async function engineAlone(): Promise<BenchRow[]> {
  const folder = await mkdtemp(join(tmpdir(), "mno-bench-allocations-"));
  const program = await ErmProgram.build();
  try {
    const engine = await program.start({ folder, nodes: 8, cores: 64 });
    const rows = await measure(
      "engine alone, 64 connections, 2 s leases, 8 declared nodes, PGlite in a folder",
      (seconds) => load(`${engine.url}/v1/allocations`, seconds, { leaseSeconds: 2 }),
    );
    await engine.drain();
    return rows;
  } finally {
    await program.dispose();
    await rm(folder, { recursive: true, force: true });
  }
}

async function localStack(): Promise<BenchRow[]> {
  const platform = new Platform();
  try {
    await platform.configure();
    const { code, output } = await platform.npm("start");
    if (code !== 0) throw new Error(output);
    return await measure(
      "local stack (npm start), 64 connections, each allocation released by a second request",
      (seconds) => load(`${platform.api}/elastic-resource-manager/v1/allocations`, seconds, { release: true }),
    );
  } finally {
    await platform.npm("stop");
    platform.remove();
  }
}

async function measure(work: string, load: (seconds: number) => Promise<Load>): Promise<BenchRow[]> {
  await load(WARM_UP_SECONDS);
  const loads: Load[] = [];
  for (let repetition = 0; repetition < REPETITIONS; repetition++) loads.push(await load(SECONDS));
  const row = (metric: string, unit: string, better: BenchRow["better"], samples: number[]): BenchRow => ({
    work,
    metric,
    unit,
    better,
    ours: median(samples),
    spread: spread(samples),
    peers: {},
  });
  return [
    row(
      "allocations_per_second",
      "1/s",
      "higher",
      loads.map(({ granted }) => granted),
    ),
    row(
      "p99_ms",
      "ms",
      "lower",
      loads.map(({ p99 }) => p99),
    ),
  ];
}

async function load(url: string, seconds: number, kind: { leaseSeconds?: number; release?: boolean }): Promise<Load> {
  let granted = 0;
  const { pathname } = new URL(url);
  const allocate: autocannon.Request = {
    method: "POST",
    path: pathname,
    headers: { "content-type": "application/json" },
    body: JSON.stringify({
      tenant: "bench",
      requests: { cpuCores: 0.001, memoryBytes: 1024 },
      ...(kind.leaseSeconds === undefined ? {} : { leaseSeconds: kind.leaseSeconds }),
    }),
    onResponse: (status, body, context) => {
      if (status === 201) granted += 1;
      if (kind.release) (context as { id?: string }).id = (JSON.parse(body) as { id: string }).id;
    },
  };
  const release: autocannon.Request = {
    method: "DELETE",
    setupRequest: (request, context) => ({ ...request, path: `${pathname}/${(context as { id?: string }).id ?? ""}` }),
  };
  const result = await autocannon({
    url,
    connections: CONNECTIONS,
    duration: seconds,
    requests: kind.release ? [allocate, release] : [allocate],
  });
  if (result.non2xx > 0 || result.errors > 0) {
    throw new Error(
      `${result.non2xx} answers were not 2xx, ${result.errors} requests failed; the numbers mean nothing`,
    );
  }
  return { granted: granted / result.duration, p99: result.latency.p99 };
}
