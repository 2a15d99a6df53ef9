import assert from "node:assert/strict";
import pino from "pino";
import type { Database } from "../../runtime/kernel/store/database";
import { openDatabase } from "../../runtime/kernel/store/open";
import { databaseContract } from "../contract/database";
import { PASSWORD, PostgresServer } from "../support/postgres-server";

const log = pino({ level: "silent" });

describe("PostgreSQL", function () {
  this.timeout(60_000);
  const isUnavailable = (error: unknown): boolean => (error as { code?: string }).code === "MNO_STORE_UNAVAILABLE";
  let server: PostgresServer;

  before(async () => {
    server = new PostgresServer();
    await server.create();
    await server.start();
  });
  after(() => server?.remove());

  databaseContract("postgres", () => openDatabase(server.url, { log }));

  describe("connections", () => {
    let database: Database;
    beforeEach(async () => (database = await openDatabase(server.url, { log })));
    afterEach(() => database.close());

    it("go to the server under a name that its operator can recognise, with timeouts", async () => {
      const [row] = await database.query(
        `SELECT current_setting('application_name') AS name, current_setting('statement_timeout') AS statement,
                current_setting('idle_in_transaction_session_timeout') AS idle`,
      );
      assert.deepEqual(row, { name: "mno", statement: "30s", idle: "1min" });
    });

    it("take the URL's own parameters before ours", async () => {
      const own = await openDatabase(`${server.url}?statement_timeout=50&application_name=other`, { log });
      await assert.rejects(own.query("SELECT pg_sleep(5)"), { code: "57014" });
      assert.deepEqual(await own.query("SELECT current_setting('application_name') AS name"), [{ name: "other" }]);
      await own.close();
    });

    it("are refused with a wrong password, which is not shown", async () => {
      const wrong = await openDatabase(server.url.replace(PASSWORD, "wr0ng"), { log });
      const error = await wrong.ping().then(
        () => assert.fail("it resolved"),
        (reason: Error) => reason,
      );
      assert.ok(isUnavailable(error), error.message);
      assert.match(error.message, /password authentication failed for user "mno"/);
      assert.doesNotMatch(`${error.stack} ${JSON.stringify(error.cause)}`, /wr0ng/);
      await wrong.close();
    });

    it("let transactions run side by side", async () => {
      let arrived = 0;
      let open: () => void;
      const both = new Promise<void>((resolve) => (open = resolve));
      const meet = async (): Promise<void> => {
        if (++arrived === 2) open();
        await both;
      };
      await Promise.all([database.transaction(meet), database.transaction(meet)]);
      assert.equal(arrived, 2);
    });

    it("fail while the server is down, in a transaction too, and come back by themselves with what was committed", async () => {
      await database.query("CREATE TABLE survivors (id int)");
      await database.query("INSERT INTO survivors VALUES (1)");
      const interrupted = database.transaction(async (tx) => {
        await tx.query("INSERT INTO survivors VALUES (2)");
        await server.crash();
        await tx.query("INSERT INTO survivors VALUES (3)");
      });
      await assert.rejects(interrupted, isUnavailable);
      await assert.rejects(database.ping(), isUnavailable);
      await assert.rejects(
        database.transaction(async () => 1),
        isUnavailable,
      );
      await server.start();
      await database.ping();
      assert.deepEqual(await database.query("SELECT id FROM survivors"), [{ id: 1 }]);
    });
  });
});
