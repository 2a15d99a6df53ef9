import assert from "node:assert/strict";
import { once } from "node:events";
import { type AddressInfo, connect, createServer } from "node:net";
import { MnoError } from "../../../runtime/exports";
import type { Database } from "../../../runtime/kernel/store/database";
import { openDatabase } from "../../../runtime/kernel/store/open";
import { autoScalingEngine } from "../../../runtime/scalability/auto-scaling-engine/agent";
import type { Decision } from "../../../runtime/scalability/auto-scaling-engine/decision";
import { silent, TestAgent } from "./fakes";
import { NOW } from "./support";

const ALLOCATED = { metrics: [{ type: "external", name: "allocated", target: { averageValue: 1 } }] };
const SLEEPER = { ...ALLOCATED, minReplicas: 0, maxReplicas: 5, idle: { cooldownSeconds: 60 } };
const GIB = 1024 ** 3;

describe("auto-scaling engine: beyond Kubernetes' autoscaler", () => {
  let database: Database;
  let agent: TestAgent;

  before(async function () {
    this.timeout(60_000); // PGlite compiles its WebAssembly first
    database = await openDatabase("pglite:memory", { log: silent });
  });
  after(() => database.close());
  beforeEach(async () => {
    agent = new TestAgent(database);
    await agent.start(autoScalingEngine);
  });
  afterEach(async () => {
    await agent.stop();
    for (const table of ["outbox", "ase_decisions", "ase_grants", "ase_scalers CASCADE"]) {
      await database.query(`TRUNCATE ${table}`);
    }
  });

  const wake = async (): Promise<Decision> => {
    const { status, body } = await agent.call("POST", "/v1/scalers/web/wake");
    assert.equal(status, 200, JSON.stringify(body));
    return body as Decision;
  };
  const evaluate = async (afterSeconds = 0): Promise<Decision> => {
    await agent.clock.advance(afterSeconds * 1000);
    return (await agent.call("POST", "/v1/scalers/web/evaluate")).body as Decision;
  };

  describe("waking", () => {
    beforeEach(async () => {
      agent.cluster.add("web", 0);
      await agent.call("PUT", "/v1/scalers/web", SLEEPER);
    });

    it("starts the first replica, once for all who ask at the same time", async () => {
      const decisions = await Promise.all([wake(), wake(), wake()]);
      assert.deepEqual(agent.cluster.scaled, [["web", 1]]);
      assert.equal(new Set(decisions.map(({ id }) => id)).size, 1);
      assert.deepEqual(
        [decisions[0]?.trigger, decisions[0]?.action, decisions[0]?.desiredReplicas],
        ["wake", "scaled", 1],
      );
      const { body } = await agent.call("GET", `/v1/decisions/${String(decisions[0]?.id)}`);
      assert.deepEqual(body, decisions[0]);
    });

    it("is idempotent: who asks later changes nothing", async () => {
      await wake();
      const again = await wake();
      assert.deepEqual([again.action, again.desiredReplicas], ["kept", 1]);
      assert.deepEqual(agent.cluster.scaled, [["web", 1]]);
    });

    it("tells of the change by the event of every change", async () => {
      const { id } = await wake();
      await agent.until(() => agent.bus.published.length === 1);
      const { workload, decisionId, fromReplicas, toReplicas, reason } = agent.bus.published[0]?.data as never;
      assert.deepEqual(
        [workload, decisionId, fromReplicas, toReplicas, reason],
        ["web", id, 0, 1, "woken: a request waits"],
      );
    });

    it("goes back to sleep after its cool-down, and wakes again; the state outlives the process", async () => {
      await wake();
      assert.equal((await evaluate(45)).desiredReplicas, 1);
      await agent.stop();
      const cluster = agent.cluster;
      const now = agent.clock.now();
      agent = new TestAgent(database);
      Object.assign(agent, { cluster });
      await agent.clock.advance(now - NOW);
      await agent.start(autoScalingEngine);
      const asleep = await evaluate(300);
      assert.deepEqual([asleep.action, asleep.desiredReplicas], ["scaled", 0]);
      assert.equal((await wake()).desiredReplicas, 1);
    });

    it("is tried again when another process evaluates the same workload at that moment", async () => {
      const opened = Promise.withResolvers<void>();
      agent.cluster.gate = opened.promise;
      const woken = wake();
      await agent.until(() => agent.cluster.reading === 1);
      await database.query("UPDATE ase_scalers SET revision = nextval('ase_revision')");
      agent.cluster.gate = undefined;
      opened.resolve();
      assert.deepEqual([(await woken).action, agent.cluster.scaled], ["scaled", [["web", 1]]]);
    });

    it("of a workload without a scaler is refused", async () => {
      const { status, body } = await agent.call("POST", "/v1/scalers/api/wake");
      assert.deepEqual([status, (body as { code: string }).code], [404, "MNO_SCALER_NOT_FOUND"]);
    });
  });

  it("a scaler that serves decides and leaves the cluster alone", async () => {
    agent.cluster.add("web", 2, {}, () => ({ usage: { cpuCores: 1.6, memoryBytes: 1 } }));
    await agent.call("PUT", "/v1/scalers/web", { maxReplicas: 9, act: "serve" });
    const decision = await evaluate();
    assert.deepEqual([decision.action, decision.desiredReplicas], ["served", 4]);
    assert.deepEqual(agent.cluster.scaled, []);
    const rows = await database.query("SELECT served, served_ms FROM ase_scalers");
    assert.deepEqual(rows, [{ served: 4, served_ms: NOW }]);
  });

  it("serves KEDA on the port that is configured, and says when it is taken", async () => {
    await agent.stop();
    const squatter = createServer();
    await new Promise<void>((resolve) => squatter.listen(0, "127.0.0.1", resolve));
    const port = String((squatter.address() as AddressInfo).port);
    agent = new TestAgent(database);
    await assert.rejects(agent.start(autoScalingEngine, { MNO_ASE_KEDA_PORT: port }), (error: MnoError) => {
      assert.equal(error.code, "MNO_PORT_IN_USE");
      return error.message.includes(`127.0.0.1:${port}`);
    });
    await agent.stop();
    await new Promise((resolve) => squatter.close(resolve));
    agent = new TestAgent(database);
    await agent.start(autoScalingEngine, { MNO_ASE_KEDA_PORT: port });
    const socket = connect(Number(port), "127.0.0.1");
    await once(socket, "connect");
    socket.destroy();
  });

  it("forecasts are in the decisions, and change nothing while they are advice", async () => {
    agent.cluster.add("web", 2, {}, () => ({ usage: { cpuCores: 0.8, memoryBytes: 1 } }));
    await agent.call("PUT", "/v1/scalers/web", { maxReplicas: 9, prediction: { mode: "advise" } });
    await evaluate();
    const { prediction, action, reasons } = await evaluate(15);
    assert.equal(action, "kept");
    assert.deepEqual([prediction?.trusted, prediction?.acted, prediction?.source], [false, false, "reactive"]);
    assert.ok(
      reasons.some((reason) => reason.startsWith("forecast ")),
      reasons.join("\n"),
    );
    const { body } = await agent.call("GET", "/v1/decisions?limit=1");
    assert.deepEqual((body as { items: Decision[] }).items[0]?.prediction, prediction);
    assert.match(await agent.metrics.registry.metrics(), /^mno_autoscaling_forecast_replicas\{workload="web"\} 2$/m);
  });

  describe("advice on nodes", () => {
    const node = { name: "n1", ready: true, zone: "a", labels: {} };

    it("goes out as an event once it has held", async () => {
      const room = { cpuCores: 2, memoryBytes: GIB };
      agent.cluster.clusterNodes = [{ ...node, capacity: room, allocatable: room }];
      agent.cluster.add("web", 3, {}, (index) => ({ node: index < 2 ? "n1" : "" }));
      await agent.loop("nodes");
      await agent.clock.advance(60_000);
      await agent.loop("nodes");
      await agent.loop("nodes");
      await agent.until(() => agent.bus.published.length > 0);
      assert.equal(agent.bus.published.length, 1);
      assert.equal(agent.bus.published[0]?.type, "mno.scalability.nodes.advised");
      const { advice, nodes, workloads, unplacedReplicas } = agent.bus.published[0].data as never;
      assert.deepEqual([advice, nodes, workloads, unplacedReplicas], ["add", 1, ["web"], 1]);
    });

    it("is given up where the cluster does not show its nodes", async () => {
      agent.cluster.nodesFault = new MnoError("MNO_CLUSTER_FORBIDDEN", "nodes is forbidden");
      await agent.loop("nodes");
      agent.cluster.nodesFault = new Error("is not asked again");
      await agent.loop("nodes");
      assert.deepEqual(agent.bus.published, []);
    });
  });
});
