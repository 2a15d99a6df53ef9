import { randomBytes } from "node:crypto";
import { rm } from "node:fs/promises";
import type { AddressInfo } from "node:net";
import type { Logger } from "pino";
import type { Clock } from "../../clock";
import { identifySelf } from "../../process-identity";
import { acquireProcessLock } from "../../process-lock";
import { createStateFolders, stateFiles, writeJsonDurably } from "./files";
import { describeNode } from "./node-info";
import { LOOPBACK, PortPool } from "./ports";
import { readProcesses } from "./processes";
import { ReplicaRegistry, terminateOrphans } from "./replica-registry";
import { createServer } from "./server";
import { UsageSampler } from "./usage";
import { type SupervisorAddress, WIRE_VERSION } from "./wire";
import { Workloads } from "./workloads";

const USAGE_PERIOD_MS = 2_000;

/**
 * Runs the local cluster's supervisor in `directory` (absolute; created where missing) until `signal` is aborted or
 * POST /v1/shutdown is called. Resolves when every replica is gone. Errors: MNO_STATE_LOCKED where one runs already,
 * MNO_CONFIG_INVALID where the folder's files cannot be read.
 */
export async function runSupervisor(options: {
  directory: string;
  log: Logger;
  clock: Clock;
  signal: AbortSignal;
}): Promise<void> {
  const { log, clock } = options;
  const files = stateFiles(options.directory);
  createStateFolders(files);
  const releaseLock = acquireProcessLock(files.lock, "a supervisor");
  const requested = new AbortController();
  const stop = AbortSignal.any([options.signal, requested.signal]);
  const stopped = new Promise<void>((resolve) => {
    if (stop.aborted) resolve();
    stop.addEventListener("abort", () => {
      resolve();
    });
  });
  const drained = new AbortController();
  try {
    // Left by a supervisor that was killed; drivers must not take it for ours while we clean up.
    await rm(files.supervisor, { force: true });
    await terminateOrphans(files.replicas, clock, log);
    const usage = new UsageSampler();
    const node = describeNode();
    const workloads = new Workloads(
      {
        node: node.name,
        clusterUrl: `local:${files.directory}`,
        clock,
        log,
        ports: new PortPool(),
        registry: new ReplicaRegistry(files.replicas),
        logs: files.logs,
        usage: (pid) => usage.of(pid),
      },
      files.workloads,
    );
    const token = randomBytes(32).toString("base64url");
    const shutDown = (): void => {
      requested.abort();
    };
    const app = createServer({ workloads, node: () => node, token, clock, log, signal: drained.signal, shutDown });
    try {
      await workloads.restore();
      await app.listen({ host: LOOPBACK, port: 0 });
      const { port } = app.server.address() as AddressInfo;
      const url = `http://${LOOPBACK}:${String(port)}`;
      const address: SupervisorAddress = { ...identifySelf(), url, token, version: WIRE_VERSION };
      await writeJsonDurably(files.supervisor, address);
      log.info({ url, directory: files.directory }, "supervisor ready");
      void sampleUsage(usage, clock, drained.signal);
      await stopped;
      log.info("supervisor stopping");
    } finally {
      await workloads.drain();
      drained.abort();
      await app.close();
    }
    await rm(files.supervisor, { force: true });
    await rm(files.replicas, { force: true });
    log.info("supervisor stopped");
  } finally {
    releaseLock();
  }
}

async function sampleUsage(usage: UsageSampler, clock: Clock, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    usage.sample(clock.now(), readProcesses());
    await clock.sleep(USAGE_PERIOD_MS, signal).catch(() => undefined);
  }
}
