import assert from "node:assert/strict";
import { MnoError } from "../../../runtime/exports";
import { validateEvent } from "../../../runtime/kernel/events/codec";
import type { Database } from "../../../runtime/kernel/store/database";
import { openDatabase } from "../../../runtime/kernel/store/open";
import { autoScalingEngine } from "../../../runtime/scalability/auto-scaling-engine/agent";
import type { Decision } from "../../../runtime/scalability/auto-scaling-engine/decision";
import { silent, TestAgent } from "./fakes";
import { NOW } from "./support";

const ALLOCATED = { metrics: [{ type: "external", name: "allocated", target: { averageValue: 1 } }] };
const TABLES = ["outbox", "ase_decisions", "ase_grants", "ase_scalers CASCADE"];
const CPU_LOAD = (cores: number) => () => ({ usage: { cpuCores: cores, memoryBytes: 500 } });

const grant = (allocationId: string, replicas: number, workload: string | null = "web") => ({
  allocationId,
  decisionId: "dec_1",
  tenant: "acme",
  workload,
  replicas,
  requests: { cpuCores: 1, memoryBytes: 1000 },
  nodes: Array<string>(replicas).fill("node-1"),
  strategy: "spread",
  expiresAt: null,
});
const release = (allocationId: string, replicas: number) => ({
  allocationId,
  tenant: "acme",
  workload: "web",
  replicas,
  reason: "released" as const,
});

describe("auto-scaling engine: agent", () => {
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
    for (const table of TABLES) await database.query(`TRUNCATE ${table}`);
  });

  const decisions = async (): Promise<Decision[]> => {
    const { body } = await agent.call("GET", "/v1/decisions?workload=web");
    return (body as { items: Decision[] }).items;
  };

  describe("scalers", () => {
    it("are created, read, replaced, listed and deleted", async () => {
      const created = await agent.call("PUT", "/v1/scalers/web", { maxReplicas: 5 });
      assert.equal(created.status, 201);
      const read = await agent.call("GET", "/v1/scalers/web");
      assert.deepEqual(read, { status: 200, body: created.body });
      assert.deepEqual((read.body as { metrics: unknown }).metrics, [
        { type: "resource", name: "cpu", target: { averageUtilization: 80 } },
      ]);
      const replaced = await agent.call("PUT", "/v1/scalers/web", read.body);
      assert.deepEqual(replaced, { status: 200, body: created.body });
      await agent.call("PUT", "/v1/scalers/api", { maxReplicas: 2, ...ALLOCATED });
      const { items } = (await agent.call("GET", "/v1/scalers")).body as { items: { workload: string }[] };
      assert.deepEqual(
        items.map((item) => item.workload),
        ["api", "web"],
      );
      assert.equal((await agent.call("DELETE", "/v1/scalers/web")).status, 204);
      for (const method of ["GET", "DELETE"] as const) {
        const { status, body } = await agent.call(method, "/v1/scalers/web");
        assert.deepEqual([status, (body as { code: string }).code], [404, "MNO_SCALER_NOT_FOUND"]);
      }
    });

    it("are refused with every fault at once", async () => {
      const { status, body } = await agent.call("PUT", "/v1/scalers/web", {
        maxReplicas: "5",
        minReplicas: 0,
        metrics: [],
      });
      const problem = body as { code: string; faults: { field: string }[] };
      assert.equal(status, 422);
      assert.equal(problem.code, "MNO_SCALER_INVALID");
      assert.deepEqual(
        problem.faults.map((fault) => fault.field),
        ["/maxReplicas", "/metrics", "/minReplicas"],
      );
      const other = await agent.call("PUT", "/v1/scalers/web", { workload: "api", maxReplicas: 5 });
      assert.deepEqual((other.body as { faults: unknown }).faults, [
        { field: "/workload", message: "must be web, as in the path, or left out" },
      ]);
      assert.equal((await agent.call("PUT", "/v1/scalers/web", [])).status, 422);
    });

    it("are described, every operation and field", () => {
      const { paths } = agent.openapi();
      const operations = Object.values(paths).flatMap((path) => Object.values(path));
      assert.deepEqual(operations.map((operation) => operation.operationId).sort(), [
        "deleteScaler",
        "evaluateScaler",
        "getDecision",
        "getScaler",
        "listDecisions",
        "listScalers",
        "putScaler",
        "wakeScaler",
      ]);
      assert.ok(operations.every((operation) => operation.summary && operation.tags?.length === 1));
      const bare: string[] = [];
      const visit = (at: string, schema: unknown): void => {
        if (typeof schema !== "object" || schema === null) return;
        for (const [name, property] of Object.entries((schema as { properties?: object }).properties ?? {})) {
          if (!(property as { description?: string }).description) bare.push(`${at}.${name}`);
        }
        for (const [key, value] of Object.entries(schema)) visit(`${at}.${key}`, value);
      };
      visit("", paths);
      assert.deepEqual(bare, []);
    });
  });

  describe("declared by configuration", () => {
    const start = async (scalers: unknown): Promise<TestAgent> => {
      const other = new TestAgent(database);
      await other.start(autoScalingEngine, {
        MNO_AUTOSCALING_SCALERS: JSON.stringify(scalers),
        MNO_AUTOSCALING_SYNC_SECONDS: "2",
      });
      await other.stop();
      return other;
    };

    it("are applied at start, and gone when no longer declared; those of the API stay", async () => {
      await agent.call("PUT", "/v1/scalers/own", { maxReplicas: 2 });
      const { loops } = await start([
        { workload: "web", maxReplicas: 5 },
        { workload: "api", maxReplicas: 5 },
      ]);
      assert.equal(loops.get("evaluate")?.milliseconds, 2000);
      await start([{ workload: "api", maxReplicas: 7 }]);
      const { items } = (await agent.call("GET", "/v1/scalers")).body as {
        items: { workload: string; maxReplicas: number }[];
      };
      assert.deepEqual(
        items.map((item) => [item.workload, item.maxReplicas]),
        [
          ["api", 7],
          ["own", 2],
        ],
      );
    });

    it("are refused together, with every fault of each", async () => {
      await assert.rejects(
        start([
          { workload: "web" },
          { workload: "api", maxReplicas: 0 },
          { workload: "x", maxReplicas: 1 },
          { workload: "x", maxReplicas: 2 },
        ]),
        (error: unknown) => {
          assert.ok(error instanceof MnoError);
          assert.equal(error.code, "MNO_CONFIG_INVALID");
          assert.deepEqual(
            error.faults.map((fault) => fault.field),
            [
              "MNO_AUTOSCALING_SCALERS/0/maxReplicas",
              "MNO_AUTOSCALING_SCALERS/1/maxReplicas",
              "MNO_AUTOSCALING_SCALERS",
            ],
          );
          return true;
        },
      );
    });
  });

  describe("granted replicas", () => {
    beforeEach(async () => {
      agent.cluster.add("web", 1);
      const behavior = { scaleDown: { stabilizationWindowSeconds: 0 } };
      await agent.call("PUT", "/v1/scalers/web", { maxReplicas: 10, behavior, ...ALLOCATED });
    });

    it("scale the workload at once, in the consumer's span, and the change is announced", async () => {
      await agent.bus.deliver("mno.scalability.resource.allocated", "e1", grant("a1", 3));
      assert.deepEqual(agent.cluster.scaled, [["web", 3]]);
      const [decision] = await decisions();
      assert.ok(decision);
      assert.equal(decision.trigger, "resource.allocated");
      assert.equal(decision.action, "scaled");
      await agent.until(() => agent.bus.published.length > 0);
      assert.deepEqual(agent.bus.published, [
        validateEvent({
          specversion: "1.0",
          id: `${decision.id}.scaled`,
          source: "/mno/auto-scaling-engine",
          type: "mno.scalability.workload.scaled",
          subject: "web",
          time: new Date(NOW).toISOString(),
          datacontenttype: "application/json",
          data: {
            workload: "web",
            decisionId: decision.id,
            fromReplicas: 1,
            toReplicas: 3,
            reason: "from 1 to 3: allocated asks for 3",
          },
        }),
      ]);
      const attributes = { "mno.workload": "web", "mno.decision.id": decision.id };
      const spans = agent.tracer.spans.filter((span) => /^(evaluate|scale) /.test(span.name));
      assert.deepEqual(spans, [
        { name: "evaluate web", parent: "consume mno.scalability.resource.allocated", attributes },
        {
          name: "scale web",
          parent: "evaluate web",
          attributes: { ...attributes, "mno.replicas.from": 1, "mno.replicas.to": 3 },
        },
      ]);
      assert.deepEqual(agent.bus.consumerNames, ["auto-scaling-engine"]);
    });

    it("count once per allocation, add up, and go when they are released or were released before", async () => {
      const granted = async (): Promise<unknown> => (await decisions())[0]?.inputs.readings[0]?.value;
      await agent.bus.deliver("mno.scalability.resource.allocated", "e1", grant("a1", 3));
      await agent.bus.deliver("mno.scalability.resource.allocated", "e1", grant("a1", 3));
      await agent.bus.deliver("mno.scalability.resource.allocated", "e2", grant("a2", 2));
      assert.equal(await granted(), 5);
      await agent.bus.deliver("mno.scalability.resource.released", "e3", release("a1", 3));
      await agent.bus.deliver("mno.scalability.resource.released", "e3", release("a1", 3));
      assert.equal(await granted(), 2);
      assert.equal((await decisions())[0]?.trigger, "resource.released");
      await agent.bus.deliver("mno.scalability.resource.released", "e5", release("a3", 4));
      await agent.bus.deliver("mno.scalability.resource.allocated", "e4", grant("a3", 4));
      assert.equal(await granted(), 2);
      assert.deepEqual(agent.cluster.scaled, [
        ["web", 3],
        ["web", 5],
        ["web", 2],
      ]);
    });

    it("without a workload or a scaler change nothing, and are not lost", async () => {
      await agent.bus.deliver("mno.scalability.resource.allocated", "e1", grant("a1", 3, null));
      await agent.bus.deliver("mno.scalability.resource.allocated", "e2", grant("a2", 2, "api"));
      assert.deepEqual(agent.cluster.scaled, []);
      agent.cluster.add("api", 1);
      await agent.call("PUT", "/v1/scalers/api", { maxReplicas: 10, ...ALLOCATED });
      await agent.loop("evaluate");
      assert.deepEqual(agent.cluster.scaled, [["api", 2]]);
    });

    it("a change whose event could not be published is published as soon as the bus takes it, once", async () => {
      agent.bus.fault = new MnoError("MNO_BUS_FULL", "full");
      await agent.bus.deliver("mno.scalability.resource.allocated", "e1", grant("a1", 3));
      assert.deepEqual(agent.cluster.scaled, [["web", 3]]);
      await agent.until(() => agent.bus.refused > 0);
      agent.bus.fault = undefined;
      await agent.clock.advance(5_000);
      await agent.until(() => agent.bus.published.length > 0);
      await agent.loop("evaluate");
      await agent.clock.advance(5_000);
      assert.equal(agent.bus.published.length, 1);
    });
  });

  describe("evaluation", () => {
    const put = (workload: string, scaler: object): Promise<unknown> =>
      agent.call("PUT", `/v1/scalers/${workload}`, scaler);
    const evaluate = async (workload: string): Promise<Decision> =>
      (await agent.call("POST", `/v1/scalers/${workload}/evaluate`)).body as Decision;

    it("runs on request and answers with the decision, which can be read again", async () => {
      agent.cluster.add("web", 2, {}, CPU_LOAD(0.9));
      await put("web", {
        maxReplicas: 10,
        metrics: [{ type: "resource", name: "cpu", target: { averageUtilization: 50 } }],
      });
      const decision = await evaluate("web");
      assert.equal(decision.action, "scaled");
      assert.equal(decision.desiredReplicas, 4);
      assert.equal(decision.trigger, "request");
      assert.deepEqual((await agent.call("GET", `/v1/decisions/${decision.id}`)).body, decision);
      assert.deepEqual(decision.inputs.readings[0], {
        metric: "cpu",
        values: { "web-0": 0.9, "web-1": 0.9 },
        value: null,
        ready: 2,
        unready: 0,
        missing: 0,
        error: null,
      });
    });

    it("answers 404 without a scaler and for an unknown decision", async () => {
      const none = await agent.call("POST", "/v1/scalers/web/evaluate");
      assert.deepEqual([none.status, (none.body as { code: string }).code], [404, "MNO_SCALER_NOT_FOUND"]);
      const unknown = await agent.call("GET", "/v1/decisions/dec_0");
      assert.deepEqual([unknown.status, (unknown.body as { code: string }).code], [404, "MNO_DECISION_NOT_FOUND"]);
      assert.equal((await agent.call("GET", "/v1/decisions?limit=0")).status, 422);
    });

    it("skips what is not there, suspended, or a job, and says so", async () => {
      await put("web", { maxReplicas: 10 });
      assert.deepEqual((await evaluate("web")).reasons, ["there is no workload web in the cluster"]);
      agent.cluster.add("web", 1, { kind: "job" });
      assert.deepEqual((await evaluate("web")).reasons, ["web is a job; only services are scaled"]);
      agent.cluster.add("web", 1);
      (agent.cluster.workloads.get("web") as { phase: string }).phase = "suspended";
      const decision = await evaluate("web");
      assert.deepEqual([decision.action, decision.reasons], ["skipped", ["web is suspended"]]);
      assert.deepEqual((await decisions()).length, 3);
    });

    it("of all scalers happens every round; one that fails does not stop the others", async () => {
      for (const name of ["web", "api", "db"]) {
        agent.cluster.add(name, 2, {}, CPU_LOAD(1));
        await put(name, { maxReplicas: name === "api" ? 1 : 4 });
      }
      const get = agent.cluster.get.bind(agent.cluster);
      agent.cluster.get = (name) =>
        name === "db" ? Promise.reject(new MnoError("MNO_CLUSTER_UNREACHABLE", "gone")) : get(name);
      await assert.rejects(agent.loop("evaluate"), /1 of 3 evaluations failed/);
      assert.deepEqual(agent.cluster.scaled.sort(), [
        ["api", 1],
        ["web", 3],
      ]);
    });

    it("a scale that fails is a decision with the reason, counts for nothing in the history, and is thrown", async () => {
      agent.cluster.add("web", 2, {}, CPU_LOAD(1));
      await put("web", {
        maxReplicas: 10,
        metrics: [{ type: "resource", name: "cpu", target: { averageUtilization: 50 } }],
      });
      agent.cluster.fault = new MnoError("MNO_CLUSTER_UNREACHABLE", "no answer");
      const failed = await agent.call("POST", "/v1/scalers/web/evaluate");
      assert.deepEqual([failed.status, (failed.body as { code: string }).code], [503, "MNO_CLUSTER_UNREACHABLE"]);
      const [decision] = await decisions();
      assert.equal(decision?.action, "skipped");
      assert.equal(decision?.desiredReplicas, 2);
      assert.equal(decision?.reasons.at(-1), "scaling to 4 failed: no answer");
      assert.deepEqual(agent.bus.published, []);
      agent.cluster.fault = undefined;
      assert.equal((await evaluate("web")).desiredReplicas, 4);
    });

    it("of one workload never overlaps; of different workloads it does", async () => {
      for (const name of ["web", "api"]) {
        agent.cluster.add(name, 1, {}, CPU_LOAD(0.8));
        await put(name, { maxReplicas: 10 });
      }
      let open = (): void => undefined;
      agent.cluster.gate = new Promise((resolve) => (open = resolve));
      const all = ["web", "web", "web", "api"].map(evaluate);
      while (agent.cluster.reading < 2) await new Promise((resolve) => setImmediate(resolve));
      open();
      await Promise.all(all);
      assert.equal(agent.cluster.mostReading, 2, "one of each workload");
      assert.equal((await decisions()).length, 3);
    });

    it("is void where another process evaluated the workload meanwhile", async () => {
      agent.cluster.add("web", 2, {}, CPU_LOAD(1));
      await put("web", {
        maxReplicas: 10,
        metrics: [{ type: "resource", name: "cpu", target: { averageUtilization: 50 } }],
      });
      const other = new TestAgent(database);
      await other.start(autoScalingEngine);
      other.cluster.add("web", 2, {}, CPU_LOAD(1));
      let open = (): void => undefined;
      agent.cluster.gate = new Promise((resolve) => (open = resolve));
      const late = evaluate("web");
      while (agent.cluster.reading < 1) await new Promise((resolve) => setImmediate(resolve));
      await other.clock.advance(1);
      await other.call("POST", "/v1/scalers/web/evaluate");
      open();
      const decision = await late;
      await other.stop();
      assert.deepEqual(other.cluster.scaled, [["web", 4]]);
      assert.deepEqual(agent.cluster.scaled, []);
      assert.equal(decision.action, "skipped");
      assert.match(decision.reasons[0] ?? "", /by another process meanwhile/);
    });
  });

  it("a restart forgets neither stabilisation windows nor rate limits", async () => {
    agent.cluster.add("web", 1, {}, CPU_LOAD(0));
    await agent.call("PUT", "/v1/scalers/web", {
      maxReplicas: 50,
      behavior: { scaleDown: { stabilizationWindowSeconds: 30 } },
      ...ALLOCATED,
    });
    await agent.bus.deliver("mno.scalability.resource.allocated", "e1", grant("a1", 40));
    assert.deepEqual(agent.cluster.scaled, [["web", 5]]);
    await agent.stop();

    const next = new TestAgent(database);
    next.cluster.add("web", 5);
    await next.start(autoScalingEngine);
    await next.clock.advance(14_999);
    await next.loop("evaluate");
    assert.deepEqual(next.cluster.scaled, [], "4 replicas in 15 s, and those were added before the restart");
    await next.clock.advance(1);
    await next.loop("evaluate");
    assert.deepEqual(next.cluster.scaled, [["web", 10]]);
    await next.bus.deliver("mno.scalability.resource.released", "e2", release("a1", 40));
    await next.clock.advance(29_999);
    await next.loop("evaluate");
    assert.equal(next.cluster.workloads.get("web")?.desiredReplicas, 10, "40 was recommended less than 30 s ago");
    await next.clock.advance(1);
    await next.loop("evaluate");
    assert.equal(next.cluster.workloads.get("web")?.desiredReplicas, 1);
    await next.stop();
  });

  it("keeps the last 1000 decisions of a workload, for 24 hours", async () => {
    agent.cluster.add("web", 1);
    await agent.call("PUT", "/v1/scalers/web", { maxReplicas: 5, ...ALLOCATED });
    await agent.call("POST", "/v1/scalers/web/evaluate");
    const [decision] = await decisions();
    assert.ok(decision);
    await database.query(
      `INSERT INTO ase_decisions SELECT 'dec_z' || lpad(n::text, 4, '0'), 'web', $1, $2::jsonb FROM generate_series(1, 1200) AS n`,
      [NOW, JSON.stringify(decision)],
    );
    await agent.loop("prune");
    const rows = await database.query<{ id: string }>("SELECT id FROM ase_decisions ORDER BY id");
    assert.equal(rows.length, 1000);
    assert.equal(rows[0]?.id, "dec_z0201");
    await database.query("UPDATE ase_decisions SET time_ms = time_ms - $1", [24 * 3600 * 1000 + 1]);
    await agent.loop("prune");
    assert.deepEqual(await decisions(), []);
  });

  it("measures what it does, and forgets the series of a deleted scaler", async () => {
    agent.cluster.add("web", 2, {}, CPU_LOAD(1));
    await agent.call("PUT", "/v1/scalers/web", {
      maxReplicas: 10,
      metrics: [{ type: "resource", name: "cpu", target: { averageUtilization: 50 } }],
    });
    await agent.call("POST", "/v1/scalers/web/evaluate");
    const text = await agent.metrics.registry.metrics();
    assert.match(text, /mno_autoscaling_desired_replicas\{workload="web"\} 4/);
    assert.match(text, /mno_autoscaling_current_replicas\{workload="web"\} 2/);
    assert.match(text, /mno_autoscaling_decisions_total\{action="scaled"\} 1/);
    assert.match(text, /mno_autoscaling_metric_value\{workload="web",metric="cpu"\} 1/);
    assert.match(text, /mno_autoscaling_evaluation_seconds_count 1/);
    await agent.call("DELETE", "/v1/scalers/web");
    assert.doesNotMatch(await agent.metrics.registry.metrics(), /workload="web"/);
  });

  it("forgets the series of a scaler that was deleted at another replica", async () => {
    agent.cluster.add("web", 2, {}, CPU_LOAD(1));
    await agent.call("PUT", "/v1/scalers/web", {
      maxReplicas: 10,
      metrics: [{ type: "resource", name: "cpu", target: { averageUtilization: 50 } }],
    });
    await agent.call("POST", "/v1/scalers/web/evaluate");
    await agent.loop("forget series");
    assert.match(await agent.metrics.registry.metrics(), /workload="web"/);
    await database.query("DELETE FROM ase_scalers");
    await agent.loop("forget series");
    assert.doesNotMatch(await agent.metrics.registry.metrics(), /workload="web"/);
  });

  it("is ready when the database answers", async () => {
    await agent.checks.get("database")?.();
    assert.deepEqual([...agent.checks.keys()], ["database"]);
  });
});
