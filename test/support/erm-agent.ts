import type { FastifyInstance } from "fastify";
import type { Logger } from "pino";
import type { Clock } from "../../runtime/kernel/clock";
import type { Cluster } from "../../runtime/kernel/cluster/cluster";
import { loadConfiguration } from "../../runtime/kernel/config";
import type { EventBus } from "../../runtime/kernel/events/bus";
import { openOutbox } from "../../runtime/kernel/events/outbox";
import { DEFAULT_LIMITS } from "../../runtime/kernel/http/app";
import type { Handle } from "../../runtime/kernel/http/front";
import { SOLE_LEADER } from "../../runtime/kernel/cluster/leases/election";
import type { Infrastructure } from "../../runtime/kernel/lifecycle/infrastructure";
import { AgentRunner } from "../../runtime/kernel/lifecycle/runner";
import type { Database } from "../../runtime/kernel/store/database";
import type { Metrics } from "../../runtime/kernel/telemetry/metrics";
import { tracer } from "../../runtime/kernel/telemetry/traces";
import { createWorkerPool } from "../../runtime/kernel/workers/create";
import { elasticResourceManager } from "../../runtime/scalability/elastic-resource-manager/agent";

export interface ErmAgentOptions {
  database: Database;
  bus: EventBus;
  cluster: Cluster;
  clock: Clock;
  log: Logger;
  metrics: Metrics;
  environment?: Record<string, string>;
  /** Told of the application's handler, as the front is. */
  mount?: (handle: Handle | undefined) => void;
}

/** The engine in the kernel's own runner, on infrastructure that the test chose. */
export interface ErmAgent {
  http: FastifyInstance;
  /** Names of failing readiness checks; empty when ready. */
  unready(): Promise<Record<string, string>>;
  drain(): Promise<void>;
}

export async function startErmAgent(options: ErmAgentOptions): Promise<ErmAgent> {
  const { database, bus, cluster, clock, log, metrics, environment = {}, mount = () => undefined } = options;
  const outbox = await openOutbox(database, bus, { clock, log });
  const workers = createWorkerPool({ maxThreads: 1, log });
  // The engine does not use the cache; a use would fail the test by name.
  const infrastructure = {
    election: () => SOLE_LEADER,
    database,
    bus,
    outbox,
    workers,
    cluster,
    close: () => Promise.resolve(),
  } as unknown as Infrastructure;
  let runner!: AgentRunner;
  const http = await new Promise<FastifyInstance>((resolve) => {
    runner = new AgentRunner({
      definition: elasticResourceManager,
      config: loadConfiguration({ environment, file: {} }, elasticResourceManager.configuration),
      log,
      clock,
      random: Math.random,
      metrics,
      tracer,
      infrastructure: () => Promise.resolve(infrastructure),
      mount,
      onApp: resolve,
      app: { version: "test", metrics, tracer, access: { host: "127.0.0.1" }, limits: DEFAULT_LIMITS },
    });
    runner.start();
  });
  return {
    http,
    unready: () => runner.unready(),
    drain: async () => {
      await runner.drain();
      await outbox.stop();
      await workers.close();
    },
  };
}
