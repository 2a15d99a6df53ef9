import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { KubernetesCluster } from "../../runtime/kernel/cluster/kubernetes/driver";
import { build } from "../../tools/build";
import { DIST } from "../../tools/paths";
import { TestNamespace } from "../support/kubernetes/test-namespace";
import { NatsProcess } from "../support/nats-process";
import { freePort } from "../support/platform";
import { PostgresServer } from "../support/postgres-server";
import { eventually } from "../support/supervisor";

interface Replica {
  process: ChildProcess;
  url: string;
  output: string;
}

interface Decision {
  id: string;
  time: string;
  action: string;
  trigger: string;
  desiredReplicas: number;
  reasons: string[];
}

const TAKE_OVER_MS = 15_000;
const SYNC_MS = 1000;

/** Three replicas of the auto-scaling engine: processes of this machine beside a real API server. */
describe("leadership of an engine with three replicas", function () {
  this.timeout(240_000);
  const postgres = new PostgresServer();
  const state = mkdtempSync(join(tmpdir(), "mno-leadership-"));
  const replicas: Replica[] = [];
  let nats: NatsProcess;
  let namespace: TestNamespace;
  let cluster: KubernetesCluster;

  async function start(): Promise<Replica> {
    const port = await freePort();
    const child = spawn(process.execPath, [join(DIST, "runtime", "main.js"), "--target", "auto-scaling-engine"], {
      stdio: ["ignore", "pipe", "pipe"],
      env: {
        PATH: process.env.PATH,
        MNO_STATE_DIR: state,
        MNO_HTTP_PORT: String(port),
        MNO_DATABASE_URL: postgres.url,
        MNO_BUS_URL: nats.url,
        MNO_CLUSTER_URL: namespace.url,
        MNO_AUTOSCALING_SYNC_SECONDS: String(SYNC_MS / 1000),
      },
    });
    const replica: Replica = { process: child, url: `http://127.0.0.1:${String(port)}`, output: "" };
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8").on("data", (text: string) => (replica.output += text));
    }
    replicas.push(replica);
    await eventually(async () => {
      assert.equal((await fetch(`${replica.url}/readyz`)).status, 200, replica.output);
    }, 40_000);
    return replica;
  }

  before(async () => {
    build();
    [namespace, nats] = await Promise.all([TestNamespace.create("leadership"), NatsProcess.start(), postgres.create()]);
    await postgres.start();
    cluster = new KubernetesCluster(namespace.url);
    await cluster.apply({
      name: "web",
      kind: "service",
      command: namespace.command("service"),
      requests: { cpuCores: 0.05, memoryBytes: 64 * 1024 ** 2 },
      replicas: 1,
      scaledBy: "auto-scaling-engine",
    });
  });
  after(async () => {
    for (const { process: child } of replicas) child.kill("SIGKILL");
    await cluster.close();
    await namespace.delete();
    await Promise.all([nats.remove(), postgres.remove()]);
    rmSync(state, { recursive: true });
  });

  const leaders = (): Replica[] => replicas.filter(({ output }) => output.includes("this replica leads"));
  const declare = async ({ url }: Replica, minReplicas: number): Promise<void> => {
    const scaler = {
      minReplicas,
      maxReplicas: 5,
      metrics: [{ type: "resource", name: "cpu", target: { averageUtilization: 50 } }],
    };
    const answer = await fetch(`${url}/auto-scaling-engine/v1/scalers/web`, {
      method: "PUT",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(scaler),
    });
    assert.ok(answer.ok, await answer.text());
  };
  /** Oldest first. */
  const decisions = async ({ url }: Replica): Promise<Decision[]> => {
    const answer = await fetch(`${url}/auto-scaling-engine/v1/decisions?workload=web&limit=1000`);
    const body = (await answer.json()) as { items: Decision[] };
    return body.items.reverse();
  };

  it("killed, another takes over within 15 s, and no decision is made twice", async () => {
    const [first, second, third] = [await start(), await start(), await start()];
    assert.deepEqual(leaders(), [first], "the first to come leads, and is not disturbed");
    await declare(second, 2);
    await eventually(async () => {
      assert.equal((await cluster.get("web"))?.desiredReplicas, 2);
    });
    first.process.kill("SIGKILL");
    const killedAt = Date.now();
    await declare(third, 3);
    await eventually(async () => {
      assert.equal((await cluster.get("web"))?.desiredReplicas, 3);
    }, TAKE_OVER_MS * 2);
    assert.equal(leaders().length, 2, "one more led");
    const [heir] = leaders().filter((replica) => replica !== first);
    const other = heir === second ? third : second;

    // A leader that drains hands over at once.
    const drainedAt = Date.now();
    heir?.process.kill("SIGTERM");
    await declare(other, 4);
    await eventually(async () => {
      assert.equal((await cluster.get("web"))?.desiredReplicas, 4);
    });

    const made = await eventually(async () => {
      const all = await decisions(other);
      assert.ok(all.filter(({ time }) => Date.parse(time) > drainedAt).length >= 3);
      return all;
    });
    const next = made.find(({ time }) => Date.parse(time) > killedAt);
    const tookOver = Date.parse(next?.time ?? "") - killedAt;
    assert.ok(tookOver < TAKE_OVER_MS, `the next decision came ${String(tookOver)} ms after the kill`);
    const scaled = made.filter(({ action }) => action === "scaled").map(({ desiredReplicas }) => desiredReplicas);
    assert.deepEqual(scaled, [2, 3, 4], "each change was decided once");
    // Two that decide every second would be half a second apart, or less, all the time.
    const rounds = made.filter(({ trigger }) => trigger === "interval").map(({ time }) => Date.parse(time));
    for (const led of [rounds.filter((time) => time < drainedAt), rounds.filter((time) => time > drainedAt)]) {
      const closest = Math.min(...led.slice(1).map((time, index) => time - (led[index] ?? 0)));
      assert.ok(closest > SYNC_MS / 2, `two rounds were ${String(closest)} ms apart: two replicas decided`);
    }
    const lost = made.filter(({ reasons }) => reasons.some((reason) => reason.includes("by another process")));
    assert.deepEqual(lost, [], "nobody lost an evaluation to another");
  });
});
