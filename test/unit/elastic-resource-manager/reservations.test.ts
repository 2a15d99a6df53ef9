import assert from "node:assert/strict";
import pino from "pino";
import fc from "fast-check";
import { ManualClock } from "../../../runtime/kernel/clock";
import type { CloudEvent } from "../../../runtime/kernel/events/cloudevent";
import { OUTBOX_MIGRATIONS } from "../../../runtime/kernel/events/outbox";
import type { Database } from "../../../runtime/kernel/store/database";
import { DatabaseClock } from "../../../runtime/kernel/store/database-clock";
import { openDatabase } from "../../../runtime/kernel/store/open";
import type { Demand } from "../../../runtime/scalability/elastic-resource-manager/demand";
import { decisionIds } from "../../../runtime/scalability/elastic-resource-manager/ids";
import { Ledger } from "../../../runtime/scalability/elastic-resource-manager/ledger";
import type { Operation, Outcome } from "../../../runtime/scalability/elastic-resource-manager/operations";
import { AllocationStore } from "../../../runtime/scalability/elastic-resource-manager/store";
import { demand, node } from "../../support/erm-fixtures";

const START = Date.parse("2026-01-01T00:00:00Z");
const HOUR = 3_600_000;
const NODES = [node("a", 1000, 1000), node("b", 1000, 1000)];

describe("reservations", () => {
  let database: Database;
  let store: AllocationStore;
  let clock: ManualClock;
  let ledger: Ledger;

  const open = (): Ledger => {
    const nextDecisionId = decisionIds(clock, Math.random);
    const options = { database, store, clock: new DatabaseClock(database, clock), nextDecisionId, weights: {} };
    const opened = new Ledger({ ...options, quotas: { red: { cpuCores: 2 } } });
    opened.capacity.setNodes(NODES);
    return opened;
  };

  const allocate = (cpuMilli: number, more: Partial<Demand> = {}, tenant = "red"): Operation => ({
    kind: "allocate",
    demand: demand(tenant, cpuMilli, 10, more),
    trace: {},
  });

  const reserve = (replicas: number, from = START + HOUR): Operation =>
    allocate(500, { replicas, reserve: { from, until: START + 2 * HOUR } });

  const granted = (outcome: Outcome | undefined) => {
    assert.equal(outcome?.kind, "granted", outcome?.kind === "failed" ? outcome.error.message : undefined);
    return outcome.allocation;
  };

  const fault = async (operation: Operation): Promise<string> => {
    const [outcome] = await ledger.commit([operation]);
    return outcome?.kind === "failed" ? `${outcome.error.code}: ${outcome.error.message}` : (outcome?.kind ?? "");
  };

  const used = (of: Ledger): number => NODES.reduce((sum, { name }) => sum + of.capacity.usedOn(name).cpuMilli, 0);

  before(async () => {
    database = await openDatabase("pglite:memory", { log: pino({ enabled: false }) });
    await database.migrate("outbox", OUTBOX_MIGRATIONS);
    store = new AllocationStore(database);
    await store.migrate();
  });

  beforeEach(async () => {
    for (const table of ["erm_allocations", "outbox"]) await database.query(`DELETE FROM ${table}`);
    clock = new ManualClock(START);
    ledger = open();
  });

  after(() => database.close());

  it("holds what it reserves at once, lets it be drawn from its time on, and is gone when all is drawn", async () => {
    const { id, expiresAt } = granted((await ledger.commit([reserve(3)]))[0]);
    assert.equal(expiresAt, START + 2 * HOUR);
    assert.equal(used(ledger), 1500);
    const draw = (replicas: number): Operation => allocate(500, { replicas, reservationId: id, workload: "web" });
    assert.equal(
      await fault(draw(1)),
      `MNO_RESERVATION_UNUSABLE: Reservation ${id}: it begins at 2026-01-01T01:00:00.000Z`,
    );
    assert.equal((await ledger.commit([allocate(600, {}, "blue")]))[0]?.kind, "refused", "it is set aside");

    await clock.advance(HOUR);
    const [first, second] = await ledger.commit([draw(1), draw(1)]);
    const { decisionId, nodes } = granted(first);
    assert.deepEqual(
      [granted(second), ...(await store.find([id]))]
        .flatMap((each) => each.nodes)
        .concat(nodes)
        .sort(),
      ["a", "a", "b"],
    );
    assert.equal(used(ledger), 1500);
    assert.deepEqual((await store.decision(decisionId))?.reasons, [
      `drawn from reservation ${id}, which has 2 replicas left`,
    ]);
    assert.equal((await store.decision(id.replace("alc_", "dec_")))?.chosen.length, 3, "as it was decided");
    assert.match(await fault(draw(2)), /2 replicas asked for, 1 left/);
    const restarted = open();
    await restarted.commit([]);
    assert.equal(used(restarted), 1500);
    granted((await restarted.commit([draw(1)]))[0]);
    assert.equal((await store.find([id]))[0]?.releaseReason, "released");
    assert.match(await fault(draw(1)), /MNO_ALLOCATION_NOT_FOUND/);
    assert.equal(used(ledger), 1500);
    const events = await database.query<{ event: CloudEvent }>("SELECT event FROM outbox");
    assert.equal(events.length, 3, "one for each draw; a reservation has none");
  });

  it("counts against the quota once, and not again when it is drawn", async () => {
    const { id } = granted((await ledger.commit([reserve(4, START)]))[0]);
    assert.equal((await ledger.commit([allocate(100)]))[0]?.kind, "refused");
    granted((await ledger.commit([allocate(500, { replicas: 4, reservationId: id })]))[0]);
    assert.equal(ledger.capacity.allocatedTo("red").cpuMilli, 2000);
  });

  it("gives to nobody else, nothing else, nowhere else, and not on a node that is gone", async () => {
    const { id } = granted((await ledger.commit([reserve(2, START)]))[0]);
    const reservationId = id;
    assert.match(await fault(allocate(500, { reservationId }, "blue")), /it is not of tenant blue/);
    assert.match(await fault(allocate(400, { reservationId })), /a replica has .*0\.5.*asked for .*0\.4/);
    assert.match(await fault(allocate(500, { reservationId, zone: "z1" })), /ask for no others/);
    assert.match(await fault({ kind: "renew", id, leaseSeconds: 9 }), /reserve anew/);
    const other = granted((await ledger.commit([allocate(100)]))[0]).id;
    assert.match(await fault(allocate(100, { reservationId: other })), /There is no reservation/);
    ledger.capacity.setNodes([node("b", 1000, 1000)]);
    assert.match(await fault(allocate(500, { reservationId })), /1 replicas asked for, 2 left, 0 of them on nodes/);
  });

  it("frees what was not drawn when its time ends", async () => {
    const { id } = granted((await ledger.commit([reserve(2, START)]))[0]);
    granted((await ledger.commit([allocate(500, { reservationId: id })]))[0]);
    await clock.advance(2 * HOUR);
    assert.match(await fault(allocate(500, { reservationId: id })), /it ended at 2026-01-01T02:00:00\.000Z/);
    await ledger.commit([{ kind: "expire", ids: ledger.due(clock.now()) }]);
    assert.equal(used(ledger), 500, "what was drawn stays");
  });

  it("never promises more than there is, whatever is reserved, drawn and released in whatever order", async () => {
    const step = fc.record({
      kind: fc.constantFrom("reserve", "draw", "release", "plain"),
      replicas: fc.integer({ min: 1, max: 3 }),
      pick: fc.nat(),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(fc.array(step, { minLength: 1, maxLength: 4 }), { maxLength: 5 }), async (batches) => {
        await database.query("DELETE FROM erm_allocations");
        const fresh = open();
        for (const batch of batches) {
          const held = [...fresh.active.values()];
          await fresh.commit(
            batch.map(({ kind, replicas, pick }): Operation => {
              const id = held[pick % Math.max(held.length, 1)]?.id ?? "alc_0";
              if (kind === "release") return { kind, id, trace: {} };
              if (kind === "reserve") return reserve(replicas, START);
              return allocate(500, { replicas, ...(kind === "draw" && { reservationId: id }) });
            }),
          );
          assert.ok(NODES.every(({ name }) => fresh.capacity.usedOn(name).cpuMilli <= 1000));
          const sum = [...fresh.active.values()].reduce((all, { nodes }) => all + 500 * nodes.length, 0);
          assert.equal(used(fresh), sum);
          const restarted = open();
          await restarted.commit([]);
          assert.deepEqual([...restarted.active.keys()].sort(), [...fresh.active.keys()].sort());
          assert.equal(used(restarted), sum);
        }
      }),
      { numRuns: 15 },
    );
  });
});
