import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { kemOf } from "../../../runtime/kernel/crypto/crypto";
import { contextHash } from "../../../runtime/kernel/crypto/context";
import {
  LARGEST_PLAINTEXT,
  openEnvelope,
  parseEnvelope,
  sealEnvelope,
  withWrappedKey,
} from "../../../runtime/kernel/crypto/envelope";
import { Hpke } from "../../../runtime/kernel/crypto/hpke";
import { publicJwk, signJws, verifyJws } from "../../../runtime/kernel/crypto/jose";
import { signatureOf } from "../../../runtime/kernel/crypto/crypto";
import { SecretCache } from "../../../runtime/kernel/crypto/secret-cache";
import { KeyEncryptionRoot, parseWrappedKey } from "../../../runtime/kernel/crypto/wrapped-key";
import { code } from "../quantum-cryptography/support";

const CONTEXT = { tenant: "acme", table: "cards" };

function rootsOf(
  suite: string,
  kid = "key-1",
  keyVersion = 1,
): { sender: KeyEncryptionRoot; recipient: KeyEncryptionRoot } {
  const kem = kemOf(suite);
  const key = kem.decapsulationKey(kem.generate());
  const { ciphertext, sharedSecret } = kem.encapsulationKey(key.publicKey).encapsulate();
  const header = { suite, kid, keyVersion, kemCiphertext: ciphertext };
  const other = key.decapsulate(ciphertext);
  return { sender: KeyEncryptionRoot.derive(header, sharedSecret), recipient: KeyEncryptionRoot.derive(header, other) };
}

describe("envelope, version 1", () => {
  for (const suite of ["X-Wing", "ML-KEM-768", "ML-KEM-1024"]) {
    it(`under ${suite}: opens with the right key and context only`, () => {
      const { sender, recipient } = rootsOf(suite);
      const dataKey = randomBytes(32);
      const wrapped = sender.wrap(dataKey, CONTEXT);
      const parsed = parseWrappedKey(wrapped);
      assert.deepEqual([parsed.suite, parsed.kid, parsed.keyVersion], [suite, "key-1", 1]);
      assert.deepEqual(Buffer.from(recipient.unwrap(parsed, CONTEXT)), dataKey);
      assert.throws(() => recipient.unwrap(parsed, { ...CONTEXT, tenant: "other" }), code("MNO_CRYPTO_OPEN_FAILED"));
      assert.throws(() => rootsOf(suite).recipient.unwrap(parsed, CONTEXT), code("MNO_CRYPTO_OPEN_FAILED"));

      const envelope = parseEnvelope(sealEnvelope(dataKey, wrapped, Buffer.from("secret"), CONTEXT));
      assert.equal(openEnvelope(envelope, dataKey, CONTEXT).toString(), "secret");
      assert.throws(() => openEnvelope(envelope, dataKey, {}), code("MNO_CRYPTO_OPEN_FAILED"));
      assert.throws(() => openEnvelope(envelope, randomBytes(32), CONTEXT), code("MNO_CRYPTO_OPEN_FAILED"));
    });
  }

  it("keeps its data when its data key is wrapped anew", () => {
    const [first, second] = [rootsOf("ML-KEM-768"), rootsOf("X-Wing", "key-1", 2)];
    const dataKey = randomBytes(32);
    const old = sealEnvelope(dataKey, first.sender.wrap(dataKey, CONTEXT), Buffer.from("data"), CONTEXT);
    const moved = parseEnvelope(withWrappedKey(parseEnvelope(old), second.sender.wrap(dataKey, CONTEXT)));
    assert.equal(moved.header.suite, "X-Wing");
    const again = second.recipient.unwrap(parseWrappedKey(moved.wrappedKey), CONTEXT);
    assert.equal(openEnvelope(moved, again, CONTEXT).toString(), "data");
  });

  it("never gives the same bytes twice, and the empty message is one", () => {
    const { sender } = rootsOf("X-Wing");
    const dataKey = randomBytes(32);
    assert.notDeepEqual(sender.wrap(dataKey, {}), sender.wrap(dataKey, {}));
    const wrapped = sender.wrap(dataKey, {});
    const [one, two] = [1, 2].map(() => sealEnvelope(dataKey, wrapped, Buffer.alloc(0), {}));
    assert.notDeepEqual(one, two);
    assert.equal(openEnvelope(parseEnvelope(one!), dataKey, {}).length, 0);
  });

  it("has a size limit, and a context that is unambiguous", () => {
    const large = { length: LARGEST_PLAINTEXT + 1 } as Uint8Array;
    assert.throws(() => sealEnvelope(randomBytes(32), Buffer.alloc(1), large, {}), /split the data/);
    assert.deepEqual(contextHash({ a: "1", b: "2" }), contextHash({ b: "2", a: "1" }));
    assert.notDeepEqual(contextHash({ a: "1b", c: "" }), contextHash({ a: "1", bc: "" }));
    assert.throws(() => contextHash({ a: "x".repeat(9000) }), code("MNO_CRYPTO_INPUT_INVALID"));
  });
});

describe("HPKE with our KEMs", () => {
  for (const suite of ["X-Wing", "ML-KEM-768", "ML-KEM-1024"]) {
    it(`${suite}: opens for the recipient, the info and the associated data only`, async () => {
      const kem = kemOf(suite);
      const key = kem.decapsulationKey(kem.generate());
      const hpke = new Hpke(suite);
      const [info, associated] = [Buffer.from("info"), Buffer.from("associated")];
      const sealed = await hpke.seal(key.publicKey, Buffer.from("secret"), info, associated);
      assert.equal((await hpke.open(key, sealed, info, associated)).toString(), "secret");
      await assert.rejects(hpke.open(key, sealed, associated, associated), code("MNO_CRYPTO_OPEN_FAILED"));
      await assert.rejects(hpke.open(key, sealed, info, info), code("MNO_CRYPTO_OPEN_FAILED"));
      await assert.rejects(
        hpke.open(kem.decapsulationKey(kem.generate()), sealed, info, associated),
        code("MNO_CRYPTO_OPEN_FAILED"),
      );
      await assert.rejects(hpke.open(key, sealed.subarray(0, 10), info, associated), code("MNO_CRYPTO_OPEN_FAILED"));
    });
  }
});

describe("JOSE", () => {
  for (const suite of ["ML-DSA-44", "ML-DSA-65", "ML-DSA-87", "Ed25519"]) {
    it(`${suite}: a JWS verifies under the JWK, and under no other`, async () => {
      const scheme = signatureOf(suite);
      const seed = randomBytes(32);
      const { publicKey } = scheme.signingKey({ seed });
      const token = await signJws(suite, seed, publicKey, "k1", Buffer.from("payload"));
      const jwk = publicJwk(suite, publicKey, "k1");
      assert.equal(jwk.kty, suite === "Ed25519" ? "OKP" : "AKP");
      assert.equal(Buffer.from(await verifyJws(jwk, token)).toString(), "payload");
      const stranger = publicJwk(suite, scheme.signingKey({ seed: randomBytes(32) }).publicKey, "k1");
      await assert.rejects(verifyJws(stranger, token), code("MNO_CRYPTO_OPEN_FAILED"));
      await assert.rejects(verifyJws(jwk, `${token.slice(0, -4)}AAAA`), code("MNO_CRYPTO_OPEN_FAILED"));
    });
  }

  it("does not let the token choose the algorithm", async () => {
    const none = `${Buffer.from('{"alg":"none"}').toString("base64url")}.eA.`;
    const jwk = publicJwk("ML-DSA-65", signatureOf("ML-DSA-65").signingKey({ seed: randomBytes(32) }).publicKey, "k");
    await assert.rejects(verifyJws(jwk, none), code("MNO_CRYPTO_OPEN_FAILED"));
    assert.throws(() => publicJwk("SLH-DSA-SHA2-128s", Buffer.alloc(32), "k"), code("MNO_CRYPTO_UNSUPPORTED"));
  });
});

describe("SecretCache", () => {
  it("wipes what is too old, too much, replaced or removed", () => {
    let now = 0;
    const cache = new SecretCache<{ wipe(): void }>({ entries: 2, seconds: 10 }, { now: () => now });
    const wiped: string[] = [];
    const put = (key: string): void => cache.set(key, { wipe: () => void wiped.push(key) });
    put("a");
    put("b");
    cache.get("a");
    put("c");
    assert.deepEqual(wiped, ["b"]);
    now = 10_000;
    assert.equal(cache.get("a"), undefined);
    cache.sweep();
    assert.deepEqual(wiped, ["b", "a", "c"]);
    put("d");
    cache.clear();
    assert.equal(cache.size, 0);
    assert.deepEqual(wiped, ["b", "a", "c", "d"]);
  });
});
