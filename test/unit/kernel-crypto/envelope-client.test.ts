import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import type { EncryptionContext } from "../../../runtime/kernel/crypto/context";
import { kemOf } from "../../../runtime/kernel/crypto/crypto";
import { EnvelopeClient } from "../../../runtime/kernel/crypto/envelope-client";
import { KeyEncryptionRoot, parseWrappedKey } from "../../../runtime/kernel/crypto/wrapped-key";
import { code } from "../quantum-cryptography/support";

describe("EnvelopeClient", () => {
  let now: number;
  let asked: { generate: number; unwrap: number };
  let given: Uint8Array[];
  let client: EnvelopeClient;

  beforeEach(() => {
    now = 0;
    asked = { generate: 0, unwrap: 0 };
    given = [];
    const kem = kemOf("X-Wing");
    const key = kem.decapsulationKey(kem.generate());
    const { ciphertext, sharedSecret } = kem.encapsulationKey(key.publicKey).encapsulate();
    const root = KeyEncryptionRoot.derive(
      { suite: "X-Wing", kid: "k", keyVersion: 1, kemCiphertext: ciphertext },
      sharedSecret,
    );
    const source = {
      generate: async (context: EncryptionContext) => {
        asked.generate += 1;
        const plaintext = randomBytes(32);
        given.push(plaintext);
        return { plaintext, wrappedKey: root.wrap(plaintext, context) };
      },
      unwrap: async (wrappedKey: Uint8Array, context: EncryptionContext) => {
        asked.unwrap += 1;
        return root.unwrap(parseWrappedKey(wrappedKey), context);
      },
    };
    client = new EnvelopeClient(source, { entries: 2, seconds: 60, messages: 3, bytes: 1000 }, { now: () => now });
  });

  it("asks the service once for some messages, and seals each under a key of its own", async () => {
    const sealed = [];
    for (let index = 0; index < 3; index += 1) sealed.push(await client.seal(Buffer.from("x"), { a: "b" }));
    assert.equal(asked.generate, 1);
    assert.equal(new Set(sealed.map((each) => each.toString("hex"))).size, 3);
    for (const each of sealed) assert.equal((await client.open(each, { a: "b" })).toString(), "x");
    assert.equal(asked.unwrap, 1);
  });

  it("takes a new data key after so many messages, bytes or seconds, and for another context", async () => {
    for (let index = 0; index < 4; index += 1) await client.seal(Buffer.from("x"), {});
    assert.equal(asked.generate, 2);
    await client.seal(Buffer.alloc(999), {});
    assert.equal(asked.generate, 2);
    await client.seal(Buffer.alloc(1), {});
    assert.equal(asked.generate, 3);
    now = 60_000;
    await client.seal(Buffer.alloc(1), {});
    assert.equal(asked.generate, 4);
    await client.seal(Buffer.alloc(1), { tenant: "other" });
    assert.equal(asked.generate, 5);
  });

  it("wipes what it lets go of", async () => {
    for (const tenant of ["a", "b", "c"]) await client.seal(Buffer.from("x"), { tenant });
    assert.deepEqual(given[0], Buffer.alloc(32));
    assert.notDeepEqual(given[2], Buffer.alloc(32));
    now = 60_000;
    client.sweep();
    assert.ok(given.every((each) => Buffer.alloc(32).equals(each)));
    client.close();
  });

  it("opens for the right context only, cached or not", async () => {
    const sealed = await client.seal(Buffer.from("x"), { tenant: "a" });
    await client.open(sealed, { tenant: "a" });
    await assert.rejects(client.open(sealed, { tenant: "b" }), code("MNO_CRYPTO_OPEN_FAILED"));
  });
});
