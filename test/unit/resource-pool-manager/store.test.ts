import assert from "node:assert/strict";
import type { Database, Queryable } from "../../../runtime/kernel/store/database";
import { openDatabase } from "../../../runtime/kernel/store/open";
import type { PoolDefinition } from "../../../runtime/scalability/resource-pool-manager/lease";
import { PoolStore } from "../../../runtime/scalability/resource-pool-manager/store";
import { log } from "./support";

const pool = (slots: string[]): PoolDefinition => ({
  name: "last",
  kind: "members",
  slots,
  leaseSeconds: 60,
  leakAfterSeconds: null,
});

describe("the store of the resource pool manager", () => {
  let database: Database;
  before(async () => {
    database = await openDatabase("pglite:memory", { log });
    await new PoolStore(database).migrate();
  });
  after(() => database.close());

  it("takes two definitions of the last pool there may be one after the other, not one for a pool too many", async () => {
    // PGlite has one connection. What another would commit between two statements of a transaction (READ COMMITTED) is put there,
    // unless the transaction holds the lock for which the other would have to wait.
    let other: ((tx: Queryable) => Promise<unknown>) | undefined = (tx) =>
      tx.query(`INSERT INTO rpm_pools (name, kind, slots, lease_seconds) VALUES ('last', 'members', '["x"]', 60)`);
    const crowded: Database = {
      engine: "postgres",
      query: (sql, parameters) => database.query(sql, parameters),
      transaction: (work) =>
        database.transaction((tx) => {
          let locked = false;
          const query: Queryable["query"] = async (sql, parameters) => {
            locked ||= sql.includes("pg_advisory_xact_lock");
            if (!locked && sql.includes("INSERT INTO rpm_pools")) {
              await other?.(tx);
              other = undefined;
            }
            return tx.query(sql, parameters);
          };
          return work({ query });
        }),
      migrate: (set, migrations) => database.migrate(set, migrations),
      ping: () => database.ping(),
      close: () => database.close(),
    };
    const store = new PoolStore(crowded);
    const first = await store.put(pool(["a", "b"]), 1, Date.now());
    assert.equal(first?.isNew, true);
    assert.deepEqual(first.state.definition.slots, ["a", "b"]);
    const second = await store.put(pool(["c"]), 1, Date.now());
    assert.equal(second?.isNew, false);
    assert.deepEqual(second.state.definition.slots, ["c"]);
    assert.equal(await store.put({ ...pool(["a"]), name: "more" }, 1, Date.now()), undefined);
  });
});
