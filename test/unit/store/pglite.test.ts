import assert from "node:assert/strict";
import fs, { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pino from "pino";
import type { Database } from "../../../runtime/kernel/store/database";
import { openDatabase } from "../../../runtime/kernel/store/open";

const log = pino({ level: "silent" });

describe("PGlite's folder", function () {
  this.timeout(30_000);
  const folder = join(mkdtempSync(join(tmpdir(), "mno-pglite-")), "deep", "database");
  const open = (): Promise<Database> => openDatabase(`pglite:${folder}`, { log });
  let database: Database;

  before(async () => {
    // What a process killed during its very first open leaves.
    mkdirSync(join(folder, "pgdata", "base"), { recursive: true });
    writeFileSync(join(folder, "pgdata", "PG_VERSION"), "17\n");
    writeFileSync(join(folder, "initialising"), "");
    database = await open();
    await database.query("CREATE TABLE kept (id int PRIMARY KEY, filler text)");
  });
  after(async () => {
    await database.close();
    rmSync(join(folder, "../.."), { recursive: true, force: true });
  });

  it("is made anew where the first open was cut short, and is complete after it", () => {
    assert.ok(!existsSync(join(folder, "initialising")));
    assert.deepEqual(readdirSync(folder).sort(), ["mno.lock", "pgdata"]);
  });

  it("is refused while it is open, and the first holder goes on", async () => {
    await assert.rejects(open(), (error) => {
      const { code, message } = error as { code: string; message: string };
      return code === "MNO_STORE_LOCKED" && message.includes(`(process ${process.pid}, since `);
    });
    await database.ping();
  });

  it("syncs the WAL to the disk before a commit returns, and nothing for a read", async () => {
    const original = fs.fdatasyncSync;
    let syncs = 0;
    fs.fdatasyncSync = (descriptor) => {
      syncs += 1;
      original(descriptor);
    };
    try {
      for (let id = 1; id <= 10; id++) await database.query("INSERT INTO kept (id) VALUES ($1)", [id]);
      assert.ok(syncs >= 10, `${syncs} syncs for 10 commits`);
      syncs = 0;
      await database.query("SELECT * FROM kept");
      assert.equal(syncs, 0);
    } finally {
      fs.fdatasyncSync = original;
    }
  });

  it("keeps the WAL bounded and reclaims dead rows, which single-user mode does not do by itself", async () => {
    const update = "INSERT INTO kept SELECT n, repeat(md5(random()::text), 20) FROM generate_series(1, 100) n";
    for (let round = 0; round < 1000; round++) {
      await database.query(`${update} ON CONFLICT (id) DO UPDATE SET filler = excluded.filler`);
    }
    const [wal] = await database.query<{ bytes: string; total: string }>(
      "SELECT pg_current_wal_lsn() - redo_lsn AS bytes, pg_current_wal_lsn() - '0/0'::pg_lsn AS total FROM pg_control_checkpoint()",
    );
    assert.ok(Number(wal!.total) > 100e6, `${wal!.total} bytes of WAL written is enough to show it`);
    assert.ok(Number(wal!.bytes) < 70e6, `${wal!.bytes} of ${wal!.total} bytes since the last checkpoint`);
    const [table] = await database.query<{ dead: number; vacuums: number }>(
      "SELECT n_dead_tup AS dead, vacuum_count AS vacuums FROM pg_stat_user_tables WHERE relname = 'kept'",
    );
    assert.ok(table!.vacuums >= 1, "the table was vacuumed");
    assert.ok(table!.dead < 60_000, `${table!.dead} dead rows`);
  });

  it("has everything after it was closed and opened again", async () => {
    const [before] = await database.query("SELECT count(*) AS rows FROM kept");
    await database.close();
    assert.deepEqual(readdirSync(folder), ["pgdata"]);
    database = await open();
    assert.deepEqual(await database.query("SELECT count(*) AS rows FROM kept"), [before]);
  });
});

describe("PGlite in memory", () => {
  it("starts empty each time", async () => {
    const first = await openDatabase("pglite:memory", { log });
    await first.query("CREATE TABLE gone (id int)");
    await first.close();
    const second = await openDatabase("pglite:memory", { log });
    await assert.rejects(second.query("SELECT * FROM gone"), { code: "42P01" });
    await second.close();
  });
});
