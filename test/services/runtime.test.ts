import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { EngineName } from "../../runtime/exports";
import { LocalCluster } from "../../runtime/kernel/cluster/local/driver";
import { build } from "../../tools/build";
import { DIST } from "../../tools/paths";
import { NatsProcess } from "../support/nats-process";
import { eventually, freePort } from "../support/platform";
import { PostgresServer } from "../support/postgres-server";
import { RedisServer } from "../support/redis-server";
import { TestSupervisor } from "../support/supervisor";

interface Engine {
  url: string;
  process: ChildProcess;
}

/** The column of the design where users outgrow one process: one process per engine, over PostgreSQL, NATS and Redis. */
describe("engines apart, over PostgreSQL, NATS and Redis", function () {
  this.timeout(90_000);
  const postgres = new PostgresServer();
  const redis = new RedisServer();
  const supervisor = new TestSupervisor();
  const state = mkdtempSync(join(tmpdir(), "mno-runtime-"));
  const engines: Engine[] = [];
  let nats: NatsProcess;
  let cluster: LocalCluster;

  async function start(target: EngineName, environment: Record<string, string> = {}): Promise<Engine> {
    const port = await freePort();
    const child = spawn(process.execPath, [join(DIST, "runtime", "main.js"), "--target", target], {
      stdio: "ignore",
      env: {
        PATH: process.env.PATH,
        MNO_STATE_DIR: state,
        MNO_HTTP_PORT: String(port),
        MNO_DATABASE_URL: postgres.url,
        MNO_BUS_URL: nats.url,
        MNO_CACHE_URL: redis.url,
        MNO_CLUSTER_URL: `local:${supervisor.directory}`,
        ...environment,
      },
    });
    const engine = { process: child, url: `http://127.0.0.1:${String(port)}/${target}` };
    engines.push(engine);
    await eventually(`${target} is ready`, 40, async () =>
      (await fetch(`http://127.0.0.1:${String(port)}/readyz`)).status === 200 ? true : undefined,
    );
    return engine;
  }

  before(async () => {
    build();
    await Promise.all([
      postgres.create(),
      redis.start(),
      supervisor.start(),
      NatsProcess.start().then((s) => (nats = s)),
    ]);
    await postgres.start();
    cluster = new LocalCluster(supervisor.directory);
    await cluster.apply({
      name: "web",
      kind: "service",
      command: [process.execPath, join(__dirname, "..", "support", "workloads", "service.js")],
      requests: { cpuCores: 0.01, memoryBytes: 2 ** 20 },
      replicas: 1,
      scaledBy: "auto-scaling-engine",
      ports: [{ name: "http", port: 0 }],
    });
  });

  after(async () => {
    for (const { process: child } of engines) {
      if (child.exitCode === null && child.signalCode === null) child.kill("SIGKILL");
    }
    await cluster.close();
    await Promise.all([supervisor.close(), nats.remove(), redis.remove(), postgres.remove()]);
    rmSync(state, { recursive: true, force: true });
  });

  const allocate = (engine: Engine, body: object, key?: string): Promise<Response> =>
    fetch(`${engine.url}/v1/allocations`, {
      method: "POST",
      headers: { "content-type": "application/json", ...(key === undefined ? {} : { "idempotency-key": key }) },
      body: JSON.stringify({ tenant: "t", requests: { cpuCores: 0.001, memoryBytes: 1024 }, ...body }),
    });

  it("start in any order, and carry an allocation over the bus to a scaled workload", async () => {
    const scaler = {
      workload: "web",
      maxReplicas: 5,
      metrics: [{ type: "external", name: "allocated", target: { averageValue: 1 } }],
    };
    await start("auto-scaling-engine", {
      MNO_AUTOSCALING_SCALERS: JSON.stringify([scaler]),
      MNO_AUTOSCALING_SYNC_SECONDS: "600",
    });
    const erm = await start("elastic-resource-manager");
    assert.equal((await allocate(erm, { workload: "web", replicas: 3 })).status, 201);
    await eventually("three replicas", 30, async () =>
      (await cluster.get("web"))?.readyReplicas === 3 ? true : undefined,
    );
  });

  it("never grant more than there is from two processes at once, nor one key twice", async () => {
    const [first] = engines.filter(({ url }) => url.endsWith("elastic-resource-manager"));
    assert.ok(first);
    const second = await start("elastic-resource-manager");
    const keys = Array.from({ length: 60 }, (_, index) => `key-${String(index)}`);
    const statuses = await Promise.all(
      keys.flatMap((key) =>
        [first, second].map(async (engine) => (await allocate(engine, { replicas: 1 }, key)).status),
      ),
    );
    assert.equal(statuses.filter((status) => status === 201).length, keys.length, "each key grants once");
    assert.equal(statuses.filter((status) => status === 200).length, keys.length, "and is answered again");

    const capacity = (await (await fetch(`${second.url}/v1/capacity`)).json()) as {
      total: { free: { cpuCores: number } };
    };
    // Clearly more than half: what replicas request is known to each process as of its last look at the cluster.
    const half = Math.round(capacity.total.free.cpuCores * 600) / 1000;
    const large = await Promise.all(
      Array.from({ length: 10 }, (_, index) =>
        allocate(index % 2 === 0 ? first : second, { requests: { cpuCores: half, memoryBytes: 1 } }),
      ),
    );
    assert.equal(large.filter(({ status }) => status === 201).length, 1, "more than half of what is free fits once");
    assert.equal(large.filter(({ status }) => status === 409).length, 9);
  });

  it("are unready while the database is away, say so, and go on when it is back", async () => {
    const erm = engines.at(-1);
    assert.ok(erm);
    const ready = async (): Promise<number> => (await fetch(new URL("/readyz", erm.url))).status;
    await postgres.crash();
    await eventually("unready", 20, async () => ((await ready()) === 503 ? true : undefined));
    const refused = await allocate(erm, { replicas: 1 });
    assert.equal(refused.status, 503);
    assert.equal(((await refused.json()) as { code: string }).code, "MNO_STORE_UNAVAILABLE");
    await postgres.start();
    await eventually("ready again", 30, async () => ((await ready()) === 200 ? true : undefined));
    assert.equal((await allocate(erm, { replicas: 1 })).status, 201);
  });

  it("are unready while the bus is away, grant all the same, and publish when it is back", async () => {
    const erm = engines.at(-1);
    assert.ok(erm);
    const ready = async (): Promise<number> => (await fetch(new URL("/readyz", erm.url))).status;
    await nats.stop("SIGKILL");
    await eventually("unready", 20, async () => ((await ready()) === 503 ? true : undefined));
    assert.equal((await allocate(erm, { workload: "web", replicas: 1 })).status, 201);
    await nats.restart();
    await eventually("ready again", 30, async () => ((await ready()) === 200 ? true : undefined));
    await eventually("the fourth replica", 40, async () =>
      (await cluster.get("web"))?.desiredReplicas === 4 ? true : undefined,
    );
  });

  it("drain on SIGTERM with exit code 0", async () => {
    const codes = await Promise.all(
      engines.map(async ({ process: child }) => {
        const exited = once(child, "exit") as Promise<[number | null]>;
        child.kill("SIGTERM");
        return (await exited)[0];
      }),
    );
    assert.deepEqual(codes, [0, 0, 0]);
  });
});
