import assert from "node:assert/strict";
import { systemClock } from "../../runtime/kernel/clock";
import { OUTBOX_MIGRATIONS } from "../../runtime/kernel/events/outbox";
import type { Database } from "../../runtime/kernel/store/database";
import { openDatabase } from "../../runtime/kernel/store/open";
import type { PoolManager } from "../../runtime/scalability/resource-pool-manager/manager";
import { PostgresServer } from "../support/postgres-server";
import { log, openManager } from "../unit/resource-pool-manager/support";

const SLOTS = 3;
const CALLERS = 24;
const ROUNDS = 5;

describe("two replicas of the resource pool manager on PostgreSQL", () => {
  let server: PostgresServer;
  const databases: Database[] = [];
  const managers: PoolManager[] = [];

  before(async () => {
    server = new PostgresServer();
    await server.create();
    await server.start();
    for (let replica = 0; replica < 2; replica++) {
      const database = await openDatabase(server.url, { log });
      await database.migrate("outbox", OUTBOX_MIGRATIONS);
      databases.push(database);
      managers.push((await openManager(database, systemClock)).manager);
    }
  });
  after(async () => {
    for (const database of databases) await database.close();
    await server?.remove();
  });

  it("race for slots, and give each to one holder at a time, with tokens that grow", async () => {
    const slots = Array.from({ length: SLOTS }, (_, slot) => `slot-${slot}`);
    const definition = { name: "race", kind: "members", slots, leaseSeconds: 60, leakAfterSeconds: null } as const;
    await managers[0]!.define(definition);
    const holders = new Map<string, string>();
    const tokens = new Map<string, number>();
    let served = 0;
    const call = async (caller: number): Promise<void> => {
      for (let round = 0; round < ROUNDS; round++) {
        const manager = managers[(caller + round) % 2]!;
        const request = { holder: `c${caller}`, count: 1, leaseSeconds: null, site: null };
        const { lease } = await manager.acquire("race", request, null, 60, new AbortController().signal);
        const [slot = ""] = lease.slots;
        assert.equal(holders.get(slot), undefined, `${slot} has two holders`);
        assert.ok(lease.fencingToken > (tokens.get(slot) ?? 0));
        holders.set(slot, request.holder);
        tokens.set(slot, lease.fencingToken);
        await new Promise((resolve) => setImmediate(resolve));
        holders.delete(slot);
        await managers[(caller + round + 1) % 2]!.release(lease.id);
        served += 1;
      }
    };
    await Promise.all(Array.from({ length: CALLERS }, (_, caller) => call(caller)));
    assert.equal(served, CALLERS * ROUNDS);
    const { leased, waiting } = await managers[1]!.pool("race");
    assert.deepEqual({ leased, waiting }, { leased: 0, waiting: 0 });
  });

  it("answers 503 while the server is away, and goes on with what was leased before", async () => {
    await managers[0]!.define({ name: "away", kind: "slots", slots: ["1"], leaseSeconds: 60, leakAfterSeconds: null });
    const request = { holder: "one", count: 1, leaseSeconds: null, site: null };
    const acquire = (key: string) =>
      managers[0]!.acquire("away", request, { value: key, requestHash: "" }, 0, new AbortController().signal);
    const { lease } = await acquire("k");
    await server.crash();
    await assert.rejects(acquire("other"), { code: "MNO_STORE_UNAVAILABLE" });
    await assert.rejects(managers[0]!.release(lease.id), { code: "MNO_STORE_UNAVAILABLE" });
    await server.start();
    await assert.rejects(acquire("other"), { code: "MNO_POOL_EXHAUSTED" });
    assert.equal((await acquire("k")).lease.id, lease.id);
    await managers[1]!.release(lease.id);
    assert.equal((await acquire("another")).created, true);
  });
});
