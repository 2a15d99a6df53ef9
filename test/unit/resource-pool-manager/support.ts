import type { FastifyInstance } from "fastify";
import pino from "pino";
import type { Clock } from "../../../runtime/kernel/clock";
import { SOLE_LEADER } from "../../../runtime/kernel/cluster/leases/election";
import { loadConfiguration } from "../../../runtime/kernel/config";
import type { EventBus } from "../../../runtime/kernel/events/bus";
import { openOutbox } from "../../../runtime/kernel/events/outbox";
import { DEFAULT_LIMITS } from "../../../runtime/kernel/http/app";
import type { Infrastructure } from "../../../runtime/kernel/lifecycle/infrastructure";
import { AgentRunner } from "../../../runtime/kernel/lifecycle/runner";
import type { Database } from "../../../runtime/kernel/store/database";
import { DatabaseClock } from "../../../runtime/kernel/store/database-clock";
import { createMetrics, type Metrics } from "../../../runtime/kernel/telemetry/metrics";
import { tracer } from "../../../runtime/kernel/telemetry/traces";
import { resourcePoolManager } from "../../../runtime/scalability/resource-pool-manager/agent";
import { Instruments } from "../../../runtime/scalability/resource-pool-manager/instruments";
import { PoolManager } from "../../../runtime/scalability/resource-pool-manager/manager";
import { PoolStore } from "../../../runtime/scalability/resource-pool-manager/store";

export const log = pino({ enabled: false });

export interface Replica {
  http: FastifyInstance;
  drain(): Promise<void>;
}

/** One replica of the engine in the kernel's own runner, on infrastructure that the test chose. */
export async function startReplica(options: {
  database: Database;
  bus: EventBus;
  clock: Clock;
  metrics?: Metrics;
  environment?: Record<string, string>;
}): Promise<Replica> {
  const { database, bus, clock, metrics = createMetrics(), environment = {} } = options;
  const outbox = await openOutbox(database, bus, { clock, log });
  // The engine uses no other infrastructure; a use would fail the test by name.
  const infrastructure = { election: () => SOLE_LEADER, database, bus, outbox, close: () => Promise.resolve() };
  let runner!: AgentRunner;
  const http = await new Promise<FastifyInstance>((resolve) => {
    runner = new AgentRunner({
      definition: resourcePoolManager,
      config: loadConfiguration({ environment, file: {} }, resourcePoolManager.configuration),
      log,
      clock,
      random: Math.random,
      metrics,
      tracer,
      infrastructure: () => Promise.resolve(infrastructure as unknown as Infrastructure),
      mount: () => undefined,
      onApp: resolve,
      app: { version: "test", metrics, tracer, access: { host: "127.0.0.1" }, limits: DEFAULT_LIMITS },
    });
    runner.start();
  });
  return {
    http,
    drain: async () => {
      await runner.drain();
      await outbox.stop();
    },
  };
}

/** A replica's use cases alone. */
export async function openManager(database: Database, clock: Clock, signal = new AbortController().signal) {
  const store = new PoolStore(database);
  await store.migrate();
  const manager = new PoolManager({
    database,
    store,
    instruments: new Instruments(createMetrics()),
    tracer,
    clock: new DatabaseClock(database, clock),
    random: Math.random,
    log,
    pollMilliseconds: 250,
    timing: { presenceMilliseconds: 3000, placeMilliseconds: 10_000 },
    maximumPools: 100,
    signal,
    onCommit: () => undefined,
  });
  return { manager, store };
}
