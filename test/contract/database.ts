import assert from "node:assert/strict";
import type { Database, Queryable } from "../../runtime/kernel/store/database";

const hasCode = (code: string) => (error: unknown) => (error as { code?: string }).code === code;

/** What every Database does. `open` is called once; the suite closes what it opened, last. */
export function databaseContract(engine: Database["engine"], open: () => Promise<Database>): void {
  describe(`database contract: ${engine}`, () => {
    let database: Database;

    before(async function () {
      this.timeout(30_000);
      database = await open();
      await database.query("CREATE TABLE contract_items (id text PRIMARY KEY, n bigint NOT NULL DEFAULT 0)");
    });
    after(() => database.close());

    const ids = async (on: Queryable = database): Promise<string[]> =>
      (await on.query<{ id: string }>("SELECT id FROM contract_items ORDER BY id")).map(({ id }) => id);
    const insert = (on: Queryable, id: string): Promise<unknown[]> =>
      on.query("INSERT INTO contract_items (id) VALUES ($1)", [id]);

    describe("open", () => {
      beforeEach(() => database.query("DELETE FROM contract_items"));

      it("names its engine and answers a ping", async () => {
        assert.equal(database.engine, engine);
        await database.ping();
      });

      it("returns the rows of a statement, none where it has none", async () => {
        assert.deepEqual(await database.query("SELECT $1::int AS a, $2::text AS b", [1, "x"]), [{ a: 1, b: "x" }]);
        assert.deepEqual(await insert(database, "a"), []);
        assert.deepEqual(await database.query("INSERT INTO contract_items (id) VALUES ($1) RETURNING id", ["b"]), [
          { id: "b" },
        ]);
      });

      it("gives values the same JavaScript form with every engine", async () => {
        const instant = new Date("2026-02-03T04:05:06.789Z");
        const [row] = await database.query(
          `SELECT 9007199254740991::bigint AS safe, (-9007199254740993)::bigint AS beyond, ARRAY[1, NULL]::bigint[] AS bigints,
                $1::jsonb AS object, $2::jsonb AS list, $3::json AS json, 1.50::numeric AS exact, 0.25::float8 AS float,
                $4::timestamptz AS instant, timestamp '2026-02-03 04:05:06.789' AS local, date '2026-02-03' AS day,
                true AS yes, NULL::text AS nothing, ARRAY['a', 'b'] AS texts, 'b' = ANY($5::text[]) AS any`,
          [JSON.stringify({ a: [1, null] }), JSON.stringify([1, "2"]), JSON.stringify("text"), instant, ["a", "b"]],
        );
        assert.deepEqual(row, {
          safe: 9007199254740991,
          beyond: -9007199254740993n,
          bigints: [1, null],
          object: { a: [1, null] },
          list: [1, "2"],
          json: "text",
          exact: "1.50",
          float: 0.25,
          instant,
          local: instant,
          day: new Date("2026-02-03T00:00:00Z"),
          yes: true,
          nothing: null,
          texts: ["a", "b"],
          any: true,
        });
      });

      it("inserts many rows from one JSON parameter", async () => {
        const rows = Array.from({ length: 200 }, (_, n) => ({ id: `row-${n}`, n }));
        await database.query(
          "INSERT INTO contract_items SELECT * FROM jsonb_to_recordset($1::jsonb) AS r(id text, n bigint)",
          [JSON.stringify(rows)],
        );
        assert.deepEqual(await database.query("SELECT count(*) AS rows, sum(n)::bigint AS sum FROM contract_items"), [
          { rows: 200, sum: 19900 },
        ]);
      });

      it("rejects a refused statement with its SQLSTATE and goes on", async () => {
        await insert(database, "a");
        await assert.rejects(insert(database, "a"), hasCode("23505"));
        await assert.rejects(database.query("SELECT * FROM nowhere"), hasCode("42P01"));
        assert.deepEqual(await ids(), ["a"]);
      });

      it("commits a transaction and returns what the work returned", async () => {
        const result = await database.transaction(async (tx) => {
          await insert(tx, "a");
          await insert(tx, "b");
          return (await ids(tx)).length;
        });
        assert.equal(result, 2);
        assert.deepEqual(await ids(), ["a", "b"]);
      });

      it("rolls back when the work rejects, with its very error, and stays usable", async () => {
        const failure = new Error("on purpose");
        const failing = database.transaction(async (tx) => {
          await insert(tx, "a");
          throw failure;
        });
        await assert.rejects(failing, (error) => error === failure);
        assert.deepEqual(await ids(), []);
      });

      it("rolls back when a statement is refused, and stays usable", async () => {
        const failing = database.transaction(async (tx) => {
          await insert(tx, "a");
          await insert(tx, "a");
        });
        await assert.rejects(failing, hasCode("23505"));
        assert.deepEqual(await ids(), []);
        await database.transaction((tx) => insert(tx, "b"));
        assert.deepEqual(await ids(), ["b"]);
      });

      it("never reports as committed what was rolled back: a swallowed failure rejects the transaction", async () => {
        const swallowing = database.transaction(async (tx) => {
          await insert(tx, "a");
          await insert(tx, "a").catch(() => undefined);
        });
        await assert.rejects(swallowing);
        assert.deepEqual(await ids(), []);
      });

      it("keeps concurrent transactions apart", async () => {
        await insert(database, "counter");
        const increments = Array.from({ length: 20 }, () =>
          database.transaction(async (tx) => {
            const [row] = await tx.query<{ n: number }>("SELECT n FROM contract_items WHERE id = 'counter' FOR UPDATE");
            await new Promise((resolve) => setImmediate(resolve));
            await tx.query("UPDATE contract_items SET n = $1 WHERE id = 'counter'", [row!.n + 1]);
          }),
        );
        await Promise.all(increments);
        assert.deepEqual(await database.query("SELECT n FROM contract_items"), [{ n: 20 }]);
      });

      it("shows other statements all of a transaction or nothing", async () => {
        const both = database.transaction(async (tx) => {
          await insert(tx, "a");
          await new Promise((resolve) => setImmediate(resolve));
          await insert(tx, "b");
        });
        const seen = await Promise.all(Array.from({ length: 5 }, () => ids()));
        await both;
        for (const rows of seen) assert.notDeepEqual(rows, ["a"]);
        assert.deepEqual(await ids(), ["a", "b"]);
      });

      it("refuses a transaction's handle after its end", async () => {
        const leaked = await database.transaction(async (tx) => tx);
        await assert.rejects(ids(leaked));
        assert.deepEqual(await ids(), []);
      });

      describe("migrate", () => {
        const first = { name: "0001-things", sql: "CREATE TABLE things (id text); CREATE INDEX ON things (id)" };
        const second = {
          name: "0002-size",
          sql: "ALTER TABLE things ADD COLUMN size bigint; INSERT INTO things VALUES ('x', 1)",
        };

        it("applies a set once, in order, several statements at a time", async () => {
          await database.migrate("things", [first]);
          await database.migrate("things", [first, second]);
          await database.migrate("things", [first, second]);
          assert.deepEqual(await database.query("SELECT * FROM things"), [{ id: "x", size: 1 }]);
          assert.deepEqual(
            await database.query("SELECT set_name, name FROM mno_migrations WHERE set_name = 'things' ORDER BY name"),
            [first, second].map(({ name }) => ({ set_name: "things", name })),
          );
        });

        it("refuses a migration that changed after it was applied", async () => {
          const changed = { ...first, sql: `${first.sql}; SELECT 1` };
          await assert.rejects(database.migrate("things", [changed, second]), hasCode("MNO_STORE_MIGRATION_CHANGED"));
        });

        it("accepts a set that has fewer than what is applied: the older release of a rolling update", async () => {
          await database.migrate("things", [first]);
        });

        it("leaves nothing of a migration that fails, and applies it once mended", async () => {
          const broken = { name: "0001-parts", sql: "CREATE TABLE parts (id text); INSERT INTO nowhere VALUES (1)" };
          await assert.rejects(database.migrate("parts", [broken]), hasCode("42P01"));
          await database.migrate("parts", [{ ...broken, sql: "CREATE TABLE parts (id text)" }]);
          assert.deepEqual(await database.query("SELECT * FROM parts"), []);
        });

        it("lets replicas that start together take turns", async () => {
          const slow = { name: "0001-turns", sql: "CREATE TABLE turns (id text); SELECT pg_sleep(0.05)" };
          const again = { name: "0002-turns", sql: "INSERT INTO turns VALUES ('once')" };
          await Promise.all([1, 2, 3].map(() => database.migrate("turns", [slow, again])));
          assert.deepEqual(await database.query("SELECT * FROM turns"), [{ id: "once" }]);
        });
      });
    });

    // A suite of its own, for mocha runs a suite's tests before its suites.
    describe("closed", () => {
      before(() => database.close());

      it("is unavailable, and closing again does nothing", async () => {
        await database.close();
        await assert.rejects(database.ping(), hasCode("MNO_STORE_UNAVAILABLE"));
        await assert.rejects(database.query("SELECT 1"), hasCode("MNO_STORE_UNAVAILABLE"));
        await assert.rejects(database.transaction(ids), hasCode("MNO_STORE_UNAVAILABLE"));
      });
    });
  });
}
