import assert from "node:assert/strict";
import { MnoError } from "../../../runtime/exports";
import type { Database } from "../../../runtime/kernel/store/database";
import { openDatabase } from "../../../runtime/kernel/store/open";
import { autoScalingEngine } from "../../../runtime/scalability/auto-scaling-engine/agent";
import type { Decision } from "../../../runtime/scalability/auto-scaling-engine/decision";
import { silent, TestAgent } from "./fakes";

const SCALER = {
  maxReplicas: 50,
  metrics: [{ type: "external", name: "allocated", target: { averageValue: 1 } }],
};
const GONE = new MnoError("MNO_STORE_UNAVAILABLE", "gone");
const LOST = new MnoError("MNO_CLUSTER_UNREACHABLE", "no answer");

/** The database; so many transactions that enqueue an event fail. */
class FailingOutbox implements Database {
  faults = 0;
  readonly engine;

  constructor(private readonly inner: Database) {
    this.engine = inner.engine;
  }
  query: Database["query"] = (sql, parameters) => this.inner.query(sql, parameters);
  transaction: Database["transaction"] = (work) =>
    this.inner.transaction((tx) =>
      work({
        query: async (sql, parameters) => {
          if (sql.startsWith("INSERT INTO outbox") && this.faults-- > 0) throw GONE;
          return tx.query(sql, parameters);
        },
      }),
    );
  migrate: Database["migrate"] = (set, migrations) => this.inner.migrate(set, migrations);
  ping = () => this.inner.ping();
  close = () => this.inner.close();
}

describe("auto-scaling engine: a change between its decision and its record", () => {
  let inner: Database;
  let database: FailingOutbox;
  let agent: TestAgent;
  const agents: TestAgent[] = [];

  /** An agent over a cluster in which web has so many replicas. */
  const start = async (replicas: number): Promise<TestAgent> => {
    const started = new TestAgent(database);
    agents.push(started);
    started.cluster.add("web", replicas);
    await started.start(autoScalingEngine);
    return started;
  };

  before(async function () {
    this.timeout(60_000); // PGlite compiles its WebAssembly first
    inner = await openDatabase("pglite:memory", { log: silent });
  });
  after(() => inner.close());
  beforeEach(async () => {
    database = new FailingOutbox(inner);
    agent = await start(1);
    await agent.call("PUT", "/v1/scalers/web", SCALER);
  });
  afterEach(async () => {
    for (const started of agents.splice(0)) await started.stop();
    for (const table of ["outbox", "ase_decisions", "ase_grants", "ase_scalers CASCADE"])
      await inner.query(`TRUNCATE ${table}`);
  });

  const grant = (to: TestAgent): Promise<void> =>
    to.bus.deliver("mno.scalability.resource.allocated", "e1", {
      allocationId: "a1",
      decisionId: "dec_1",
      tenant: "acme",
      workload: "web",
      replicas: 40,
      requests: { cpuCores: 1, memoryBytes: 1000 },
      nodes: Array<string>(40).fill("node-1"),
      strategy: "spread",
      expiresAt: null,
    });
  const evaluate = (of: TestAgent) => of.call("POST", "/v1/scalers/web/evaluate");
  const decisions = async (of: TestAgent): Promise<Decision[]> =>
    ((await of.call("GET", "/v1/decisions?workload=web")).body as { items: Decision[] }).items;
  const actions = async (of: TestAgent): Promise<string[]> => (await decisions(of)).map((decision) => decision.action);
  const scaleEvents = () => inner.query("SELECT change FROM ase_scale_events");
  const announced = async (of: TestAgent, count: number): Promise<void> => {
    await of.clock.advance(5_000);
    await of.until(() => of.bus.published.length >= count);
    assert.equal(of.bus.published.length, count);
  };

  it("is recorded and announced once, and counts for the rate limit, when its record fails at first", async () => {
    database.faults = 1;
    await grant(agent); // the grant is stored, so the event is settled
    assert.deepEqual(agent.cluster.scaled, [["web", 5]]);
    assert.deepEqual(await decisions(agent), [], "not known yet to be carried out");
    await grant(agent);
    await agent.loop("evaluate");
    assert.deepEqual(agent.cluster.scaled, [["web", 5]], "4 replicas in 15 s");
    assert.deepEqual(await actions(agent), ["kept", "kept", "scaled"]);
    assert.deepEqual(await scaleEvents(), [{ change: 4 }]);
    await announced(agent, 1);
    assert.equal(agent.bus.published[0]?.id, `${String((await decisions(agent))[2]?.id)}.scaled`);
    await agent.clock.advance(10_000);
    await agent.loop("evaluate");
    await announced(agent, 2);
    assert.deepEqual(agent.cluster.scaled, [
      ["web", 5],
      ["web", 10],
    ]);
  });

  it("is confirmed after a crash that came behind the scale", async () => {
    database.faults = 1;
    await grant(agent);
    await agent.stop();
    const next = await start(5);
    await next.loop("evaluate");
    assert.deepEqual(next.cluster.scaled, []);
    assert.deepEqual(await actions(next), ["kept", "scaled"]);
    await announced(next, 1);
  });

  it("is withdrawn after a crash that came before the scale, and takes nothing from the rate limit", async () => {
    agent.cluster.scale = () => {
      agent.cluster.get = () => Promise.reject(LOST);
      return Promise.reject(LOST);
    };
    await grant(agent);
    await agent.stop();
    assert.deepEqual(await scaleEvents(), [{ change: 4 }]);
    const next = await start(1);
    await next.loop("evaluate");
    assert.deepEqual(next.cluster.scaled, [["web", 5]]);
    assert.deepEqual(await actions(next), ["scaled", "skipped"]);
    assert.match((await decisions(next))[1]?.reasons.at(-1) ?? "", /scaling to 5 was not confirmed/);
    assert.deepEqual(await scaleEvents(), [{ change: 4 }]);
    await announced(next, 1);
  });

  it("counts as carried out when only the cluster's answer was lost", async () => {
    const scale = agent.cluster.scale.bind(agent.cluster);
    agent.cluster.scale = async (name, replicas) => {
      await scale(name, replicas);
      throw LOST;
    };
    await grant(agent);
    assert.deepEqual(await actions(agent), ["scaled"]);
    await announced(agent, 1);
  });

  it("is put right where another process took it for not carried out", async () => {
    const other = await start(1);
    other.cluster.fault = LOST;
    const scale = agent.cluster.scale.bind(agent.cluster);
    agent.cluster.scale = async (name, replicas) => {
      assert.equal((await evaluate(other)).status, 503);
      assert.deepEqual(await scaleEvents(), []);
      return scale(name, replicas);
    };
    await grant(agent);
    const [first] = (await decisions(agent)).filter((decision) => decision.action === "scaled");
    assert.equal(first?.desiredReplicas, 5);
    assert.deepEqual(await scaleEvents(), [{ change: 4 }]);
    await agent.clock.advance(5_000);
    await agent.until(() => agent.bus.published.length + other.bus.published.length > 0);
    const published = [...agent.bus.published, ...other.bus.published].map((event) => event.id);
    assert.deepEqual(new Set(published), new Set([`${first.id}.scaled`]));
  });

  it("is not begun by who leads no more, and left to who does", async () => {
    agent.term.abort();
    await grant(agent);
    assert.deepEqual(agent.cluster.scaled, []);
    const [left] = await decisions(agent);
    assert.equal(left?.action, "skipped");
    assert.equal(left.reasons.at(-1), "scaling to 5 failed: the leader's term ended before");
    assert.deepEqual(await scaleEvents(), [], "it takes nothing from the rate limit");
    const next = await start(1);
    await next.loop("evaluate");
    assert.deepEqual(next.cluster.scaled, [["web", 5]]);
  });

  it("is not begun by a round that the end of the term overtakes, and no other workload has its turn", async () => {
    await agent.call("PUT", "/v1/scalers/web", { ...SCALER, minReplicas: 3 });
    const get = agent.cluster.get.bind(agent.cluster);
    agent.cluster.get = async (name) => {
      const status = await get(name);
      agent.term.abort();
      return status;
    };
    await assert.rejects(agent.loop("evaluate"), /1 of 1 evaluations failed/);
    assert.deepEqual(agent.cluster.scaled, []);
    assert.deepEqual(await actions(agent), ["skipped"]);
    await agent.loop("evaluate");
    assert.deepEqual(await actions(agent), ["skipped"]);
  });

  it("is settled by the next round also when its scaler was deleted", async () => {
    database.faults = 1;
    await grant(agent);
    await agent.call("DELETE", "/v1/scalers/web");
    await agent.loop("evaluate");
    assert.deepEqual(await actions(agent), ["scaled"]);
    await announced(agent, 1);
    await agent.loop("evaluate");
    assert.doesNotMatch(await agent.metrics.registry.metrics(), /workload="web"/);
  });

  describe("while the cluster is at it", () => {
    /** Opens only once the work has had every chance not to wait. */
    const waits = async (work: Promise<unknown>, open: () => void): Promise<void> => {
      let done = false;
      void work.then(() => (done = true));
      for (let turn = 0; turn < 300; turn += 1) await new Promise((resolve) => setImmediate(resolve));
      assert.equal(done, false);
      open();
    };

    /** Holds `scale` until it is opened; resolves when it has begun. */
    const hold = (): { begun: Promise<void>; open: () => void } => {
      let open = (): void => undefined;
      const gate = new Promise<void>((resolve) => (open = resolve));
      const scale = agent.cluster.scale.bind(agent.cluster);
      const begun = new Promise<void>((resolve) => {
        agent.cluster.scale = async (name, replicas) => {
          resolve();
          await gate;
          return scale(name, replicas);
        };
      });
      return { begun, open };
    };

    it("DELETE waits, and leaves no series", async () => {
      const { begun, open } = hold();
      const granted = grant(agent);
      await begun;
      const deleted = agent.call("DELETE", "/v1/scalers/web");
      await waits(deleted, open);
      assert.equal((await deleted).status, 204);
      await granted;
      assert.doesNotMatch(await agent.metrics.registry.metrics(), /workload="web"/);
    });

    it("PUT waits, and leaves no series of the metrics it replaces", async () => {
      const { begun, open } = hold();
      const granted = grant(agent);
      await begun;
      const replaced = agent.call("PUT", "/v1/scalers/web", { maxReplicas: 5 });
      await waits(replaced, open);
      assert.equal((await replaced).status, 200);
      await granted;
      assert.doesNotMatch(await agent.metrics.registry.metrics(), /metric="allocated"/);
    });
  });

  it("a round drops the series of scalers that another process deleted", async () => {
    await grant(agent);
    assert.match(await agent.metrics.registry.metrics(), /workload="web"/);
    await inner.query("DELETE FROM ase_scalers");
    await agent.loop("evaluate");
    assert.doesNotMatch(await agent.metrics.registry.metrics(), /workload="web"/);
  });
});
