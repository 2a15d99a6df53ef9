import { randomUUID } from "node:crypto";
import { hostname } from "node:os";
import { join } from "node:path";
import type { Logger } from "pino";
import { type EngineName, leaseName, MnoError } from "../../exports";
import type { Cache } from "../cache/cache";
import { openCache } from "../cache/open";
import { type Clock, monotonicClock } from "../clock";
import type { Cluster } from "../cluster/cluster";
import { type Election, LeaseElection, SOLE_LEADER } from "../cluster/leases/election";
import { leaseTimes } from "../cluster/leases/lease";
import { openCluster } from "../cluster/open";
import type { KernelConfiguration } from "../config";
import type { EventBus } from "../events/bus";
import { openBus } from "../events/open";
import { openOutbox, type Outbox } from "../events/outbox";
import type { Intensity } from "../intensity/intensity";
import { ISSUED_EVERY_MS } from "../intensity/member";
import { DatabaseFeedMemory } from "../intensity/memory";
import { openIntensity } from "../intensity/open";
import { watchChain } from "../intensity/watch";
import type { Database } from "../store/database";
import { openDatabase } from "../store/open";
import type { Metrics } from "../telemetry/metrics";
import type { Tracer } from "../telemetry/traces";
import type { WorkerPool } from "../workers/pool";
import { createWorkerPool } from "../workers/create";

/** What the agents of one process share. Each member is one column of the design's table: embedded by default, a URL away from more. */
export interface Infrastructure {
  readonly bus: EventBus;
  /** Relays to the bus what engines enqueued in their transactions. */
  readonly outbox: Outbox;
  readonly database: Database;
  readonly cache: Cache;
  /** Throws MNO_CONFIG_INVALID where no cluster is configured. */
  readonly cluster: Cluster;
  readonly workers: WorkerPool;
  /** Embedded: dated tables of the package. */
  readonly intensity: Intensity;
  /** Decides which replica of the engine leads; each call is a candidate of its own. */
  election(engine: EngineName): Election;
  close(): Promise<void>;
}

export interface InfrastructureDependencies {
  log: Logger;
  clock: Clock;
  random: () => number;
  tracer: Tracer;
  metrics: Metrics;
}

/** Opens all of it, or nothing: what was opened before a failure is closed again. */
export async function openInfrastructure(
  configuration: KernelConfiguration,
  dependencies: InfrastructureDependencies,
): Promise<Infrastructure> {
  const { log, clock, random, tracer, metrics } = dependencies;
  const inState = (scheme: string, name: string): string => `${scheme}:${join(configuration.MNO_STATE_DIR, name)}`;
  const closers: (() => Promise<void>)[] = [];
  const close = async (): Promise<void> => {
    for (const closer of closers.splice(0).reverse()) {
      await closer().catch((error: unknown) => log.error({ err: error }, "closing failed"));
    }
  };
  const keep = <T extends { close(): Promise<void> }>(opened: T): T => {
    closers.push(() => opened.close());
    return opened;
  };
  try {
    const database = keep(await openDatabase(configuration.MNO_DATABASE_URL ?? inState("pglite", "database"), { log }));
    const memory = keep(new DatabaseFeedMemory(database, log, ISSUED_EVERY_MS));
    const intensity = openIntensity(configuration, { clock, memory, watch: watchChain(metrics, log, clock) });
    const busUrl = configuration.MNO_BUS_URL ?? inState("embedded", "events");
    const nats = { replicas: configuration.MNO_BUS_REPLICAS };
    const bus = keep(await openBus(busUrl, { clock, log, tracer, metrics }, { nats }));
    const outbox = await openOutbox(database, bus, { clock, log });
    closers.push(() => outbox.stop());
    const cache = keep(
      openCache({
        url: configuration.MNO_CACHE_URL,
        ca: configuration.MNO_CACHE_CA,
        log,
        metrics,
        random,
        namespace: "mno",
      }),
    );
    const workers = keep(createWorkerPool({ log }));
    const url = configuration.MNO_CLUSTER_URL;
    const cluster = url === undefined ? undefined : keep(openCluster(url, clock, random));
    return {
      bus,
      outbox,
      database,
      cache,
      workers,
      intensity,
      get cluster() {
        if (cluster) return cluster;
        throw new MnoError(
          "MNO_CONFIG_INVALID",
          "MNO_CLUSTER_URL is required by this engine: local:<folder> or kubernetes:<namespace>",
        );
      },
      election(engine) {
        if (!cluster?.leases) return SOLE_LEADER;
        return new LeaseElection({
          store: cluster.leases,
          name: leaseName(engine),
          identity: `${hostname()}_${randomUUID()}`,
          times: leaseTimes(configuration.MNO_LEASE_SECONDS),
          clock: monotonicClock,
          random,
          log,
        });
      },
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}
