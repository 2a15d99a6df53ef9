import {
  createCipheriv,
  createPrivateKey,
  createPublicKey,
  decapsulate,
  encapsulate,
  hkdfSync,
  randomBytes,
  sign,
  verify,
} from "node:crypto";
import { ml_kem768_x25519 } from "@noble/post-quantum/hybrid.js";
import { aeadOf, kemOf, signatureOf } from "../../runtime/kernel/crypto/crypto";
import { NATIVE } from "../../runtime/kernel/crypto/native/provider";
import type { BenchRow } from "../contract";
import { interleaved } from "./interleaved";

function ratioRow(work: string, peer: string, ours: () => unknown, theirs: () => unknown, runs: number): BenchRow {
  const timings = interleaved(
    [
      { name: "ours", run: ours },
      { name: peer, run: theirs },
    ],
    runs,
  );
  const [mine, other] = [timings.get("ours")!, timings.get(peer)!];
  return {
    work: `${work} (${mine.microseconds.toFixed(0)} us, ${peer} ${other.microseconds.toFixed(0)} us)`,
    metric: "ops_ratio",
    unit: "ratio",
    better: "higher",
    ours: other.microseconds / mine.microseconds,
    spread: Math.max(mine.spread, other.spread),
    peers: { [peer]: 1 },
  };
}

/** X-Wing beside @noble's, from the same bytes to the same bytes, keys imported anew each time, as @noble does. */
export function xWing(): BenchRow[] {
  const kem = kemOf("X-Wing");
  const peer = "@noble/post-quantum";
  const cases = Array.from({ length: 64 }, () => {
    const [seed, randomness] = [randomBytes(32), randomBytes(64)];
    const { publicKey } = ml_kem768_x25519.keygen(seed);
    const { cipherText, sharedSecret } = ml_kem768_x25519.encapsulate(publicKey, randomness);
    return { seed, randomness, publicKey, cipherText, sharedSecret };
  });
  const equal = (left: Uint8Array, right: Uint8Array): boolean => Buffer.compare(left, right) === 0;
  const wrong = cases.filter(({ seed, randomness, publicKey, cipherText, sharedSecret }) => {
    const key = kem.decapsulationKey({ seed });
    const given = kem.encapsulationKey(publicKey).encapsulate(randomness);
    const random = kem.encapsulationKey(publicKey).encapsulate();
    return !(
      equal(key.publicKey, publicKey) &&
      equal(given.ciphertext, cipherText) &&
      equal(given.sharedSecret, sharedSecret) &&
      equal(key.decapsulate(cipherText), sharedSecret) &&
      equal(ml_kem768_x25519.decapsulate(random.ciphertext, seed), random.sharedSecret)
    );
  });
  let turn = 0;
  const next = (): (typeof cases)[number] => cases[turn++ % cases.length]!;
  const prepared = kem.encapsulationKey(cases[0]!.publicKey);
  const opened = kem.decapsulationKey({ seed: cases[0]!.seed });
  const noble = ml_kem768_x25519;
  return [
    {
      work: "X-Wing: cases with other bytes than @noble's",
      metric: "vectors_failed",
      unit: "cases",
      better: "lower",
      ours: wrong.length,
      spread: 0,
      peers: {},
    },
    ratioRow(
      "X-Wing key from seed",
      peer,
      () => kem.decapsulationKey({ seed: next().seed }),
      () => noble.keygen(next().seed),
      20,
    ),
    ratioRow(
      "X-Wing encapsulate",
      peer,
      () => kem.encapsulationKey(next().publicKey).encapsulate(),
      () => noble.encapsulate(next().publicKey),
      20,
    ),
    ratioRow(
      "X-Wing encapsulate with given randomness, same bytes",
      peer,
      () => {
        const { publicKey, randomness } = next();
        return kem.encapsulationKey(publicKey).encapsulate(randomness);
      },
      () => {
        const { publicKey, randomness } = next();
        return noble.encapsulate(publicKey, randomness);
      },
      20,
    ),
    ratioRow(
      "X-Wing decapsulate",
      peer,
      () => {
        const { seed, cipherText } = next();
        return kem.decapsulationKey({ seed }).decapsulate(cipherText);
      },
      () => {
        const { seed, cipherText } = next();
        return noble.decapsulate(cipherText, seed);
      },
      20,
    ),
    ratioRow(
      "X-Wing encapsulate, key imported before",
      peer,
      () => prepared.encapsulate(),
      () => noble.encapsulate(prepared.bytes),
      20,
    ),
    ratioRow(
      "X-Wing decapsulate, key imported before",
      peer,
      () => opened.decapsulate(cases[0]!.cipherText),
      () => noble.decapsulate(cases[0]!.cipherText, cases[0]!.seed),
      20,
    ),
  ];
}

/** The other operations beside what node:crypto takes for the same, keys imported before. */
export function besidePlatform(): BenchRow[] {
  const peer = "node:crypto";
  const rows: BenchRow[] = [];
  for (const suite of ["ML-KEM-768", "ML-KEM-1024"]) {
    const kem = kemOf(suite);
    const type = suite.toLowerCase() as "ml-kem-768";
    const seed = randomBytes(64);
    const key = kem.decapsulationKey({ seed });
    const publicKey = kem.encapsulationKey(key.publicKey);
    const rawPrivate = createPrivateKey({ key: seed, format: "raw-seed", asymmetricKeyType: type });
    const rawPublic = createPublicKey({
      key: Buffer.from(key.publicKey),
      format: "raw-public",
      asymmetricKeyType: type,
    });
    const { ciphertext } = publicKey.encapsulate();
    rows.push(
      ratioRow(
        `${suite} encapsulate`,
        peer,
        () => publicKey.encapsulate(),
        () => encapsulate(rawPublic),
        300,
      ),
      ratioRow(
        `${suite} decapsulate`,
        peer,
        () => key.decapsulate(ciphertext),
        () => decapsulate(rawPrivate, ciphertext),
        300,
      ),
    );
  }
  const message = randomBytes(1024);
  for (const [suite, type] of [
    ["ML-DSA-65", "ml-dsa-65"],
    ["ML-DSA-87", "ml-dsa-87"],
    ["Ed25519", "ed25519"],
  ] as const) {
    const scheme = signatureOf(suite);
    const seed = randomBytes(32);
    const key = scheme.signingKey({ seed });
    const verifier = scheme.verifyingKey(key.publicKey);
    const format = suite === "Ed25519" ? "raw-private" : "raw-seed";
    const rawPrivate = createPrivateKey({ key: seed, format, asymmetricKeyType: type });
    const rawPublic = createPublicKey(rawPrivate);
    const signature = key.sign(message);
    rows.push(
      ratioRow(
        `${suite} sign`,
        peer,
        () => key.sign(message),
        () => sign(null, message, rawPrivate),
        suite === "Ed25519" ? 300 : 60,
      ),
      ratioRow(
        `${suite} verify`,
        peer,
        () => verifier.verify(message, signature),
        () => verify(null, message, rawPublic, signature),
        100,
      ),
    );
  }
  const [key, nonce, associated] = [randomBytes(32), randomBytes(12), randomBytes(64)];
  const data = randomBytes(65_536);
  rows.push(
    ratioRow(
      "A256GCM seal 64 KiB",
      peer,
      () => aeadOf("A256GCM").seal(key, nonce, data, associated),
      () => {
        const cipher = createCipheriv("aes-256-gcm", key, nonce);
        cipher.setAAD(associated);
        return Buffer.concat([cipher.update(data), cipher.final(), cipher.getAuthTag()]);
      },
      100,
    ),
    ratioRow(
      "HKDF-SHA-512, 64 bytes",
      peer,
      () => NATIVE.hkdf("sha512", key, nonce, associated, 64),
      () => hkdfSync("sha512", key, nonce, associated, 64),
      500,
    ),
  );
  return rows;
}
