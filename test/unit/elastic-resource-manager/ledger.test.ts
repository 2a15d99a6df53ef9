import assert from "node:assert/strict";
import pino from "pino";
import { ManualClock } from "../../../runtime/kernel/clock";
import { OUTBOX_MIGRATIONS } from "../../../runtime/kernel/events/outbox";
import type { CloudEvent } from "../../../runtime/kernel/events/cloudevent";
import type { Database, Queryable } from "../../../runtime/kernel/store/database";
import { DatabaseClock } from "../../../runtime/kernel/store/database-clock";
import { openDatabase } from "../../../runtime/kernel/store/open";
import { tracer } from "../../../runtime/kernel/telemetry/traces";
import { decisionIds } from "../../../runtime/scalability/elastic-resource-manager/ids";
import { Ledger } from "../../../runtime/scalability/elastic-resource-manager/ledger";
import type { Instruments } from "../../../runtime/scalability/elastic-resource-manager/instruments";
import { ResourceManager } from "../../../runtime/scalability/elastic-resource-manager/manager";
import type { Operation, Outcome } from "../../../runtime/scalability/elastic-resource-manager/operations";
import { AllocationStore } from "../../../runtime/scalability/elastic-resource-manager/store";
import { amount, demand, node } from "../../support/erm-fixtures";

const NODES = [node("a", 1000, 1000), node("b", 1000, 1000)];

/** A database that fails on demand: before a statement that matches, or after the commit whose answer then is lost. */
class FailingDatabase implements Database {
  failOn: RegExp | undefined;
  loseCommit = false;

  constructor(private readonly inner: Database) {}

  get engine(): Database["engine"] {
    return this.inner.engine;
  }

  query<Row>(sql: string, parameters?: readonly unknown[]): Promise<Row[]> {
    return this.inner.query<Row>(sql, parameters);
  }

  async transaction<T>(work: (tx: Queryable) => Promise<T>): Promise<T> {
    const result = await this.inner.transaction((tx) =>
      work({
        query: async <Row>(sql: string, parameters?: readonly unknown[]) => {
          if (this.failOn?.test(sql)) throw new Error("the disk is full");
          return tx.query<Row>(sql, parameters);
        },
      }),
    );
    if (this.loseCommit) throw new Error("the connection broke");
    return result;
  }

  migrate: Database["migrate"] = (set, migrations) => this.inner.migrate(set, migrations);
  ping: Database["ping"] = () => this.inner.ping();
  close: Database["close"] = () => this.inner.close();
}

describe("ledger of the elastic resource manager", () => {
  let inner: Database;
  let database: FailingDatabase;
  let store: AllocationStore;
  let clock: ManualClock;
  let ledger: Ledger;

  const open = (on: Database = database): Ledger => {
    const opened = new Ledger({
      database: on,
      store: new AllocationStore(on),
      clock: new DatabaseClock(on, clock),
      nextDecisionId: decisionIds(clock, Math.random),
      weights: {},
    });
    opened.capacity.setNodes(NODES);
    return opened;
  };

  const allocate = (cpuMilli: number, more: Partial<Extract<Operation, { kind: "allocate" }>> = {}): Operation => ({
    kind: "allocate",
    demand: demand("red", cpuMilli, 10, { workload: "web" }),
    trace: {},
    ...more,
  });

  const keyed = (value: string, requestHash: string, cpuMilli = 100): Operation =>
    allocate(cpuMilli, { key: { value, requestHash } });

  const granted = (outcome: Outcome | undefined) => {
    assert.equal(outcome?.kind, "granted");
    return outcome;
  };

  const used = (of: Ledger): number => NODES.reduce((sum, { name }) => sum + of.capacity.usedOn(name).cpuMilli, 0);

  const events = async (): Promise<CloudEvent[]> =>
    (await inner.query<{ event: CloudEvent }>("SELECT event FROM outbox ORDER BY id")).map(({ event }) => event);

  before(async () => {
    inner = await openDatabase("pglite:memory", { log: pino({ enabled: false }) });
    await inner.migrate("outbox", OUTBOX_MIGRATIONS);
    await new AllocationStore(inner).migrate();
  });

  beforeEach(async () => {
    await inner.query("DELETE FROM erm_allocations");
    await inner.query("DELETE FROM outbox");
    database = new FailingDatabase(inner);
    store = new AllocationStore(database);
    clock = new ManualClock(Date.parse("2026-01-01T00:00:00Z"));
    ledger = open();
  });

  after(() => inner.close());

  it("makes a grant, its decision, its key and its event durable together, and a new ledger finds them", async () => {
    const trace = { traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01" };
    const [outcome] = await ledger.commit([allocate(300, { key: { value: "k1", requestHash: "h1" }, trace })]);
    const { allocation, decision } = granted(outcome) as Extract<Outcome, { created: true }>;
    const restarted = open();
    await restarted.commit([]);
    assert.deepEqual([...restarted.active.values()], [allocation]);
    assert.deepEqual(restarted.capacity.usedOn("a"), amount(300, 10));
    assert.deepEqual(await store.decision(decision.id), decision);
    assert.deepEqual(await store.decisions(10), [decision]);
    const [event, ...others] = await events();
    assert.deepEqual(others, []);
    assert.equal(event?.type, "mno.scalability.resource.allocated");
    assert.equal(event.id, `${allocation.id}.allocated`);
    assert.equal(event.subject, "web");
    assert.equal(event.traceparent, trace.traceparent);
  });

  it("of replicas whose clocks differ expires a lease by the database's time, whoever looks", async () => {
    const postgres: Database = {
      engine: "postgres",
      query: (sql, parameters) => inner.query(sql, parameters),
      transaction: (work) => inner.transaction(work),
      migrate: (set, migrations) => inner.migrate(set, migrations),
      ping: () => inner.ping(),
      close: () => inner.close(),
    };
    const hour = 3_600_000;
    const at = (skew: number): Ledger => {
      clock = new ManualClock(Date.now() + skew);
      return open(postgres);
    };
    for (const [holder, other] of [
      [at(-hour), at(hour)],
      [at(hour), at(-hour)],
    ] as const) {
      const [outcome] = await holder.commit([allocate(300, { demand: demand("red", 300, 10, { leaseSeconds: 60 }) })]);
      const { allocation } = granted(outcome) as Extract<Outcome, { created: true }>;
      const left = allocation.expiresAt! - Date.now();
      assert.ok(left > 0 && left <= 60_000, `it ends in ${String(left)} ms`);
      assert.deepEqual(await other.commit([{ kind: "expire", ids: [allocation.id] }]), [{ kind: "expired", count: 0 }]);
      const [renewed] = await other.commit([{ kind: "renew", id: allocation.id, leaseSeconds: 60 }]);
      assert.equal(renewed?.kind, "renewed");
    }
  });

  it("stores nothing of a refusal", async () => {
    const [outcome] = await ledger.commit([allocate(1500)]);
    assert.equal(outcome?.kind, "refused");
    assert.deepEqual(await store.decisions(10), []);
    assert.deepEqual(await events(), []);
  });

  it("leaves memory and store as they were when the transaction fails at any statement, and works on afterwards", async () => {
    const [first] = await ledger.commit([allocate(300)]);
    const { id } = granted(first).allocation;
    for (const failOn of [/advisory/, /nextval/, /INSERT INTO erm/, /UPDATE erm/, /outbox/]) {
      database.failOn = failOn;
      await assert.rejects(ledger.commit([allocate(200), { kind: "release", id, trace: {} }]), /the disk is full/);
      assert.deepEqual([...ledger.active.keys()], [id], String(failOn));
      assert.equal(used(ledger), 300);
      assert.equal((await store.list({ limit: 10 })).length, 1);
      assert.equal((await events()).length, 1);
    }
    database.failOn = undefined;
    await ledger.commit([allocate(200), { kind: "release", id, trace: {} }]);
    assert.equal(used(ledger), 200);
    assert.equal((await events()).length, 3);
  });

  it("fails only the request whose values the store refuses, not those that share its batch", async () => {
    const manager = new ResourceManager({
      ledger,
      store,
      clock,
      tracer,
      instruments: { committed: () => undefined } as unknown as Instruments,
      view: undefined as never, // quotas need none
      onCommit: () => undefined,
    });
    const results = await Promise.allSettled([
      manager.setQuota("red", { cpuCores: 1 }),
      manager.setQuota("blue", { custom: { "\u0000": 1 } }),
      manager.setQuota("green", { cpuCores: 2 }),
    ]);
    assert.deepEqual(
      results.map(({ status }) => status),
      ["fulfilled", "rejected", "fulfilled"],
    );
    assert.deepEqual([...ledger.quotas.keys()], ["red", "green"]);
    assert.deepEqual(await ledger.commit([]), []);
    await inner.query("DELETE FROM erm_quotas");
  });

  it("reads back a commit whose answer was lost", async () => {
    await ledger.commit([allocate(100)]);
    database.loseCommit = true;
    await assert.rejects(ledger.commit([keyed("k1", "h1", 700)]), /the connection broke/);
    assert.equal(used(ledger), 100);
    database.loseCommit = false;
    const [again] = await ledger.commit([keyed("k1", "h1", 700)]);
    assert.equal(granted(again).created, false);
    assert.equal(used(ledger), 800);
    assert.equal(ledger.active.size, 2);
  });

  it("two ledgers on one database see each other's commits and never allocate the same capacity twice", async () => {
    const other = open(inner);
    await Promise.all([ledger.commit([]), other.commit([])]);
    const rounds = await Promise.all(
      [ledger, other].map(async (each) => {
        const outcomes: Outcome[] = [];
        for (let i = 0; i < 8; i++) outcomes.push(...(await each.commit([allocate(300)])));
        return outcomes;
      }),
    );
    const grants = rounds.flat().filter(({ kind }) => kind === "granted");
    assert.equal(grants.length, 6, "three on each of two nodes");
    await Promise.all([ledger.commit([]), other.commit([])]);
    assert.deepEqual([...ledger.active.keys()].sort(), [...other.active.keys()].sort());
    assert.equal(used(ledger), 1800);

    const [{ allocation }] = grants as [Extract<Outcome, { kind: "granted" }>];
    await ledger.commit([{ kind: "release", id: allocation.id, trace: {} }]);
    await other.commit([]);
    assert.equal(used(other), 1500);
  });

  it("gives one allocation for one key: within a batch, later, and after a restart; another request is refused", async () => {
    const first = await ledger.commit([keyed("k1", "h1"), keyed("k1", "h1"), keyed("k1", "h2"), keyed("k2", "h1")]);
    assert.deepEqual(
      first.map((outcome) => (outcome.kind === "granted" ? outcome.created : outcome.kind)),
      [true, false, "failed", true],
    );
    const { id } = granted(first[0]).allocation;
    assert.equal(granted(first[1]).allocation.id, id);
    const restarted = open();
    const [same, different] = await restarted.commit([keyed("k1", "h1"), keyed("k1", "h2")]);
    assert.equal(granted(same).allocation.id, id);
    assert.equal(different?.kind === "failed" && different.error.code, "MNO_IDEMPOTENCY_KEY_REUSED");
    assert.equal(used(restarted), 200);
  });

  it("remembers no key of a refusal: the same request may succeed later", async () => {
    const [full] = await ledger.commit([allocate(1000, { demand: demand("red", 1000, 10, { replicas: 2 }) })]);
    const { id } = granted(full).allocation;
    const refused = await ledger.commit([keyed("k1", "h1", 500), keyed("k1", "h1", 500)]);
    assert.deepEqual(
      refused.map(({ kind }) => kind),
      ["refused", "refused"],
    );
    await ledger.commit([{ kind: "release", id, trace: {} }]);
    assert.equal(granted((await ledger.commit([keyed("k1", "h1", 500)]))[0]).created, true);
  });

  it("releases once, answers again as before, gives capacity back before it places, and knows what never was", async () => {
    const [one] = await ledger.commit([allocate(1000), allocate(1000)]);
    const { id } = granted(one).allocation;
    const release: Operation = { kind: "release", id, trace: {} };
    const unknown: Operation = { kind: "release", id: "alc_0", trace: {} };
    const outcomes = await ledger.commit([allocate(1000), release, release, unknown]);
    assert.deepEqual(
      outcomes.map(({ kind }) => kind),
      ["granted", "released", "released", "failed"],
    );
    assert.deepEqual(await ledger.commit([release]), [{ kind: "released" }]);
    const released = (await events()).filter(({ type }) => type === "mno.scalability.resource.released");
    assert.deepEqual(
      released.map(({ id: eventId }) => eventId),
      [`${id}.released`],
    );
    const [row] = await store.find([id]);
    assert.equal(row?.releaseReason, "released");
    assert.equal(row.releasedAt, clock.now());
  });

  it("ends leases, unless they were renewed meanwhile, and renews only what is active", async () => {
    const leased = demand("red", 100, 10, { leaseSeconds: 10 });
    const outcomes = await ledger.commit([allocate(0, { demand: leased }), allocate(0, { demand: leased })]);
    const [one, two] = outcomes.map((outcome) => granted(outcome).allocation.id) as [string, string];
    await clock.advance(9_999);
    assert.deepEqual(ledger.due(clock.now()), []);
    await clock.advance(1);
    const due = ledger.due(clock.now());
    assert.deepEqual(due.sort(), [one, two].sort());
    await ledger.commit([{ kind: "renew", id: two, leaseSeconds: 10 }]);
    assert.deepEqual(await ledger.commit([{ kind: "expire", ids: due }]), [{ kind: "expired", count: 1 }]);
    assert.deepEqual([...ledger.active.keys()], [two]);
    assert.equal((await store.find([one]))[0]?.releaseReason, "expired");
    const [late] = await ledger.commit([{ kind: "renew", id: one, leaseSeconds: 10 }]);
    assert.match(late?.kind === "failed" ? late.error.message : "", /no longer active: expired at 2026-01-01T00:00:10/);
    const [endless] = await ledger.commit([{ kind: "renew", id: two, leaseSeconds: 0 }]);
    assert.equal(endless?.kind === "renewed" && endless.allocation.expiresAt, null);
    assert.deepEqual(ledger.due(clock.now() + 1e9), []);
    assert.equal((await store.find([two]))[0]?.expiresAt, null);
  });

  it("forgets what was released long ago, key and all, and keeps what is active or lately released", async () => {
    const [old, active] = await ledger.commit([keyed("k1", "h1"), keyed("k2", "h1")]);
    await ledger.commit([{ kind: "release", id: granted(old).allocation.id, trace: {} }]);
    await clock.advance(60_000);
    const [late] = await ledger.commit([keyed("k3", "h1")]);
    await ledger.commit([{ kind: "release", id: granted(late).allocation.id, trace: {} }]);
    assert.equal(await store.prune(clock.now() - 30_000), 1);
    const kept = await store.find([old, active, late].map((outcome) => granted(outcome).allocation.id));
    assert.deepEqual(
      kept.map(({ id }) => id).sort(),
      [active, late].map((outcome) => granted(outcome).allocation.id).sort(),
    );
    assert.equal(granted((await ledger.commit([keyed("k1", "h1")]))[0]).created, true);
  });

  it("lists active allocations by page, tenant and workload", async () => {
    for (const tenant of ["red", "blue", "red"]) {
      await ledger.commit([
        allocate(0, { demand: demand(tenant, 10, 1, { workload: tenant === "red" ? "web" : null }) }),
      ]);
      await clock.advance(1);
    }
    const page = await store.list({ limit: 2 });
    assert.deepEqual(
      page.map(({ tenant }) => tenant),
      ["red", "blue"],
    );
    const rest = await store.list({ limit: 2, cursor: page[1]?.id ?? "" });
    assert.equal(rest.length, 1);
    assert.equal((await store.list({ tenant: "red", workload: "web", limit: 9 })).length, 2);
    assert.equal((await store.list({ tenant: "blue", workload: "web", limit: 9 })).length, 0);
  });
});
