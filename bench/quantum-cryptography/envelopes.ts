import {
  constants,
  createCipheriv,
  createDecipheriv,
  createPublicKey,
  diffieHellman,
  generateKeyPairSync,
  hkdfSync,
  type KeyObject,
  privateDecrypt,
  publicEncrypt,
  randomBytes,
} from "node:crypto";
import { MnoError } from "../../runtime/exports";
import { kemOf } from "../../runtime/kernel/crypto/crypto";
import { openEnvelope, parseEnvelope, sealEnvelope } from "../../runtime/kernel/crypto/envelope";
import { KeyEncryptionRoot, parseWrappedKey } from "../../runtime/kernel/crypto/wrapped-key";
import type { BenchRow } from "../contract";
import { interleaved } from "./interleaved";

const CONTEXT = { tenant: "acme", purpose: "bench" };
const SIZES = [
  [1024, "1 KiB", 60],
  [65_536, "64 KiB", 40],
  [1_048_576, "1 MiB", 6],
] as const;

interface EnvelopeScheme {
  name: string;
  seal(plaintext: Buffer): Buffer;
  open(sealed: Buffer): Buffer;
}

/** Seal and open of 1 KiB, 64 KiB and 1 MiB: an encapsulation for each envelope, and one for a thousand, beside classical ones. */
export function envelopeSpeed(): BenchRow[] {
  const contestants = [ours("ours", 1), ours("ours, one encapsulation for 1,000", 1000), rsaOaep(), x25519()];
  return SIZES.flatMap(([size, name, runs]) => {
    const data = randomBytes(size);
    const timings = interleaved(
      contestants.map((scheme) => ({ name: scheme.name, run: () => scheme.open(scheme.seal(data)) })),
      runs,
    );
    const rate = (who: string): number => 1e6 / timings.get(who)!.microseconds;
    return contestants.slice(0, 2).map(({ name: who }) => ({
      work: `envelope of ${name}, sealed and opened${who === "ours" ? ", X-Wing for each" : ", one X-Wing for 1,000"}`,
      metric: "envelopes_per_cpu_second",
      unit: "1/s",
      better: "higher" as const,
      ours: rate(who),
      spread: timings.get(who)!.spread,
      peers: { "RSA-OAEP-3072": rate("RSA-OAEP-3072"), "X25519-HKDF": rate("X25519-HKDF") },
    }));
  });
}

/** How many of all single-byte changes, 200 random bits and all truncations by a byte of an envelope go unnoticed. */
export function tampering(): BenchRow[] {
  let [changes, noticed] = [0, 0];
  for (const suite of ["X-Wing", "ML-KEM-768", "ML-KEM-1024"]) {
    const scheme = ours(suite, 1, suite);
    const sealed = scheme.seal(randomBytes(256));
    const attempt = (altered: Buffer): void => {
      changes += 1;
      try {
        scheme.open(altered);
      } catch (error) {
        if (error instanceof MnoError) noticed += 1;
      }
    };
    for (let position = 0; position < sealed.length; position += 1) {
      const altered = Buffer.from(sealed);
      altered[position]! ^= 1 + (randomBytes(1)[0]! % 255);
      attempt(altered);
      attempt(sealed.subarray(0, position));
    }
    for (let bit = 0; bit < 200; bit += 1) {
      const altered = Buffer.from(sealed);
      const at = randomBytes(4).readUInt32BE() % (sealed.length * 8);
      altered[at >> 3]! ^= 1 << (at & 7);
      attempt(altered);
    }
  }
  const row = { unit: "cases", spread: 0, peers: {} };
  return [
    {
      ...row,
      work: "envelopes with a byte or a bit changed, or cut short",
      metric: "vectors_run",
      better: "higher",
      ours: changes,
    },
    {
      ...row,
      work: "envelopes with a byte or a bit changed, or cut short: opened all the same",
      metric: "vectors_failed",
      better: "lower",
      ours: changes - noticed,
    },
  ];
}

function ours(name: string, wrapsPerEncapsulation: number, suite = "X-Wing"): EnvelopeScheme {
  const kem = kemOf(suite);
  const key = kem.decapsulationKey(kem.generate());
  const publicKey = kem.encapsulationKey(key.publicKey);
  let [sender, wraps] = [undefined as KeyEncryptionRoot | undefined, 0];
  let recipient: { of: string; root: KeyEncryptionRoot } | undefined;
  return {
    name,
    seal: (plaintext) => {
      if (sender === undefined || wraps >= wrapsPerEncapsulation) {
        const { ciphertext, sharedSecret } = publicKey.encapsulate();
        sender = KeyEncryptionRoot.derive(
          { suite, kid: "bench", keyVersion: 1, kemCiphertext: ciphertext },
          sharedSecret,
        );
        wraps = 0;
      }
      wraps += 1;
      const dataKey = randomBytes(32);
      return sealEnvelope(dataKey, sender.wrap(dataKey, CONTEXT), plaintext, CONTEXT);
    },
    open: (sealed) => {
      const envelope = parseEnvelope(sealed);
      const wrapped = parseWrappedKey(envelope.wrappedKey);
      const of = Buffer.from(wrapped.kemCiphertext).toString("latin1");
      if (recipient?.of !== of || wrapsPerEncapsulation === 1) {
        recipient = { of, root: KeyEncryptionRoot.derive(wrapped, key.decapsulate(wrapped.kemCiphertext)) };
      }
      return openEnvelope(envelope, recipient.root.unwrap(wrapped, CONTEXT), CONTEXT);
    },
  };
}

function rsaOaep(): EnvelopeScheme {
  const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength: 3072 });
  const options = { padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: "sha256" };
  return {
    name: "RSA-OAEP-3072",
    seal: (plaintext) => {
      const dataKey = randomBytes(32);
      return Buffer.concat([publicEncrypt({ key: publicKey, ...options }, dataKey), gcmSeal(dataKey, plaintext)]);
    },
    open: (sealed) =>
      gcmOpen(privateDecrypt({ key: privateKey, ...options }, sealed.subarray(0, 384)), sealed.subarray(384)),
  };
}

function x25519(): EnvelopeScheme {
  const recipient = generateKeyPairSync("x25519");
  const derive = (privateKey: KeyObject, publicKey: KeyObject): Buffer =>
    Buffer.from(hkdfSync("sha512", diffieHellman({ privateKey, publicKey }), "", "bench", 32));
  const spki = recipient.publicKey.export({ format: "der", type: "spki" }).length;
  return {
    name: "X25519-HKDF",
    seal: (plaintext) => {
      const ephemeral = generateKeyPairSync("x25519");
      const dataKey = randomBytes(32);
      const wrapped = gcmSeal(derive(ephemeral.privateKey, recipient.publicKey), dataKey);
      return Buffer.concat([
        ephemeral.publicKey.export({ format: "der", type: "spki" }),
        wrapped,
        gcmSeal(dataKey, plaintext),
      ]);
    },
    open: (sealed) => {
      const publicKey = createPublicKey({ key: sealed.subarray(0, spki), format: "der", type: "spki" });
      const dataKey = gcmOpen(derive(recipient.privateKey, publicKey), sealed.subarray(spki, spki + 60));
      return gcmOpen(dataKey, sealed.subarray(spki + 60));
    },
  };
}

function gcmSeal(key: Buffer, plaintext: Buffer): Buffer {
  const nonce = randomBytes(12);
  const cipher = createCipheriv("aes-256-gcm", key, nonce);
  return Buffer.concat([nonce, cipher.update(plaintext), cipher.final(), cipher.getAuthTag()]);
}

function gcmOpen(key: Buffer, sealed: Buffer): Buffer {
  const cipher = createDecipheriv("aes-256-gcm", key, sealed.subarray(0, 12));
  cipher.setAuthTag(sealed.subarray(sealed.length - 16));
  return Buffer.concat([cipher.update(sealed.subarray(12, sealed.length - 16)), cipher.final()]);
}
