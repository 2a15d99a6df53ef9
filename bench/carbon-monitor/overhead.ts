import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { ManualClock } from "../../runtime/kernel/clock";
import type { WorkloadStatus } from "../../runtime/kernel/cluster/cluster";
import { loadConfiguration } from "../../runtime/kernel/config";
import { OUTBOX_MIGRATIONS } from "../../runtime/kernel/events/outbox";
import { openIntensity } from "../../runtime/kernel/intensity/open";
import { type IntensityConfiguration, INTENSITY_KEYS } from "../../runtime/kernel/intensity/configuration";
import { openDatabase } from "../../runtime/kernel/store/open";
import { createLogger } from "../../runtime/kernel/telemetry/logs";
import { createMetrics } from "../../runtime/kernel/telemetry/metrics";
import { Configuration } from "../../runtime/sustainability/carbon-monitor/configuration";
import { createInstruments } from "../../runtime/sustainability/carbon-monitor/instruments";
import { thisMachine } from "../../runtime/sustainability/carbon-monitor/local-machine";
import { Monitor } from "../../runtime/sustainability/carbon-monitor/monitor";
import { Recorder } from "../../runtime/sustainability/carbon-monitor/recorder";
import { Sampler } from "../../runtime/sustainability/carbon-monitor/sampler";
import { EnergyStore } from "../../runtime/sustainability/carbon-monitor/store";
import { type BenchRow, median, spread } from "../contract";
import { Type } from "@sinclair/typebox";

const PROCESSES = 100;
const REPETITIONS = 7;
/** Of one repetition: five records. */
const SECONDS = 300;

/**
 * CPU time of the monitor as it runs in the agent, in percent of one core, with 100 further processes to watch: reading the
 * process table, power, attribution, intensity, and records with their parts and events in the embedded database on disk. Time is
 * moved on by hand, so that five minutes of looks take a second.
 */
export async function overheadRow(): Promise<BenchRow> {
  const children = Array.from({ length: PROCESSES }, () =>
    spawn("sleep", ["600"], { stdio: "ignore", detached: true }),
  );
  const folder = mkdtempSync(join(tmpdir(), "mno-bench-carbon-"));
  const log = createLogger("bench", "ERROR");
  const database = await openDatabase(`pglite:${folder}`, { log });
  try {
    await setTimeout(200);
    await database.migrate("outbox", OUTBOX_MIGRATIONS);
    const store = new EnergyStore(database);
    await store.migrate();
    const config = loadConfiguration({ environment: {}, file: {} }, Configuration) as Configuration;
    const { monitor, clock } = monitorOf(store, config, children);
    const looks = SECONDS / config.MNO_CARBON_SAMPLE_SECONDS;
    const run = async (): Promise<number> => {
      const start = process.cpuUsage();
      for (let look = 0; look < looks; look += 1) {
        await clock.advance(config.MNO_CARBON_SAMPLE_SECONDS * 1000);
        await monitor.round();
      }
      const { user, system } = process.cpuUsage(start);
      return (100 * (user + system)) / 1e6 / SECONDS;
    };
    await run(); // compiles
    const percents: number[] = [];
    for (let repetition = 0; repetition < REPETITIONS; repetition += 1) percents.push(await run());
    const written = await store.records(0, clock.now(), 5000);
    const expected = ((REPETITIONS + 1) * SECONDS) / config.MNO_CARBON_RECORD_SECONDS;
    if (written.length < expected - 1 || written.at(-1)!.parts.length < PROCESSES) {
      throw new Error(`${String(written.length)} records were written, and ${String(expected)} were due`);
    }
    return {
      work: `${String(PROCESSES)} workloads of one process each, a look every ${String(config.MNO_CARBON_SAMPLE_SECONDS)} s, a record every ${String(config.MNO_CARBON_RECORD_SECONDS)} s to disk`,
      metric: "overhead_percent_of_core",
      unit: "%",
      better: "lower",
      ours: median(percents),
      spread: spread(percents),
      peers: {},
      bound: 1,
      source: "bound: the most that issue 6 allows",
    };
  } finally {
    for (const child of children) child.kill("SIGKILL");
    await database.close();
    rmSync(folder, { recursive: true });
  }
}

function monitorOf(store: EnergyStore, config: Configuration, children: readonly ChildProcess[]) {
  const clock = new ManualClock(Date.now());
  const keys = loadConfiguration({ environment: {}, file: {} }, Type.Object(INTENSITY_KEYS)) as IntensityConfiguration;
  const requests = { cpuCores: 0.01, memoryBytes: 1024 ** 2 };
  const node = { name: "bench", ready: true, zone: "bench", labels: {}, capacity: requests, allocatable: requests };
  const workloads = children.map(({ pid }, index): WorkloadStatus => {
    const name = `w${String(index)}`;
    return {
      spec: { name, kind: "service", command: ["sleep"], requests, replicas: 1 },
      generation: 1,
      phase: "ready",
      desiredReplicas: 1,
      readyReplicas: 1,
      replicas: [{ name: `${name}-1`, node: "bench", phase: "ready", pid: pid!, restarts: 0, endpoints: {} }],
      endpoints: {},
    };
  });
  const cluster = { kind: "local" as const, nodes: async () => [node], list: async () => workloads };
  const context = {
    config,
    clock,
    random: Math.random,
    log: createLogger("bench", "ERROR"),
    cluster,
    intensity: openIntensity(keys, { clock }),
    tracer: { carrier: () => ({}) },
    outbox: { nudge: () => undefined },
  };
  const instruments = createInstruments(createMetrics());
  const recorder = new Recorder(context as never, store, instruments, [], []);
  const machine = thisMachine();
  const sampler = new Sampler(cluster, machine, clock);
  return { clock, monitor: new Monitor(context as never, sampler, machine, store, recorder, instruments) };
}
