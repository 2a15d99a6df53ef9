import assert from "node:assert/strict";
import type { ManualClock } from "../../../runtime/kernel/clock";
import type { Database } from "../../../runtime/kernel/store/database";
import { openDatabase } from "../../../runtime/kernel/store/open";
import type { Kms } from "../../../runtime/security/quantum-cryptography/kms";
import { code, DAY, emptied, freshKms, log } from "./support";

describe("audit", function () {
  this.timeout(60_000);
  let database: Database;
  let kms: Kms;
  let clock: ManualClock;
  let keyId: string;
  let decisions: string[];

  before(async () => {
    database = await openDatabase("pglite:memory", { log });
  });
  beforeEach(async () => {
    await emptied(database);
    ({ kms, clock } = await freshKms(database));
    keyId = (await kms.keys.create("a", { purpose: "encrypt" })).key.id;
    const done = await Promise.all(
      Array.from({ length: 20 }, () => kms.envelopes.encrypt("a", keyId, Buffer.from("x"), { t: "1" })),
    );
    decisions = done.map(({ decisionId }) => decisionId);
    await kms.batches.sign();
  });
  afterEach(() => kms.close());
  after(() => database.close());

  const faults = async (): Promise<string[]> => (await kms.batches.verify()).faults;

  it("has every operation, refused ones with their reasons, and nothing secret", async () => {
    await assert.rejects(
      kms.signing.sign("mallory", keyId, Buffer.from("x")),
      (error: { extensions: { decisionId: string } }) => {
        decisions.push(error.extensions.decisionId);
        return true;
      },
    );
    await assert.rejects(kms.envelopes.encrypt("mallory", "nothing", Buffer.from("x"), {}), code("MNO_KEY_NOT_FOUND"));
    const [unknown, refused] = await kms.stores.audit.list(2, null, Number.MAX_SAFE_INTEGER);
    assert.deepEqual(
      [refused!.id, refused!.caller, refused!.operation, refused!.outcome, refused!.code],
      [decisions.at(-1), "mallory", "sign", "refused", "MNO_KEY_UNUSABLE"],
    );
    assert.match(refused!.reasons.join(), /needs a key of purpose sign/);
    assert.deepEqual([unknown!.outcome, unknown!.keyId], ["refused", null]);
    const { sequence } = unknown!;
    // The audit's own key, this key, 20 operations and two refusals: without a gap.
    assert.equal(sequence, 24);
  });

  it("proves that a record is in a signed batch; the proof holds for that record only", async () => {
    const { record, ...answer } = await kms.batches.inclusion(decisions[7]!);
    assert.deepEqual([record.operation, record.keyId], ["encrypt", keyId]);
    assert.ok(await kms.batches.verifyProof(answer));
    assert.ok(!(await kms.batches.verifyProof({ ...answer, index: answer.index + 1 })));
    assert.ok(!(await kms.batches.verifyProof({ ...answer, text: answer.text.replace('"done"', '"none"') })));
    assert.ok(!(await kms.batches.verifyProof({ ...answer, statement: { ...answer.statement, size: 9 } })));
    assert.ok(!(await kms.batches.verifyProof({ ...answer, keyId })));
    await kms.envelopes.encrypt("a", keyId, Buffer.from("x"), {});
    const [fresh] = await kms.stores.audit.list(1, null, Number.MAX_SAFE_INTEGER);
    await assert.rejects(kms.batches.inclusion(fresh!.id), /not in a signed batch yet/);
  });

  it("finds an altered, a removed and a renumbered record", async () => {
    assert.deepEqual(await faults(), []);
    await database.query(
      `UPDATE qc_audit_records SET record = replace(record, '"done"', '"failed"') WHERE sequence = 9`,
    );
    assert.match((await faults()).join(), /batch 1: a record of it was altered/);
    await database.query(
      `UPDATE qc_audit_records SET record = replace(record, '"failed"', '"done"') WHERE sequence = 9`,
    );
    assert.deepEqual(await faults(), []);
    await database.query(`DELETE FROM qc_audit_records WHERE sequence = 9`);
    assert.match((await faults()).join(), /batch 1: 1 of its records were removed/);
  });

  it("finds a removed batch, a forged one, and records removed before they were signed", async () => {
    for (let round = 0; round < 2; round += 1) {
      await kms.envelopes.encrypt("a", keyId, Buffer.from("x"), {});
      await kms.batches.sign();
    }
    assert.deepEqual(await faults(), []);
    const [second] = await database.query<{ statement: string }>(
      `SELECT statement FROM qc_audit_batches WHERE number = 2`,
    );
    await database.query(
      `UPDATE qc_audit_batches SET statement = replace(statement, '"size":1', '"size":0') WHERE number = 2`,
    );
    assert.match((await faults()).join(), /batch 2: its signature does not verify/);
    await database.query(`UPDATE qc_audit_batches SET statement = $1 WHERE number = 2`, [second!.statement]);
    await kms.envelopes.encrypt("a", keyId, Buffer.from("x"), {});
    await database.query(`DELETE FROM qc_audit_records WHERE sequence = (SELECT max(sequence) FROM qc_audit_records)`);
    assert.match((await faults()).join(), /1 records after \d+ were removed/);
    await assert.rejects(kms.batches.sign(), /are missing/);
    await database.query(`DELETE FROM qc_audit_batches WHERE number = 2`);
    assert.match((await faults()).join(), /batch 3: does not follow the one before/);
  });

  it("goes on verifying after the signing key was rotated, and after old records were forgotten", async () => {
    await clock.advance(31 * DAY);
    await kms.envelopes.encrypt("a", keyId, Buffer.from("x"), {});
    await kms.batches.sign();
    await kms.batches.prune();
    assert.deepEqual(await faults(), []);
    await assert.rejects(kms.batches.inclusion(decisions[0]!), code("MNO_AUDIT_RECORD_NOT_FOUND"));
    await clock.advance(60 * DAY);
    assert.deepEqual(await kms.keys.maintain(), []);
    assert.equal((await kms.stores.keys.find("mno/audit"))!.currentVersion, 2);
    await kms.batches.sign();
    assert.deepEqual(await faults(), []);
  });

  it("an operation that cannot be recorded fails", async () => {
    kms.stores.audit.append = () => Promise.reject(new Error("the disk is full"));
    await assert.rejects(kms.envelopes.encrypt("a", keyId, Buffer.from("x"), {}), /disk is full/);
  });

  it("its key signs for nobody else", async () => {
    await assert.rejects(kms.signing.sign("a", "mno/audit", Buffer.from("x")), code("MNO_KEY_ACCESS_DENIED"));
    await assert.rejects(kms.keys.changeState("", "mno/audit", "disable"), code("MNO_KEY_ACCESS_DENIED"));
  });
});
