import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { kemOf, signatureOf } from "../../../runtime/kernel/crypto/crypto";
import { NATIVE } from "../../../runtime/kernel/crypto/native/provider";
import { NOBLE } from "../../../runtime/kernel/crypto/noble/provider";
import { type Suite, SUITES, statusAt, suiteByCode } from "../../../runtime/kernel/crypto/suite";
import { code } from "../quantum-cryptography/support";

const suitesOf = (kind: Suite["kind"]): string[] => SUITES.filter((suite) => suite.kind === kind).map(({ id }) => id);
const SHARED_KEMS = suitesOf("kem").filter((suite) => NATIVE.kem(suite) !== undefined);
const QUICK_SIGNATURES = suitesOf("signature").filter((suite) => !suite.startsWith("SLH") || suite.endsWith("128f"));

describe("the two implementations of cryptography", () => {
  for (const suite of SHARED_KEMS) {
    it(`${suite}: the same keys, and each opens what the other encapsulated`, () => {
      const [native, noble] = [NATIVE.kem(suite)!, NOBLE.kem(suite)!];
      for (let round = 0; round < 8; round += 1) {
        const seed = randomBytes(native.sizes.seed);
        const [one, other] = [native.decapsulationKey({ seed }), noble.decapsulationKey({ seed })];
        assert.deepEqual(Buffer.from(one.publicKey), Buffer.from(other.publicKey));
        for (const [from, to] of [
          [native, other],
          [noble, one],
        ] as const) {
          const { ciphertext, sharedSecret } = from.encapsulationKey(one.publicKey).encapsulate();
          assert.deepEqual(Buffer.from(to.decapsulate(ciphertext)), Buffer.from(sharedSecret));
        }
      }
    });
  }

  it("the hybrids encapsulate with given randomness byte for byte like @noble's", () => {
    for (const [suite, size] of [
      ["X-Wing", 64],
      ["MLKEM768-P256", 160],
      ["MLKEM1024-P384", 80],
    ] as const) {
      const seed = randomBytes(32);
      const randomness = randomBytes(size);
      const publicKey = NOBLE.kem(suite)!.decapsulationKey({ seed }).publicKey;
      const [one, other] = [NATIVE, NOBLE].map((each) =>
        each.kem(suite)!.encapsulationKey(publicKey).encapsulate(randomness),
      );
      assert.deepEqual(Buffer.from(one!.ciphertext), Buffer.from(other!.ciphertext));
      assert.deepEqual(Buffer.from(one!.sharedSecret), Buffer.from(other!.sharedSecret));
    }
  });

  for (const suite of QUICK_SIGNATURES) {
    it(`${suite}: each verifies the other's signatures, and nothing else`, () => {
      const [native, noble] = [NATIVE.signature(suite)!, NOBLE.signature(suite)!];
      const material = native.generate();
      const keys = [native.signingKey(material), noble.signingKey(material)];
      assert.deepEqual(Buffer.from(keys[0]!.publicKey), Buffer.from(keys[1]!.publicKey));
      const message = randomBytes(100);
      const context = suite === "Ed25519" ? {} : { context: Buffer.from("a context") };
      for (const key of keys) {
        const signature = Buffer.from(key.sign(message, context));
        for (const scheme of [native, noble]) {
          const verifier = scheme.verifyingKey(key.publicKey);
          assert.ok(verifier.verify(message, signature, context));
          assert.ok(!verifier.verify(randomBytes(100), signature, context));
          assert.ok(!verifier.verify(message, signature.subarray(1), context));
          const altered = Buffer.from(signature);
          altered[altered.length - 1]! ^= 1;
          assert.ok(!verifier.verify(message, altered, context));
          if (suite !== "Ed25519") assert.ok(!verifier.verify(message, signature));
        }
      }
    }).timeout(20_000);
  }

  it("a composite signature needs both halves", () => {
    const scheme = signatureOf("Ed25519+ML-DSA-65");
    const key = scheme.signingKey(scheme.generate());
    const verifier = scheme.verifyingKey(key.publicKey);
    const message = Buffer.from("message");
    for (const position of [0, 3308, 3309, 3372]) {
      const signature = Buffer.from(key.sign(message));
      signature[position]! ^= 1;
      assert.ok(!verifier.verify(message, signature), `byte ${position}`);
    }
  });

  it("take expanded keys, refuse what is none, and say nothing of the bytes", () => {
    for (const provider of [NATIVE, NOBLE]) {
      const kem = provider.kem("ML-KEM-768")!;
      const expanded = Buffer.from(kem.decapsulationKey({ seed: Buffer.alloc(64, 7) }).expanded());
      assert.equal(expanded.length, 2400);
      const { ciphertext, sharedSecret } = kem
        .encapsulationKey(kem.decapsulationKey({ expanded }).publicKey)
        .encapsulate();
      assert.deepEqual(
        Buffer.from(kem.decapsulationKey({ expanded }).decapsulate(ciphertext)),
        Buffer.from(sharedSecret),
      );
      expanded[2350]! ^= 1;
      assert.throws(() => kem.decapsulationKey({ expanded }), code("MNO_CRYPTO_INPUT_INVALID"));
      assert.throws(() => kem.encapsulationKey(Buffer.alloc(1184, 0xff)), code("MNO_CRYPTO_INPUT_INVALID"));
      assert.throws(
        () => kem.decapsulationKey({ seed: Buffer.alloc(64) }).decapsulate(Buffer.alloc(5)),
        /1088 bytes, not 5/,
      );
      assert.throws(() => provider.x25519(Buffer.alloc(32, 1), Buffer.alloc(32)), code("MNO_CRYPTO_INPUT_INVALID"));
    }
  });

  it("a destroyed key does nothing any more", () => {
    for (const provider of [NATIVE, NOBLE]) {
      for (const suite of ["ML-KEM-768", "X-Wing"]) {
        const kem = provider.kem(suite)!;
        const key = kem.decapsulationKey(kem.generate());
        const { ciphertext } = kem.encapsulationKey(key.publicKey).encapsulate();
        key.destroy();
        assert.throws(() => key.decapsulate(ciphertext), code("MNO_CRYPTO_INPUT_INVALID"));
      }
      const scheme = provider.signature("ML-DSA-65")!;
      const key = scheme.signingKey(scheme.generate());
      key.destroy();
      assert.throws(() => key.sign(Buffer.from("x")), code("MNO_CRYPTO_INPUT_INVALID"));
    }
  });

  it("the platform's is chosen where there is one", () => {
    assert.equal(kemOf("X-Wing").implementation, "native");
    assert.equal(kemOf("QSF-ML-KEM-768-P-256").implementation, "noble");
    assert.throws(() => kemOf("ROT13"), code("MNO_CRYPTO_UNSUPPORTED"));
  });
});

describe("the catalogue of suites", () => {
  it("has unique ids and codes", () => {
    assert.equal(new Set(SUITES.map(({ id }) => id)).size, SUITES.length);
    for (const suite of SUITES) assert.equal(suiteByCode(suite.code), suite);
  });

  it("retires classical algorithms when NIST IR 8547 says", () => {
    const ed25519 = SUITES.find(({ id }) => id === "Ed25519")!;
    assert.equal(statusAt(ed25519, Date.parse("2029-12-31")), "allowed");
    assert.equal(statusAt(ed25519, Date.parse("2030-01-01")), "deprecated");
    assert.equal(statusAt(ed25519, Date.parse("2035-01-01")), "forbidden");
  });
});
