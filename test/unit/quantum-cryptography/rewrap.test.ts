import assert from "node:assert/strict";
import type { Database } from "../../../runtime/kernel/store/database";
import { openDatabase } from "../../../runtime/kernel/store/open";
import type { Kms } from "../../../runtime/security/quantum-cryptography/kms";
import { code, emptied, freshKms, log, rootKey } from "./support";

describe("wrapping registered envelopes anew", function () {
  this.timeout(60_000);
  const root = rootKey();
  let database: Database;
  let kms: Kms;
  let keyId: string;
  let dataKeys: Map<string, string>;

  before(async () => {
    database = await openDatabase("pglite:memory", { log });
  });
  beforeEach(async () => {
    await emptied(database);
    ({ kms } = await freshKms(database, { root }));
    keyId = (await kms.keys.create("a", { purpose: "encrypt" })).key.id;
    dataKeys = new Map();
    const made = await Promise.all(
      Array.from({ length: 130 }, (_, index) =>
        kms.envelopes.generateDataKey("a", keyId, { row: String(index) }, true),
      ),
    );
    for (const { envelopeId, plaintext } of made) dataKeys.set(envelopeId!, plaintext.toString("hex"));
  });
  afterEach(() => kms.close());
  after(() => database.close());

  const allOpen = async (): Promise<Set<number>> => {
    const versions = new Set<number>();
    for (const [id, dataKey] of dataKeys) {
      const { plaintext, keyVersion } = await kms.envelopes.openRegistered("a", id);
      assert.equal(plaintext.toString("hex"), dataKey);
      versions.add(keyVersion);
    }
    return versions;
  };

  it("takes all of them along, while both versions open, and the old one can be destroyed then only", async () => {
    await kms.keys.rotate("a", keyId);
    await assert.rejects(kms.keys.destroyVersion("a", keyId, 1), /130 registered envelopes still need version 1/);
    await kms.rewrapper.step();
    const [half] = await kms.stores.envelopes.jobs(1);
    assert.deepEqual([half!.total, half!.done, half!.finishedAt], [130, 40, null]);
    assert.deepEqual(await allOpen(), new Set([1, 2]));
    while (await kms.rewrapper.step());
    assert.deepEqual(await allOpen(), new Set([2]));
    const [whole] = await kms.stores.envelopes.jobs(1);
    assert.deepEqual([whole!.done, whole!.failed], [130, 0]);
    assert.notEqual(whole!.finishedAt, null);
    await kms.keys.destroyVersion("a", keyId, 1);
    assert.equal((await kms.stores.keys.version(keyId, 1))!.sealed, null);
    assert.deepEqual(await allOpen(), new Set([2]));
    await assert.rejects(kms.keys.destroyVersion("a", keyId, 2), code("MNO_KEY_CONFLICT"));
  });

  it("goes on after a crash where the last transaction ended", async () => {
    await kms.keys.rotate("a", keyId);
    await kms.rewrapper.step();
    const exchange = kms.stores.envelopes.exchange.bind(kms.stores.envelopes);
    kms.stores.envelopes.exchange = async (...given) => {
      await exchange(...given);
      throw new Error("the process dies before its transaction ends");
    };
    await assert.rejects(kms.rewrapper.step(), /dies/);
    await kms.close();
    ({ kms } = await freshKms(database, { root }));
    const [job] = await kms.stores.envelopes.jobs(1);
    assert.equal(job!.done, 40);
    while (await kms.rewrapper.step());
    assert.equal((await kms.stores.envelopes.jobs(1))[0]!.done, 130);
    assert.deepEqual(await allOpen(), new Set([2]));
  });

  it("begins anew for a rotation under way, and for an old envelope that is registered late", async () => {
    const late = await kms.envelopes.generateDataKey("a", keyId, {});
    await kms.keys.rotate("a", keyId);
    await kms.rewrapper.step();
    await kms.keys.rotate("a", keyId);
    while (await kms.rewrapper.step());
    assert.deepEqual(await allOpen(), new Set([3]));
    const { envelopeId } = await kms.envelopes.registerEnvelope("a", late.wrappedKey, {});
    while (await kms.rewrapper.step());
    assert.equal((await kms.envelopes.openRegistered("a", envelopeId)).keyVersion, 3);
    await kms.keys.destroyVersion("a", keyId, 1);
    await assert.rejects(kms.envelopes.registerEnvelope("a", late.wrappedKey, {}), code("MNO_KEY_UNUSABLE"));
  });

  it("counts what cannot be opened, leaves it, and keeps its version", async () => {
    const [id] = [...dataKeys.keys()];
    await database.query(`UPDATE qc_envelopes SET context = '{"row":"forged"}' WHERE id = $1`, [id]);
    await kms.keys.rotate("a", keyId);
    while (await kms.rewrapper.step());
    const [job] = await kms.stores.envelopes.jobs(1);
    assert.deepEqual([job!.done, job!.failed], [129, 1]);
    await assert.rejects(kms.keys.destroyVersion("a", keyId, 1), /1 registered envelopes still need/);
    await assert.rejects(kms.keys.scheduleDestruction("a", keyId), code("MNO_KEY_CONFLICT"));
    await kms.envelopes.forgetRegistered("a", id!);
    await kms.keys.destroyVersion("a", keyId, 1);
  });
});
