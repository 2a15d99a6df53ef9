import assert from "node:assert/strict";
import pino from "pino";
import { ManualClock } from "../../../runtime/kernel/clock";
import type { CloudEvent } from "../../../runtime/kernel/events/cloudevent";
import { OUTBOX_MIGRATIONS } from "../../../runtime/kernel/events/outbox";
import type { Database, Queryable } from "../../../runtime/kernel/store/database";
import { DatabaseClock } from "../../../runtime/kernel/store/database-clock";
import { openDatabase } from "../../../runtime/kernel/store/open";
import type { Demand } from "../../../runtime/scalability/elastic-resource-manager/demand";
import { decisionIds } from "../../../runtime/scalability/elastic-resource-manager/ids";
import { Ledger } from "../../../runtime/scalability/elastic-resource-manager/ledger";
import { LostNodes } from "../../../runtime/scalability/elastic-resource-manager/lost-nodes";
import type { Operation, Outcome } from "../../../runtime/scalability/elastic-resource-manager/operations";
import { AllocationStore } from "../../../runtime/scalability/elastic-resource-manager/store";
import { demand, node } from "../../support/erm-fixtures";

const NODES = [node("a", 1000, 1000), node("b", 1000, 1000)];

describe("gangs, quotas and preemption in the ledger", () => {
  let inner: Database;
  let store: AllocationStore;
  let clock: ManualClock;
  let ledger: Ledger;
  /** Called before each statement of a transaction. */
  let beforeStatement: (sql: string) => void;

  const open = (): Ledger => {
    const database: Database = {
      engine: inner.engine,
      query: (sql, parameters) => inner.query(sql, parameters),
      transaction: (work) =>
        inner.transaction((tx) => {
          const query: Queryable["query"] = (sql, parameters) => {
            beforeStatement(sql);
            return tx.query(sql, parameters);
          };
          return work({ query });
        }),
      migrate: (set, migrations) => inner.migrate(set, migrations),
      ping: () => inner.ping(),
      close: () => inner.close(),
    };
    const nextDecisionId = decisionIds(clock, Math.random);
    const options = { database, store, clock: new DatabaseClock(database, clock), nextDecisionId, weights: {} };
    const opened = new Ledger({ ...options, quotas: { red: { cpuCores: 1.9 } } });
    opened.capacity.setNodes(NODES);
    return opened;
  };

  const gang = (...members: Demand[]): Operation => {
    const [first, ...others] = members as [Demand];
    return { kind: "allocate", demand: first, others, trace: {} };
  };
  const pair = (tenant = "red"): Operation =>
    gang(demand(tenant, 600, 10, { workload: "driver" }), demand(tenant, 700, 10, { workload: "worker" }));

  const granted = (outcome: Outcome | undefined) => {
    assert.equal(outcome?.kind, "granted");
    return outcome.allocation;
  };

  const released = async (): Promise<CloudEvent["data"][]> =>
    (
      await inner.query<{ event: CloudEvent }>(
        "SELECT event FROM outbox WHERE event->>'type' LIKE '%released' ORDER BY id",
      )
    ).map(({ event }) => event.data);

  const activeNodes = (of: Ledger) => [...of.active.values()].map(({ nodes }) => nodes.join());

  before(async () => {
    inner = await openDatabase("pglite:memory", { log: pino({ enabled: false }) });
    await inner.migrate("outbox", OUTBOX_MIGRATIONS);
    await new AllocationStore(inner).migrate();
  });

  beforeEach(async () => {
    for (const table of ["erm_allocations", "erm_quotas", "outbox"]) await inner.query(`DELETE FROM ${table}`);
    beforeStatement = () => undefined;
    store = new AllocationStore(inner);
    clock = new ManualClock(Date.parse("2026-01-01T00:00:00Z"));
    ledger = open();
  });

  after(() => inner.close());

  it("makes a gang durable whole, with a decision that lists its members, and a new ledger finds it", async () => {
    const [outcome] = await ledger.commit([pair()]);
    const { gangId = "", decisionId } = granted(outcome);
    const members = await store.gang(gangId);
    assert.deepEqual(
      members.map(({ workload, nodes, gangId: id }) => [workload, nodes, id]),
      [
        ["driver", ["a"], gangId],
        ["worker", ["b"], gangId],
      ],
    );
    assert.deepEqual(
      (await store.decision(decisionId))?.gang?.members.map(({ workload, nodes }) => [workload, nodes]),
      [
        ["driver", ["a"]],
        ["worker", ["b"]],
      ],
    );
    const restarted = open();
    await restarted.commit([]);
    assert.deepEqual([...restarted.active.values()], members);
  });

  it("decides a gang anew when a member's node vanishes between the decision and its commit, and refuses it if need be", async () => {
    let looks = 0;
    beforeStatement = (sql) => {
      if (!sql.includes("INSERT INTO erm_allocations")) return;
      looks += 1;
      ledger.capacity.setNodes([node("a", 1000, 1000)]);
    };
    const [refused] = await ledger.commit([pair()]);
    assert.equal(refused?.kind, "refused");
    assert.equal(looks, 1);
    assert.deepEqual(await inner.query("SELECT id FROM erm_allocations"), [], "not half of it");
    assert.deepEqual(await inner.query("SELECT id FROM outbox"), []);

    ledger.capacity.setNodes(NODES);
    looks = 0;
    beforeStatement = (sql) => {
      if (!sql.includes("INSERT INTO erm_allocations") || (looks += 1) > 1) return;
      ledger.capacity.setNodes([node("a", 1000, 1000), node("c", 1000, 1000)]);
    };
    const [moved] = await ledger.commit([pair()]);
    granted(moved);
    assert.deepEqual(activeNodes(ledger), ["a", "c"]);
    assert.equal((await inner.query("SELECT id FROM erm_allocations")).length, 2);
  });

  it("gives up with an error, and commits nothing, while nodes vanish again and again", async () => {
    let ready = 0;
    beforeStatement = (sql) => {
      if (sql.includes("INSERT INTO erm_allocations")) ledger.capacity.setNodes([node(`n${(ready += 1)}`, 2000, 1000)]);
    };
    await assert.rejects(ledger.commit([pair()]), /vanished while capacity was granted/);
    assert.deepEqual(await inner.query("SELECT id FROM erm_allocations"), []);
  });

  it("releases a gang whole when a member's node is lost, when one member is released, and when one lease ends", async () => {
    granted((await ledger.commit([pair()]))[0]);
    const [lost] = await ledger.commit([{ kind: "lose-nodes", nodes: new Set(["b"]) }]);
    assert.deepEqual(lost, { kind: "nodes-lost", count: 2 });
    assert.deepEqual(
      (await released()).map((data) => "reason" in data && data.reason),
      ["node-lost", "node-lost"],
    );
    const { id } = granted((await ledger.commit([pair()]))[0]);
    await ledger.commit([{ kind: "release", id, trace: {} }]);
    assert.equal(ledger.active.size, 0);

    const lease = (workload: string, leaseSeconds: number) => demand("red", 500, 1, { workload, leaseSeconds });
    const leased = granted((await ledger.commit([gang(lease("one", 10), lease("two", 20))]))[0]);
    await ledger.commit([{ kind: "renew", id: leased.id, leaseSeconds: 30 }]);
    await clock.advance(20_000);
    assert.deepEqual(ledger.due(clock.now()), [], "both were renewed");
    await clock.advance(10_000);
    assert.deepEqual(await ledger.commit([{ kind: "expire", ids: [leased.id] }]), [{ kind: "expired", count: 2 }]);
    assert.equal(ledger.active.size, 0);
  });

  it("counts a node as lost only when it has been missing at every look for the grace period", () => {
    const lost = new LostNodes(60_000);
    assert.deepEqual(lost.observe(new Set(["a", "b"]), 0), new Set());
    assert.deepEqual(lost.observe(new Set(["a"]), 30_000), new Set());
    assert.deepEqual(lost.observe(new Set(["a", "b"]), 60_000), new Set(["a"]));
    assert.deepEqual(lost.observe(new Set(["b"]), 119_999), new Set());
    assert.deepEqual(lost.observe(new Set(["b"]), 120_000), new Set(["b"]));
  });

  it("grants a gang once for its key", async () => {
    const key = { value: "k1", requestHash: "h1" };
    const keyed = { ...pair(), key } as Operation;
    const [first, twin] = await ledger.commit([keyed, keyed]);
    const [later] = await open().commit([keyed]);
    assert.equal(granted(twin).gangId, granted(first).gangId);
    assert.equal(granted(later).gangId, granted(first).gangId);
    assert.equal((await inner.query("SELECT id FROM erm_allocations")).length, 2);
  });

  it("two ledgers that grant at once never exceed a quota, declared or set, and learn of a new one from each other", async () => {
    const other = open();
    const ask = (): Operation => ({ kind: "allocate", demand: demand("red", 300, 1), trace: {} });
    const outcomes = async (): Promise<number> => {
      const rounds = await Promise.all(
        [ledger, other].map(async (each) => {
          const kinds: string[] = [];
          for (let i = 0; i < 5; i++) kinds.push(...(await each.commit([ask()])).map(({ kind }) => kind));
          return kinds;
        }),
      );
      return rounds.flat().filter((kind) => kind === "granted").length;
    };
    await ledger.commit([{ kind: "set-quota", tenant: "red", quota: { cpuCores: 1 } }]);
    assert.equal(await outcomes(), 3);
    const [refused] = await other.commit([ask()]);
    assert.deepEqual(refused?.kind === "refused" && refused.decision.overQuota, [
      { resource: "cpu", held: 0.9, asked: 0.3, allowed: 1 },
    ]);
    await other.commit([{ kind: "set-quota", tenant: "red", quota: null }]);
    assert.equal(await outcomes(), 3, "1.8 of the 1.9 cores that are declared");
    const restarted = open();
    await restarted.commit([{ kind: "set-quota", tenant: "blue", quota: { gpus: 0 } }]);
    await ledger.commit([]);
    assert.deepEqual([...ledger.quotas], [["blue", { gpus: 0 }]]);
  });

  it("releases what is preempted in the grant's transaction, or neither", async () => {
    const low = demand("low", 1000, 1, { preemptible: true, workload: "low" });
    const [one, two] = await ledger.commit([
      { kind: "allocate", demand: low, trace: {} },
      { kind: "allocate", demand: low, trace: {} },
    ]);
    const ids = [granted(one).id, granted(two).id];
    const urgent: Operation = {
      kind: "allocate",
      demand: demand("high", 1000, 1, { priority: 5, preempt: true }),
      trace: {},
    };
    beforeStatement = (sql) => {
      if (sql.includes("UPDATE erm_allocations")) throw new Error("the disk is full");
    };
    await assert.rejects(ledger.commit([urgent]), /the disk is full/);
    assert.deepEqual([...ledger.active.keys()], ids);
    assert.deepEqual(await released(), []);

    beforeStatement = () => undefined;
    const { decisionId, priority } = granted((await ledger.commit([urgent]))[0]);
    assert.equal(priority, 5);
    const preempted = (await store.decision(decisionId))?.preempted ?? [];
    assert.equal(preempted.length, 1);
    const [victim] = await store.find([preempted[0]?.allocationId ?? ""]);
    assert.equal(victim?.releaseReason, "preempted");
    assert.deepEqual(
      (await released()).map((data) => "allocationId" in data && "reason" in data && [data.allocationId, data.reason]),
      [[victim.id, "preempted"]],
    );
    assert.equal(ledger.active.size, 2);
    const restarted = open();
    await restarted.commit([]);
    assert.deepEqual([...restarted.active.keys()].sort(), [...ledger.active.keys()].sort());
  });
});
