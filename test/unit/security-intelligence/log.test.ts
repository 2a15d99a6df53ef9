import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtemp, rm, stat } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type MnoError } from "../../../runtime/exports";
import { ManualClock } from "../../../runtime/kernel/clock";
import type { Database } from "../../../runtime/kernel/store/database";
import { openDatabase } from "../../../runtime/kernel/store/open";
import type { LogRecord } from "../../../runtime/security/security-intelligence/log/block";
import { Checkpoints } from "../../../runtime/security/security-intelligence/log/checkpoint";
import { EventLog } from "../../../runtime/security/security-intelligence/log/log";
import { Retention } from "../../../runtime/security/security-intelligence/log/retention";
import { ServiceSigner } from "../../../runtime/security/security-intelligence/log/service-signer";
import { FileSigner } from "../../../runtime/security/security-intelligence/log/signer";
import { type Verification, verifyLog } from "../../../runtime/security/security-intelligence/log/verify";
import { MIGRATIONS } from "../../../runtime/security/security-intelligence/migrations";
import { silent } from "../auto-scaling-engine/fakes";

const NOW = Date.UTC(2026, 0, 1);
const DAY = 86_400_000;

function record(number: number, changes: Partial<LogRecord> = {}): LogRecord {
  const uid = `u${number}`;
  return {
    uid,
    classUid: 4002,
    time: NOW + number,
    severity: 1,
    user: "ann",
    address: null,
    session: null,
    text: JSON.stringify({ uid, n: number }),
    ...changes,
  };
}

describe("security intelligence: the log", () => {
  let database: Database;
  let log: EventLog;
  let checkpoints: Checkpoints;
  const clock = new ManualClock(NOW);
  const signer = FileSigner.ephemeral();

  before(async function () {
    this.timeout(60_000);
    database = await openDatabase("pglite:memory", { log: silent });
    await database.migrate("security-intelligence", MIGRATIONS);
  });
  after(() => database.close());
  beforeEach(async () => {
    for (const table of ["si_events", "si_blocks", "si_checkpoints", "si_head"])
      await database.query(`TRUNCATE ${table}`);
    log = new EventLog(database, clock);
    checkpoints = new Checkpoints(database, log, signer, clock);
    // Three blocks, and a checkpoint after the second.
    await log.append(Array.from({ length: 10 }, (_, index) => record(index)));
    await log.append(Array.from({ length: 7 }, (_, index) => record(10 + index)));
    await checkpoints.sign();
    await log.append(Array.from({ length: 3 }, (_, index) => record(17 + index)));
  });

  const verify = (): Promise<Verification> => verifyLog(database, signer);
  const faults = async (): Promise<[string, number][]> => (await verify()).faults.map(({ kind, seq }) => [kind, seq]);

  it("is intact as it was written", async () => {
    assert.deepEqual(await verify(), {
      intact: true,
      records: 20,
      blocks: 3,
      checkpoints: 1,
      pruned: 0,
      faults: [],
      moreFaults: 0,
    });
  });

  it("leaves out what is there, within an append and before it", async () => {
    const { stored, duplicates } = await log.append([record(3), record(30), record(30), record(31)]);
    assert.deepEqual(
      stored.map(({ seq, uid }) => [seq, uid]),
      [
        [20, "u30"],
        [21, "u31"],
      ],
    );
    assert.equal(duplicates, 2);
    assert.ok((await verify()).intact);
  });

  it("takes concurrent appends one after the other", async () => {
    await Promise.all(
      Array.from({ length: 20 }, (_, index) => log.append([record(100 + index), record(100 + (index % 5))])),
    );
    const { intact, records } = await verify();
    assert.deepEqual([intact, records], [true, 40]);
  });

  for (const [what, sql, expected] of [
    ["an altered record", 'UPDATE si_events SET record = \'{"uid":"u5","n":6}\' WHERE seq = 5', [["altered", 5]]],
    ["a record under another uid", "UPDATE si_events SET uid = 'other' WHERE seq = 5", [["altered", 5]]],
    ["a removed record", "DELETE FROM si_events WHERE seq = 12", [["removed", 12]]],
    [
      "two records in each other's place",
      "UPDATE si_events SET record = (SELECT record FROM si_events AS o WHERE o.seq = 7 - si_events.seq), uid = 'x' || uid WHERE seq IN (3, 4)",
      [
        ["altered", 3],
        ["altered", 4],
      ],
    ],
    ["a removed last record", "DELETE FROM si_events WHERE seq = 19", [["removed", 19]]],
    [
      "an added record",
      "INSERT INTO si_events (seq, uid, class_uid, time_ms, severity, record) VALUES (20, 'new', 1, 1, 1, '{}')",
      [["added", 20]],
    ],
  ] as const) {
    it(`names ${what}`, async () => {
      await database.query(sql);
      assert.deepEqual(await faults(), expected);
    });
  }

  it("finds a block that was made to fit an altered record", async () => {
    await database.query(
      "UPDATE si_blocks SET leaves = (SELECT leaves FROM si_blocks AS o WHERE o.number = 2) WHERE number = 1",
    );
    const kinds = (await faults()).map(([kind]) => kind);
    assert.ok(kinds.includes("block") && kinds.includes("checkpoint"), kinds.join());
  });

  it("finds a removed block, a changed link and a cut", async () => {
    await database.query("DELETE FROM si_blocks WHERE number = 1");
    assert.ok((await faults()).some(([kind, seq]) => kind === "block" && seq === 17));
    await database.query("DELETE FROM si_blocks WHERE number >= 1");
    await database.query("DELETE FROM si_events WHERE seq >= 10");
    assert.deepEqual(await faults(), [["truncated", 10]]);
  });

  it("finds a cut of everything since a checkpoint that was kept elsewhere", async () => {
    const kept = (await checkpoints.sign())!;
    await database.query("DELETE FROM si_blocks WHERE number = 2");
    await database.query("DELETE FROM si_events WHERE seq >= 17");
    await database.query("DELETE FROM si_checkpoints WHERE size = 20");
    assert.ok((await verify()).intact, "nothing that is left speaks of it");
    assert.deepEqual(
      (await verifyLog(database, signer, kept)).faults.map(({ kind }) => kind),
      ["truncated"],
    );
  });

  it("finds a checkpoint that nobody signed", async () => {
    await database.query("UPDATE si_checkpoints SET checkpoint = replace(checkpoint, '2026', '2027')");
    assert.deepEqual(await faults(), [["checkpoint", 17]]);
    const other = new Checkpoints(database, log, FileSigner.ephemeral(), clock);
    await other.sign();
    assert.equal((await faults()).length, 2);
  });

  it("forgets by class, says so in the log, and tells that from a removal", async () => {
    await log.append([record(50, { classUid: 3002, time: NOW - 3 * DAY }), record(51, { time: NOW - 3 * DAY })]);
    const retention = new Retention(database, log, clock, {
      classes: new Map([[3002, 2 * 86_400]]),
      otherwise: 30 * 86_400,
    });
    assert.equal(await retention.prune(), 1);
    assert.equal(await retention.prune(), 0);
    const pruned = await verify();
    assert.deepEqual([pruned.intact, pruned.pruned], [true, 1]);
    await database.query("DELETE FROM si_events WHERE uid = 'u51'");
    assert.deepEqual(await faults(), [["removed", 21]]);
  });

  it("signs with a key that only its owner reads, and with the same one next time", async () => {
    const folder = await mkdtemp(join(tmpdir(), "mno-key-"));
    try {
      const file = join(folder, "sub/key.pem");
      const [one, two] = [await FileSigner.open(file), await FileSigner.open(file)];
      assert.equal(one.keyId, two.keyId);
      assert.equal((await stat(file)).mode & 0o777, 0o600);
      const { keyId, signature } = await one.sign(Buffer.from("x"));
      assert.ok(await two.verify(Buffer.from("x"), keyId, signature));
      assert.ok(!(await two.verify(Buffer.from("y"), keyId, signature)));
      assert.ok(!(await signer.verify(Buffer.from("x"), keyId, signature)));
      await assert.rejects(FileSigner.open(__filename), (error: MnoError) => error.code === "MNO_CONFIG_INVALID");
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});

describe("security intelligence: signing by the key service", () => {
  it("signs and verifies there, verifies older signatures with the key file, and fails while nobody answers", async () => {
    const file = FileSigner.ephemeral();
    const asked: { url: string; body: Record<string, unknown> }[] = [];
    const server = createServer((request, response) => {
      let text = "";
      request.on("data", (part: Buffer) => (text += part.toString()));
      request.on("end", () => {
        const body = JSON.parse(text) as Record<string, unknown>;
        asked.push({ url: request.url!, body });
        const signature = Buffer.from(`signed ${String(body.message)}`).toString("base64");
        const answer = request.url!.endsWith("sign") ? { signature } : { valid: body.signature === signature };
        response.end(JSON.stringify({ keyId: "key_1", keyVersion: 3, ...answer }));
      });
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const remote = new ServiceSigner("log", { baseUrl, headers: {} }, file);
    const message = Buffer.from("m");
    const { keyId, signature } = await remote.sign(message);
    assert.equal(keyId, "qc:key_1:3");
    assert.ok(await remote.verify(message, keyId, signature));
    assert.equal(asked[1]?.url, "/quantum-cryptography/v1/keys/key_1/verify");
    assert.equal(asked[1]?.body.version, 3);
    assert.ok(!(await remote.verify(Buffer.from("other"), keyId, signature)));
    const older = await file.sign(message);
    assert.ok(await remote.verify(message, older.keyId, older.signature));
    server.close();
    server.closeAllConnections();
    await once(server, "close");
    await assert.rejects(remote.sign(message), (error: MnoError) => error.code === "MNO_TARGET_UNREACHABLE");
  });
});
