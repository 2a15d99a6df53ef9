import assert from "node:assert/strict";
import { MnoError } from "../../../runtime/exports";
import { ManualClock } from "../../../runtime/kernel/clock";
import { OUTBOX_MIGRATIONS } from "../../../runtime/kernel/events/outbox";
import type { Database } from "../../../runtime/kernel/store/database";
import { openDatabase } from "../../../runtime/kernel/store/open";
import { log, openManager } from "./support";

const never = new AbortController().signal;
const HOUR = 3_600_000;

/** The database as one that tells its own time. */
function remote(inner: Database): Database {
  return {
    engine: "postgres",
    query: (sql, parameters) => inner.query(sql, parameters),
    transaction: (work) => inner.transaction(work),
    migrate: (set, migrations) => inner.migrate(set, migrations),
    ping: () => inner.ping(),
    close: () => inner.close(),
  };
}

describe("replicas of the resource pool manager whose clocks differ", () => {
  let database: Database;
  before(async () => {
    database = await openDatabase("pglite:memory", { log });
    await database.migrate("outbox", OUTBOX_MIGRATIONS);
  });
  after(() => database.close());

  it("end a lease by the database's time: none that its holder takes for valid", async () => {
    const open = async (skew: number) =>
      (await openManager(remote(database), new ManualClock(Date.now() + skew))).manager;
    const [behind, ahead] = [await open(-HOUR), await open(HOUR)];
    const definition = { name: "db", kind: "members", slots: ["a"], leaseSeconds: 60, leakAfterSeconds: null } as const;
    await behind.define(definition);
    const request = { holder: "one", count: 1, leaseSeconds: null, site: null };
    for (const [holder, other] of [
      [behind, ahead],
      [ahead, behind],
    ] as const) {
      const { lease } = await holder.acquire("db", request, null, 0, never);
      const left = lease.expiresAt - Date.now();
      assert.ok(left > 0 && left <= 60_000, `it ends in ${String(left)} ms`);
      await other.expire();
      await assert.rejects(
        other.acquire("db", { ...request, holder: "two" }, null, 0, never),
        (error) => error instanceof MnoError && error.code === "MNO_POOL_EXHAUSTED",
      );
      await other.renew(lease.id, null);
      await other.release(lease.id);
    }
  });
});
