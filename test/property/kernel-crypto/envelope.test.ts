import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import fc from "fast-check";
import { MnoError } from "../../../runtime/exports";
import { kemOf } from "../../../runtime/kernel/crypto/crypto";
import { openEnvelope, parseEnvelope, sealEnvelope } from "../../../runtime/kernel/crypto/envelope";
import { KeyEncryptionRoot, parseWrappedKey } from "../../../runtime/kernel/crypto/wrapped-key";

/** Opens an envelope as a service does: with the private key of the version that the header names. */
function recipient(suite: string) {
  const kem = kemOf(suite);
  const key = kem.decapsulationKey(kem.generate());
  return {
    seal: (plaintext: Uint8Array, context: Record<string, string>): Buffer => {
      const { ciphertext, sharedSecret } = kem.encapsulationKey(key.publicKey).encapsulate();
      const root = KeyEncryptionRoot.derive(
        { suite, kid: "k", keyVersion: 1, kemCiphertext: ciphertext },
        sharedSecret,
      );
      const dataKey = randomBytes(32);
      return sealEnvelope(dataKey, root.wrap(dataKey, context), plaintext, context);
    },
    open: (bytes: Uint8Array, context: Record<string, string>): Buffer => {
      const envelope = parseEnvelope(bytes);
      const wrapped = parseWrappedKey(envelope.wrappedKey);
      // The same private key whatever the header claims: what differs has to be found by the cryptography alone.
      const root = KeyEncryptionRoot.derive(wrapped, key.decapsulate(wrapped.kemCiphertext));
      return openEnvelope(envelope, root.unwrap(wrapped, context), context);
    },
  };
}

const failsClosed = (operation: () => unknown): void =>
  assert.throws(
    operation,
    (error) =>
      error instanceof MnoError &&
      ["MNO_CRYPTO_OPEN_FAILED", "MNO_ENVELOPE_INVALID", "MNO_CRYPTO_INPUT_INVALID"].includes(error.code),
  );

describe("an altered envelope", () => {
  for (const suite of ["X-Wing", "ML-KEM-768", "ML-KEM-1024"]) {
    it(`under ${suite}: every byte of it, changed, fails closed; so does every truncation`, () => {
      const { seal, open } = recipient(suite);
      const sealed = seal(Buffer.from("the secret"), { a: "b" });
      assert.equal(open(sealed, { a: "b" }).toString(), "the secret");
      for (let position = 0; position < sealed.length; position += 1) {
        const altered = Buffer.from(sealed);
        altered[position]! ^= 1 << (position % 8);
        failsClosed(() => open(altered, { a: "b" }));
      }
      for (let length = 0; length < sealed.length; length += 13)
        failsClosed(() => open(sealed.subarray(0, length), { a: "b" }));
      failsClosed(() => open(Buffer.concat([sealed, Buffer.of(0)]), { a: "b" }));
    }).timeout(30_000);
  }

  it("parsing never throws anything but the catalogue's error, and what opens is what was sealed", () => {
    const { seal, open } = recipient("ML-KEM-768");
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        failsClosed(() => parseEnvelope(bytes));
        failsClosed(() => parseEnvelope(Buffer.concat([Buffer.from("MNOE\x01\x00\x83", "latin1"), bytes])));
        failsClosed(() => parseWrappedKey(Buffer.concat([Buffer.from("MNOK\x01\x00\x02\x01", "latin1"), bytes])));
      }),
    );
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 300 }),
        fc.dictionary(fc.string({ maxLength: 10 }), fc.string({ maxLength: 20 }), { maxKeys: 5 }),
        (plaintext, context) => assert.deepEqual(open(seal(plaintext, context), context), Buffer.from(plaintext)),
      ),
    );
  });
});
