import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import type { ManualClock } from "../../../runtime/kernel/clock";
import { kemOf } from "../../../runtime/kernel/crypto/crypto";
import type { Database } from "../../../runtime/kernel/store/database";
import { openDatabase } from "../../../runtime/kernel/store/open";
import type { Kms } from "../../../runtime/security/quantum-cryptography/kms";
import type { CryptoPolicy } from "../../../runtime/security/quantum-cryptography/policy";
import { code, DAY, emptied, freshKms, log, POLICY, rootKey } from "./support";

const CONTEXT = { tenant: "acme" };
const PLAIN = Buffer.from("the secret");

describe("key-management service", function () {
  this.timeout(60_000);
  let database: Database;
  let kms: Kms;
  let clock: ManualClock;

  before(async () => {
    database = await openDatabase("pglite:memory", { log });
  });
  beforeEach(async () => {
    await emptied(database);
    ({ kms, clock } = await freshKms(database));
  });
  afterEach(() => kms.close());
  after(() => database.close());

  const made = async (spec: Partial<Parameters<Kms["keys"]["create"]>[1]> = {}): Promise<string> =>
    (await kms.keys.create("alice", { purpose: "encrypt", ...spec })).key.id;
  const lastEvents = async (): Promise<string[]> =>
    (
      await database.query<{ operation: string }>(
        `SELECT event #>> '{data,api,operation}' AS operation FROM outbox ORDER BY id`,
      )
    ).map(({ operation }) => operation);

  describe("keys", () => {
    it("encrypts, decrypts, and tells which key and version it was", async () => {
      for (const suite of ["X-Wing", "ML-KEM-768", "ML-KEM-1024", "MLKEM768-P256", "MLKEM1024-P384"]) {
        const id = await made({ suite });
        const { envelope, keyVersion } = await kms.envelopes.encrypt("alice", id, PLAIN, CONTEXT);
        const opened = await kms.envelopes.decrypt("bob", envelope, CONTEXT);
        assert.equal(opened.plaintext.toString(), "the secret");
        assert.deepEqual([opened.keyId, opened.keyVersion, opened.suite, keyVersion], [id, 1, suite, 1]);
        await assert.rejects(
          kms.envelopes.decrypt("bob", envelope, { tenant: "other" }),
          code("MNO_CRYPTO_OPEN_FAILED"),
        );
      }
    });

    it("goes by alias, which one key has at a time", async () => {
      const id = await made({ alias: "cards" });
      assert.equal((await kms.envelopes.encrypt("a", "cards", PLAIN, {})).keyId, id);
      await assert.rejects(made({ alias: "cards" }), code("MNO_KEY_CONFLICT"));
      const other = await made();
      await assert.rejects(kms.keys.update("a", other, { alias: "cards" }), code("MNO_KEY_CONFLICT"));
      await kms.keys.update("a", id, { alias: null });
      await kms.keys.update("a", other, { alias: "cards" });
      assert.equal((await kms.envelopes.encrypt("a", "cards", PLAIN, {})).keyId, other);
    });

    it("rotates: new data under the new version, old data still opens; another suite where one is named", async () => {
      const id = await made({ suite: "ML-KEM-768" });
      const old = (await kms.envelopes.encrypt("a", id, PLAIN, CONTEXT)).envelope;
      const { key } = await kms.keys.rotate("a", id, "X-Wing");
      assert.deepEqual([key.currentVersion, key.suite], [2, "X-Wing"]);
      const fresh = await kms.envelopes.encrypt("a", id, PLAIN, CONTEXT);
      assert.deepEqual([fresh.keyVersion, fresh.suite], [2, "X-Wing"]);
      assert.equal((await kms.envelopes.decrypt("a", old, CONTEXT)).keyVersion, 1);
      const { rewrapped } = await kms.envelopes.rewrap("a", old, CONTEXT);
      const moved = await kms.envelopes.decrypt("a", rewrapped, CONTEXT);
      assert.deepEqual([moved.keyVersion, moved.plaintext.toString()], [2, "the secret"]);
      const elsewhere = await made({ suite: "ML-KEM-1024" });
      assert.equal((await kms.envelopes.rewrap("a", old, CONTEXT, elsewhere)).keyId, elsewhere);
    });

    it("rotates by itself when its period is over", async () => {
      const id = await made({ rotationDays: 30 });
      await clock.advance(29 * DAY);
      assert.deepEqual(await kms.keys.maintain(), []);
      assert.equal((await kms.stores.keys.find(id))!.currentVersion, 1);
      await clock.advance(DAY);
      await kms.keys.maintain();
      assert.equal((await kms.stores.keys.find(id))!.currentVersion, 2);
    });

    it("does nothing while disabled, and everything again when enabled", async () => {
      const id = await made();
      const { envelope } = await kms.envelopes.encrypt("a", id, PLAIN, {});
      await kms.keys.changeState("a", id, "disable");
      await assert.rejects(kms.envelopes.encrypt("a", id, PLAIN, {}), code("MNO_KEY_UNUSABLE"));
      await assert.rejects(kms.envelopes.decrypt("a", envelope, {}), code("MNO_KEY_UNUSABLE"));
      await assert.rejects(kms.keys.rotate("a", id), code("MNO_KEY_CONFLICT"));
      await assert.rejects(kms.keys.changeState("a", id, "disable"), code("MNO_KEY_CONFLICT"));
      await kms.keys.changeState("a", id, "enable");
      assert.equal((await kms.envelopes.decrypt("a", envelope, {})).plaintext.toString(), "the secret");
    });

    it("is destroyed after the waiting period, and not when that was cancelled", async () => {
      const [doomed, spared] = [await made(), await made()];
      const { envelope } = await kms.envelopes.encrypt("a", doomed, PLAIN, {});
      await assert.rejects(kms.keys.scheduleDestruction("a", doomed, 3), /waits 7 days/);
      for (const id of [doomed, spared]) await kms.keys.scheduleDestruction("a", id);
      await assert.rejects(kms.envelopes.decrypt("a", envelope, {}), code("MNO_KEY_UNUSABLE"));
      await clock.advance(6 * DAY);
      await kms.keys.maintain();
      await kms.keys.changeState("a", spared, "cancel-destruction");
      assert.equal((await kms.stores.keys.find(spared))!.state, "disabled");
      await clock.advance(DAY);
      await kms.keys.maintain();
      assert.equal((await kms.stores.keys.find(doomed))!.state, "destroyed");
      assert.equal((await kms.stores.keys.version(doomed, 1))!.sealed, null);
      await assert.rejects(kms.keys.changeState("a", doomed, "enable"), code("MNO_KEY_CONFLICT"));
      assert.deepEqual((await lastEvents()).slice(-3), [
        "schedule-key-destruction",
        "cancel-key-destruction",
        "destroy-key",
      ]);
    });

    it("imports seeds, expanded keys and MAC keys, and refuses what is none", async () => {
      const kem = kemOf("ML-KEM-768");
      const seed = randomBytes(64);
      const { publicKey } = kem.decapsulationKey({ seed });
      const expanded = Buffer.from(kem.decapsulationKey({ seed }).expanded());
      const ids = [
        await made({ suite: "ML-KEM-768", material: { seed: Buffer.from(seed) } }),
        await made({ suite: "ML-KEM-768", material: { expanded } }),
      ];
      for (const id of ids) {
        assert.deepEqual(Buffer.from((await kms.stores.keys.version(id, 1))!.publicKey!), Buffer.from(publicKey));
        const { envelope } = await kms.envelopes.encrypt("a", id, PLAIN, {});
        assert.equal((await kms.envelopes.decrypt("a", envelope, {})).plaintext.toString(), "the secret");
      }
      assert.deepEqual(expanded, Buffer.alloc(2400), "the material is wiped");
      await made({ purpose: "mac", material: { seed: randomBytes(32) } });
      await assert.rejects(
        made({ purpose: "mac", material: { seed: randomBytes(16) } }),
        code("MNO_CRYPTO_INPUT_INVALID"),
      );
      await assert.rejects(made({ material: { seed: randomBytes(31) } }), code("MNO_CRYPTO_INPUT_INVALID"));
    });

    it("keeps nothing in the clear in the database, and opens with no other root key", async () => {
      const seed = randomBytes(32);
      await made({ material: { seed: Buffer.from(seed) } });
      const rows = await database.query<{ sealed: Uint8Array }>(`SELECT sealed FROM qc_key_versions`);
      for (const { sealed } of rows) assert.ok(!Buffer.from(sealed).includes(seed));
      await assert.rejects(
        freshKms(database, { root: rootKey(randomBytes(32), "another") }),
        code("MNO_ROOT_KEY_INVALID"),
      );
      await assert.rejects(freshKms(database), code("MNO_CRYPTO_OPEN_FAILED"));
    });

    it("of a sealed private key, put into another key's row, makes nothing", async () => {
      const [one, other] = [await made(), await made()];
      const { envelope } = await kms.envelopes.encrypt("a", other, PLAIN, {});
      await database.query(
        `UPDATE qc_key_versions SET sealed = (SELECT sealed FROM qc_key_versions WHERE key_id = $1) WHERE key_id = $2`,
        [one, other],
      );
      await clock.advance(301_000);
      await assert.rejects(kms.envelopes.decrypt("a", envelope, {}), code("MNO_CRYPTO_OPEN_FAILED"));
    });
  });

  it("seals to, and believes, no public key that was put into the database", async () => {
    for (const purpose of ["encrypt", "seal", "sign"] as const) {
      const [own, attacker] = [await made({ purpose }), await made({ purpose })];
      await database.query(
        `UPDATE qc_key_versions SET public_key = (SELECT public_key FROM qc_key_versions WHERE key_id = $1) WHERE key_id = $2`,
        [attacker, own],
      );
      if (purpose === "encrypt") {
        const { envelope } = await kms.envelopes.encrypt("a", own, PLAIN, {});
        assert.equal((await kms.envelopes.decrypt("a", envelope, {})).plaintext.toString(), "the secret");
      } else if (purpose === "seal") {
        const { sealed } = await kms.signing.seal("a", own, PLAIN, {});
        assert.equal((await kms.signing.open("a", own, sealed, {})).plaintext.toString(), "the secret");
      } else {
        const { signature } = await kms.signing.sign("a", attacker, PLAIN);
        assert.ok(!(await kms.signing.verify("a", own, PLAIN, signature, {})).valid);
      }
    }
  });

  describe("signatures, MACs and seals", () => {
    it("sign and verify, with earlier versions too", async () => {
      for (const suite of ["ML-DSA-65", "ML-DSA-87", "Ed25519+ML-DSA-65", "SLH-DSA-SHA2-192f"]) {
        const id = await made({ purpose: "sign", suite });
        const { signature } = await kms.signing.sign("a", id, PLAIN, Buffer.from("context"));
        const context = Buffer.from("context");
        assert.ok((await kms.signing.verify("a", id, PLAIN, signature, { context })).valid);
        assert.ok(!(await kms.signing.verify("a", id, Buffer.from("other"), signature, { context })).valid);
        assert.ok(!(await kms.signing.verify("a", id, PLAIN, signature, {})).valid);
        await kms.keys.rotate("a", id);
        assert.ok(!(await kms.signing.verify("a", id, PLAIN, signature, { context })).valid);
        assert.ok((await kms.signing.verify("a", id, PLAIN, signature, { context, version: 1 })).valid);
      }
    });

    it("publishes the versions that JOSE names as JWKS", async () => {
      const id = await made({ purpose: "sign" });
      await kms.keys.rotate("a", id, "ML-DSA-87");
      await made({ purpose: "sign", suite: "SLH-DSA-SHAKE-192f" });
      const { keys } = (await kms.signing.jwks()) as { keys: { kid: string; kty: string; alg: string }[] };
      const own = keys.filter(({ kid }) => kid.startsWith(id));
      assert.deepEqual(
        own.map(({ kid, kty, alg }) => [kid, kty, alg]),
        [
          [`${id}.1`, "AKP", "ML-DSA-65"],
          [`${id}.2`, "AKP", "ML-DSA-87"],
        ],
      );
    });

    it("MACs and seals need the same key, version and context", async () => {
      const mac = await made({ purpose: "mac" });
      const { tag } = await kms.signing.mac("a", mac, PLAIN);
      assert.ok((await kms.signing.verifyMac("a", mac, PLAIN, tag)).valid);
      assert.ok(!(await kms.signing.verifyMac("a", mac, PLAIN, tag.subarray(1))).valid);
      const seal = await made({ purpose: "seal" });
      const { sealed } = await kms.signing.seal("a", seal, PLAIN, CONTEXT);
      await kms.keys.rotate("a", seal);
      assert.equal((await kms.signing.open("a", seal, sealed, CONTEXT, 1)).plaintext.toString(), "the secret");
      await assert.rejects(kms.signing.open("a", seal, sealed, CONTEXT), code("MNO_CRYPTO_OPEN_FAILED"));
      await assert.rejects(kms.signing.open("a", seal, sealed, {}, 1), code("MNO_CRYPTO_OPEN_FAILED"));
    });

    it("a key is for its purpose only", async () => {
      const [encrypt, sign] = [await made(), await made({ purpose: "sign" })];
      await assert.rejects(kms.signing.sign("a", encrypt, PLAIN), code("MNO_KEY_UNUSABLE"));
      await assert.rejects(kms.envelopes.encrypt("a", sign, PLAIN, {}), code("MNO_KEY_UNUSABLE"));
      await assert.rejects(made({ purpose: "sign", suite: "X-Wing" }), code("MNO_REQUEST_INVALID"));
    });
  });

  describe("policy and grants", () => {
    it("refuses suites that are too weak, not allowed, unknown or past their sunset, and says why", async () => {
      await assert.rejects(made({ suite: "ML-KEM-512" }), /category 1; the least is category 3/);
      await assert.rejects(made({ purpose: "sign", suite: "Ed25519" }), /broken by a quantum computer/);
      await assert.rejects(made({ suite: "KitchenSink-ML-KEM-768-X25519" }), /forbidden from 2025-01-01/);
      await assert.rejects(made({ suite: "ROT13" }), code("MNO_REQUEST_INVALID"));
    });

    it("retires a suite at its sunset: keys rotate to the successor, envelopes follow, old data opens", async () => {
      const id = await made({ suite: "ML-KEM-768" });
      const { envelope } = await kms.envelopes.encrypt("a", id, PLAIN, {});
      const registered = await kms.envelopes.generateDataKey("a", id, {}, true);
      await kms.close();
      const policy: CryptoPolicy = { ...POLICY, sunsets: new Map([["ML-KEM-768", { forbiddenFrom: "2026-12-01" }]]) };
      const root = rootKey(Buffer.alloc(32));
      await emptied(database);
      ({ kms, clock } = await freshKms(database, { policy, root }));
      assert.ok(envelope.length > 0 && registered.envelopeId !== null);
      const retiring = await made({ suite: "ML-KEM-768" });
      const old = (await kms.envelopes.encrypt("a", retiring, PLAIN, {})).envelope;
      const { envelopeId } = await kms.envelopes.generateDataKey("a", retiring, {}, true);
      await clock.advance(10 * DAY);
      await assert.rejects(kms.envelopes.encrypt("a", retiring, PLAIN, {}), code("MNO_CRYPTO_POLICY_REFUSED"));
      assert.equal((await kms.envelopes.decrypt("a", old, {})).plaintext.toString(), "the secret");
      assert.deepEqual(await kms.keys.maintain(), []);
      while (await kms.rewrapper.step());
      assert.equal((await kms.stores.keys.find(retiring))!.suite, "X-Wing");
      assert.equal((await kms.envelopes.openRegistered("a", envelopeId!)).suite, "X-Wing");
      assert.equal((await kms.envelopes.decrypt("a", old, {})).suite, "ML-KEM-768");
    });

    it("lets a caller do what it is granted, by name, and tells others nothing more", async () => {
      const grants = [{ caller: "payments", operations: ["encrypt" as const] }];
      const id = await made({ grants });
      const { envelope } = await kms.envelopes.encrypt("payments", id, PLAIN, {});
      await assert.rejects(kms.envelopes.decrypt("payments", envelope, {}), code("MNO_KEY_ACCESS_DENIED"));
      await assert.rejects(kms.envelopes.encrypt("", id, PLAIN, {}), code("MNO_KEY_ACCESS_DENIED"));
      await assert.rejects(kms.keys.rotate("payments", id), code("MNO_KEY_ACCESS_DENIED"));
      await assert.rejects(kms.envelopes.rewrap("payments", envelope, {}), code("MNO_KEY_ACCESS_DENIED"));
      const mine = await made({ grants: [{ caller: "payments", operations: ["rewrap", "decrypt"] }] });
      await assert.rejects(kms.envelopes.rewrap("payments", envelope, {}, mine), code("MNO_KEY_ACCESS_DENIED"));
    });

    it("does not exceed the number of keys", async () => {
      await kms.close();
      await emptied(database);
      ({ kms, clock } = await freshKms(database, { maximumKeys: 2 }));
      await made();
      await assert.rejects(made(), /as many as MNO_QC_MAXIMUM_KEYS allows/);
    });
  });
});
