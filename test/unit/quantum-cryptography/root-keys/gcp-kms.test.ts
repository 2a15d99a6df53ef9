import assert from "node:assert/strict";
import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { crc32c } from "../../../../runtime/security/quantum-cryptography/root-keys/crc32c";
import { gcpKmsRootKey } from "../../../../runtime/security/quantum-cryptography/root-keys/gcp-kms";

const NAME = "projects/p/locations/l/keyRings/r/cryptoKeys/k";
const SECRET = randomBytes(64);
const CONTEXT = randomBytes(32);

/** Google's methods encrypt and decrypt as its REST reference describes them, over a key of this test's. */
describe("root key in Google Cloud KMS", () => {
  const key = randomBytes(32);
  /** Harms an answer before it is sent. */
  let harm: (answer: Record<string, unknown>) => Record<string, unknown> = (answer) => answer;
  let server: Server;
  let endpoint: string;

  const crypt = (verb: string, body: Record<string, string>): Record<string, unknown> | undefined => {
    const bytes = (field: string): Buffer => {
      const value = Buffer.from(body[field] ?? "", "base64");
      assert.equal(body[`${field}Crc32c`], String(crc32c(value)), field);
      return value;
    };
    const aad = bytes("additionalAuthenticatedData");
    if (verb === "encrypt") {
      const nonce = randomBytes(12);
      const cipher = createCipheriv("aes-256-gcm", key, nonce).setAAD(aad);
      const sealed = Buffer.concat([nonce, cipher.update(bytes("plaintext")), cipher.final(), cipher.getAuthTag()]);
      const ciphertext = sealed.toString("base64");
      return { ciphertext, ciphertextCrc32c: String(crc32c(sealed)), verifiedPlaintextCrc32c: true };
    }
    try {
      const sealed = bytes("ciphertext");
      const cipher = createDecipheriv("aes-256-gcm", key, sealed.subarray(0, 12)).setAAD(aad);
      cipher.setAuthTag(sealed.subarray(-16));
      const plaintext = Buffer.concat([cipher.update(sealed.subarray(12, -16)), cipher.final()]);
      return { plaintext: plaintext.toString("base64"), plaintextCrc32c: String(crc32c(plaintext)) };
    } catch {
      return undefined;
    }
  };

  before(async () => {
    server = createServer((request, response) => {
      void (async () => {
        let text = "";
        for await (const chunk of request) text += String(chunk);
        assert.equal(request.headers.authorization, "Bearer token");
        const verb = request.url === `/v1/${NAME}:encrypt` ? "encrypt" : "decrypt";
        const answer = crypt(verb, JSON.parse(text) as Record<string, string>);
        response.statusCode = answer ? 200 : 400;
        response.end(JSON.stringify(answer ? harm(answer) : { error: { status: "INVALID_ARGUMENT" } }));
      })();
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    endpoint = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`;
  });
  afterEach(() => {
    harm = (answer) => answer;
  });
  after(() => server.close());

  const rootKey = () => gcpKmsRootKey({ keyName: NAME, endpoint, accessToken: async () => "token" });

  it("gives back what it wrapped, to the same context only", async () => {
    const wrapped = await rootKey().wrap(SECRET, CONTEXT);
    assert.deepEqual(Buffer.from(await rootKey().unwrap(wrapped, CONTEXT)), SECRET);
    await assert.rejects(rootKey().unwrap(wrapped, randomBytes(32)), { code: "MNO_ROOT_KEY_INVALID" });
    const changed = Buffer.from(wrapped);
    changed[20]! ^= 1;
    await assert.rejects(rootKey().unwrap(changed, CONTEXT), { code: "MNO_ROOT_KEY_INVALID" });
  });

  const HARMS: [string, (answer: Record<string, unknown>) => Record<string, unknown>][] = [
    ["a request that arrived otherwise", (answer) => ({ ...answer, verifiedPlaintextCrc32c: false })],
    ["a wrong checksum", (answer) => ({ ...answer, ciphertextCrc32c: "1" })],
    ["no ciphertext", ({ verifiedPlaintextCrc32c }) => ({ verifiedPlaintextCrc32c })],
  ];
  for (const [what, harmed] of HARMS) {
    it(`takes no answer with ${what}`, async () => {
      harm = harmed;
      await assert.rejects(rootKey().wrap(SECRET, CONTEXT), { code: "MNO_ROOT_KEY_UNAVAILABLE", message: /damaged/ });
    });
  }

  it("says so where nobody answers, or there are no credentials", async () => {
    const nobody = gcpKmsRootKey({ keyName: NAME, endpoint: "http://127.0.0.1:9", accessToken: async () => "token" });
    await assert.rejects(nobody.wrap(SECRET, CONTEXT), { code: "MNO_ROOT_KEY_UNAVAILABLE" });
    const refused = async (): Promise<string> => Promise.reject(new Error("no account"));
    const stranger = gcpKmsRootKey({ keyName: NAME, endpoint, accessToken: refused });
    await assert.rejects(stranger.wrap(SECRET, CONTEXT), /there are no credentials/);
  });

  it("takes a key's name without a version", () => {
    for (const keyName of ["k", `${NAME}/cryptoKeyVersions/1`, ""]) {
      assert.throws(() => gcpKmsRootKey({ keyName }), { code: "MNO_CONFIG_INVALID" });
    }
  });
});

describe("CRC-32C", () => {
  it("is that of RFC 3720, appendix B.4", () => {
    assert.equal(crc32c(Buffer.alloc(32)), 0x8a9136aa);
    assert.equal(crc32c(Buffer.alloc(32, 0xff)), 0x62a8ab43);
    assert.equal(crc32c(Uint8Array.from({ length: 32 }, (_, index) => index)), 0x46dd794e);
    assert.equal(crc32c(Buffer.from("123456789")), 0xe3069283);
  });
});
