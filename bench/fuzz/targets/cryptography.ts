import { randomBytes } from "node:crypto";
import { BinaryWriter } from "google-protobuf";
import { MnoError } from "../../../runtime/exports";
import { kemOf } from "../../../runtime/kernel/crypto/crypto";
import { openEnvelope, parseEnvelope, sealEnvelope, withWrappedKey } from "../../../runtime/kernel/crypto/envelope";
import { verifyJws } from "../../../runtime/kernel/crypto/jose";
import { leafHash, MerkleTree, verifyConsistency, verifyInclusion } from "../../../runtime/kernel/crypto/merkle";
import { KeyEncryptionRoot, parseWrappedKey } from "../../../runtime/kernel/crypto/wrapped-key";
import {
  readDecryptRequest,
  readEncryptRequest,
} from "../../../runtime/security/quantum-cryptography/kms-plugin/messages";
import { parsePkcs11Uri } from "../../../runtime/security/quantum-cryptography/root-keys/pkcs11-uri";
import { readCheckRequest } from "../../../runtime/security/zero-trust-gateway/ext-authz/messages";
import { ACCEPTED, type AnyTarget, holds, target } from "../target";

const CONTEXT = { tenant: "a" };

/** An envelope, its data key, and the root that its wrapped key opens with. */
function sealed(suite: string): { envelope: Buffer; dataKey: Buffer; wrapped: Buffer } {
  const kem = kemOf(suite);
  const { publicKey } = kem.decapsulationKey(kem.generate());
  const { ciphertext, sharedSecret } = kem.encapsulationKey(publicKey).encapsulate();
  const root = KeyEncryptionRoot.derive({ suite, kid: "k", keyVersion: 1, kemCiphertext: ciphertext }, sharedSecret);
  const dataKey = randomBytes(32);
  const wrapped = Buffer.from(root.wrap(dataKey, CONTEXT));
  return { envelope: sealEnvelope(dataKey, wrapped, Buffer.from("the secret"), CONTEXT), dataKey, wrapped };
}
const SEALED = ["X-Wing", "ML-KEM-768", "ML-KEM-1024"].map(sealed);

const envelopes = target<Buffer>({
  name: "cryptography: envelopes",
  kind: "bytes",
  seeds: SEALED.map(({ envelope }) => envelope),
  milliseconds: 20,
  run: (bytes) => {
    const envelope = parseEnvelope(bytes);
    holds(withWrappedKey(envelope, envelope.wrappedKey).equals(bytes), "not what was read, written again");
    const [own] = SEALED;
    try {
      const opened = openEnvelope(envelope, own!.dataKey, CONTEXT);
      holds(opened.toString() === "the secret", "another secret");
    } catch (error) {
      if (!(error instanceof MnoError) || error.code !== "MNO_CRYPTO_OPEN_FAILED") throw error;
    }
    return ACCEPTED;
  },
});

const wrappedKeys = target<Buffer>({
  name: "cryptography: wrapped keys",
  kind: "bytes",
  seeds: SEALED.map(({ wrapped }) => wrapped),
  milliseconds: 20,
  run: (bytes) => {
    const { kid, salt, commitment } = parseWrappedKey(bytes);
    holds(/^[!-~]{1,64}$/.test(kid) && salt.length > 0 && commitment.length > 0, "a field without a value");
    return ACCEPTED;
  },
});

const LEAVES = Array.from({ length: 13 }, (_, index) => leafHash(Buffer.from(String(index))));
const TREE = new MerkleTree(LEAVES);
const EARLIER = new MerkleTree(LEAVES.slice(0, 6));

interface Proof {
  readonly index: unknown;
  readonly size: unknown;
  readonly earlier: unknown;
  readonly inclusion: unknown;
  readonly consistency: unknown;
}
const hex = (hashes: readonly Uint8Array[]): string[] => hashes.map((each) => Buffer.from(each).toString("hex"));
const bytesOf = (list: unknown): Buffer[] =>
  Array.isArray(list) ? list.map((each) => Buffer.from(typeof each === "string" ? each : "", "hex")) : [];

const GREW = hex(TREE.consistencyProof(6));

const proofs = target<Proof>({
  name: "cryptography: Merkle proofs",
  kind: "JSON",
  seeds: [0, 7, 12].map((index) => ({
    index,
    size: 13,
    earlier: 6,
    inclusion: hex(TREE.inclusionProof(index)),
    consistency: hex(TREE.consistencyProof(6)),
  })),
  milliseconds: 20,
  run: (proof) => {
    const { index, size, earlier, inclusion, consistency } = proof ?? {};
    const [path, between] = [bytesOf(inclusion), bytesOf(consistency)];
    const found = LEAVES.flatMap((leaf, at) =>
      verifyInclusion(leaf, index as number, size as number, path, TREE.root) ? [at] : [],
    );
    holds(
      found.every((at) => at === index),
      "a leaf is proven where it is not",
    );
    const grew = verifyConsistency(earlier as number, size as number, EARLIER.root, TREE.root, between);
    // Sizes are for the checkpoint's signature to say: of the hashes each one counts.
    holds(!grew || hex(between).join() === GREW.join(), "a history is proven by other hashes");
    return found.length === 0 ? "no inclusion" : grew ? ACCEPTED : "no consistency";
  },
});

const writer = (write: (to: BinaryWriter) => void): Buffer => {
  const to = new BinaryWriter();
  write(to);
  return Buffer.from(to.getResultBuffer());
};
const DECRYPT = writer((to) => {
  to.writeBytes(1, randomBytes(32));
  to.writeString(2, "uid");
  to.writeString(3, "key-1");
  to.writeBytes(
    4,
    writer((entry) => {
      entry.writeString(1, "kem.machine-native-ops");
      entry.writeBytes(2, randomBytes(16));
    }),
  );
});
const ENCRYPT = writer((to) => {
  to.writeBytes(1, randomBytes(32));
  to.writeString(2, "uid");
});
const CHECK = writer((to) =>
  to.writeBytes(
    1,
    writer((attributes) => {
      const peer = writer((one) => {
        one.writeBytes(
          1,
          writer((at) =>
            at.writeBytes(
              1,
              writer((socket) => socket.writeString(2, "10.1.2.3")),
            ),
          ),
        );
        one.writeString(4, "spiffe://cluster.local/ns/a/sa/b");
      });
      attributes.writeBytes(1, peer);
      attributes.writeBytes(2, peer);
      const http = writer((request) => {
        request.writeString(2, "POST");
        const header = (name: string, value: string) =>
          writer((entry) => {
            entry.writeString(1, name);
            entry.writeString(2, value);
          });
        request.writeBytes(3, header("x-a", "b"));
        request.writeBytes(
          13,
          writer((map) => map.writeBytes(1, header("x-c", "d"))),
        );
        request.writeString(4, "/a?b");
        request.writeString(5, "shop");
        request.writeString(6, "https");
        request.writeInt64(9, 4);
        request.writeString(10, "HTTP/2");
        request.writeBytes(12, Buffer.from("body"));
      });
      attributes.writeBytes(
        4,
        writer((request) => request.writeBytes(2, http)),
      );
    }),
  ),
);

/** google-protobuf throws plain errors; the gRPC server answers them with a status, and no handler is called. */
const malformedMessage = (error: unknown): string | undefined => (error instanceof Error ? "malformed" : undefined);

const messages: readonly AnyTarget[] = [
  target<Buffer>({
    name: "cryptography: Kubernetes KMS messages",
    kind: "protobuf",
    seeds: [DECRYPT, ENCRYPT],
    milliseconds: 20,
    run: (bytes) => {
      const { ciphertext, annotations } = readDecryptRequest(bytes);
      const { plaintext } = readEncryptRequest(bytes);
      const most = bytes.length;
      holds(ciphertext.length <= most && plaintext.length <= most && annotations.size <= most, "more than was sent");
      return ACCEPTED;
    },
    refusal: malformedMessage,
  }),
  target<Buffer>({
    name: "gateway: ext_authz messages",
    kind: "protobuf",
    seeds: [CHECK],
    milliseconds: 20,
    run: (bytes) => {
      const { headers, content, method } = readCheckRequest(bytes);
      holds(headers.length % 2 === 0, "a header without a value");
      holds(content.length <= bytes.length && method.length <= bytes.length, "more than was sent");
      return ACCEPTED;
    },
    refusal: malformedMessage,
  }),
];

const encoded = (value: unknown): string => Buffer.from(JSON.stringify(value) ?? "").toString("base64url");
const JWK = { kty: "OKP", crv: "Ed25519", alg: "Ed25519", x: randomBytes(32).toString("base64url") };

const jose = target<{ key: unknown; header: unknown; payload: unknown }>({
  name: "cryptography: JOSE signatures",
  kind: "JSON",
  seeds: [{ key: JWK, header: { alg: "Ed25519", kid: "k" }, payload: { a: 1 } }],
  words: ["ML-DSA-65", "AKP", "none", "HS256", "crit", "b64", "pub", "P-256"],
  share: 0.1,
  milliseconds: 50,
  run: async (input) => {
    const { key, header, payload } = input ?? {};
    try {
      await verifyJws(key ?? {}, `${encoded(header)}.${encoded(payload)}.${"A".repeat(86)}`);
    } catch (error) {
      // The key was read and used: nothing here is signed.
      if (error instanceof MnoError && error.code === "MNO_CRYPTO_OPEN_FAILED") return ACCEPTED;
      throw error;
    }
    throw new Error("a signature that is none is believed");
  },
});

const uris = target<string>({
  name: "cryptography: PKCS#11 URIs",
  kind: "text",
  seeds: ["pkcs11:token=T;object=K?module-path=/usr/lib/a.so&pin-source=file:/run/pin"],
  words: ["token=", "object=", ";", "&", "?", "%20", "%", "pin-value=1", "pkcs11:", "file:"],
  milliseconds: 20,
  run: (uri) => {
    const { token, object } = parsePkcs11Uri(uri);
    holds(token !== "" && object !== "", "a key without a name");
    return ACCEPTED;
  },
});

export const CRYPTOGRAPHY_TARGETS = [envelopes, wrappedKeys, proofs, ...messages, jose, uris];
