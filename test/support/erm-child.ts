import { join } from "node:path";
import { parseArgs } from "node:util";
import { systemClock } from "../../runtime/kernel/clock";
import { openBus } from "../../runtime/kernel/events/open";
import { Front } from "../../runtime/kernel/http/front";
import { openDatabase } from "../../runtime/kernel/store/open";
import { createLogger } from "../../runtime/kernel/telemetry/logs";
import { createMetrics } from "../../runtime/kernel/telemetry/metrics";
import { tracer } from "../../runtime/kernel/telemetry/traces";
import { DeclaredCluster, declaredNode } from "./declared-cluster";
import { startErmAgent } from "./erm-agent";

/**
 * A process with the elastic resource manager in it: real HTTP, embedded database and bus in a folder, a cluster of declared
 * nodes. Prints one JSON line {url} when it answers, then logs; drains on SIGTERM. Kill it at any moment.
 *
 * node -r ts-node/register/transpile-only test/support/erm-child.ts --folder DIR --nodes N --cores C
 */
async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      folder: { type: "string" },
      nodes: { type: "string", default: "4" },
      cores: { type: "string", default: "16" },
    },
  });
  if (values.folder === undefined) throw new Error("--folder DIR is required");
  const stopped = new Promise<void>((resolve) => process.once("SIGTERM", () => resolve()));
  // A child whose parent died has nobody to end it.
  process.once("disconnect", () => process.exit(1));
  const log = createLogger("erm-child", "WARN", process.stderr);
  const metrics = createMetrics();
  const database = await openDatabase(`pglite:${join(values.folder, "database")}`, { log });
  const bus = await openBus(`embedded:${join(values.folder, "events")}`, { clock: systemClock, log, tracer, metrics });
  const nodes = Array.from({ length: Number(values.nodes) }, (_, i) =>
    declaredNode(`node-${i}`, Number(values.cores), 2 ** 36, `zone-${i % 3}`),
  );
  const front = new Front({
    "/metrics": async () => ({ status: 200, contentType: "text/plain", body: await metrics.registry.metrics() }),
  });
  const agent = await startErmAgent({
    database,
    bus,
    cluster: new DeclaredCluster(nodes),
    clock: systemClock,
    log,
    metrics,
    environment: { MNO_ERM_REFRESH_SECONDS: "5" },
    mount: (handle) => front.mount("elastic-resource-manager", handle),
  });
  // The runner mounts the handler in the turn after it announced the application.
  await new Promise((resolve) => setImmediate(resolve));
  process.stdout.write(`${JSON.stringify({ url: await front.listen("127.0.0.1", 0) })}\n`);
  await stopped;
  await front.close(5000);
  await agent.drain();
  await bus.close();
  await database.close();
}

main().then(
  () => process.exit(0),
  (error: unknown) => {
    process.stderr.write(`${(error as Error).stack ?? String(error)}\n`);
    process.exit(1);
  },
);
