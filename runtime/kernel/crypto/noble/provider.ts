import { aeskwp, gcm } from "@noble/ciphers/aes.js";
import { chacha20poly1305 } from "@noble/ciphers/chacha.js";
import { x25519 } from "@noble/curves/ed25519.js";
import { hkdf } from "@noble/hashes/hkdf.js";
import { sha256, sha512 } from "@noble/hashes/sha2.js";
import { compositeOf } from "../composite";
import { invalidInput, openFailed, orInvalid, requireSize, unsupported } from "../faults";
import type { Aead, KeyWrap, Provider } from "../provider";
import { nobleKem } from "./kem";
import { nobleSignature } from "./signatures";

type Cipher = (
  key: Uint8Array,
  nonce: Uint8Array,
  associated: Uint8Array,
) => {
  encrypt(plaintext: Uint8Array): Uint8Array;
  decrypt(ciphertext: Uint8Array): Uint8Array;
};
const AEADS: Record<string, { cipher: Cipher; keySize: number }> = {
  A128GCM: { cipher: gcm, keySize: 16 },
  A192GCM: { cipher: gcm, keySize: 24 },
  A256GCM: { cipher: gcm, keySize: 32 },
  "ChaCha20-Poly1305": { cipher: chacha20poly1305, keySize: 32 },
};

/** The @noble libraries: the same algorithms in JavaScript, with everything that test vectors need. No constant-time claim. */
export const NOBLE: Provider = {
  name: "noble",
  kem: nobleKem,
  signature: (suite) =>
    suite === "Ed25519+ML-DSA-65"
      ? compositeOf(nobleSignature("ML-DSA-65")!, nobleSignature("Ed25519")!)
      : nobleSignature(suite),
  aead: nobleAead,
  keyWrap: () => KEY_WRAP,
  hkdf: (hash, secret, salt, info, length) =>
    orInvalid(`HKDF cannot give ${length} bytes`, () =>
      hkdf(hash === "sha256" ? sha256 : sha512, secret, salt, info, length),
    ),
  x25519: (secretKey, publicKey) => {
    requireSize("A secret key of X25519", secretKey, 32);
    requireSize("A public key of X25519", publicKey, 32);
    return orInvalid("The public key of X25519 is of small order", () => x25519.getSharedSecret(secretKey, publicKey));
  },
};

function nobleAead(suite: string): Aead | undefined {
  const found = AEADS[suite];
  if (found === undefined) return undefined;
  const { cipher, keySize } = found;
  return {
    suite,
    seal: (key, nonce, plaintext, associated) => {
      requireSize(`A key of ${suite}`, key, keySize);
      requireNonce(nonce, cipher === gcm ? 8 : 1);
      return orInvalid(`The nonce is none of ${suite}`, () => cipher(key, nonce, associated).encrypt(plaintext));
    },
    open: (key, nonce, sealed, associated) => {
      requireSize(`A key of ${suite}`, key, keySize);
      requireNonce(nonce, cipher === gcm ? 8 : 1);
      try {
        return cipher(key, nonce, associated).decrypt(sealed);
      } catch {
        throw openFailed();
      }
    },
  };
}

/** SP 800-38D allows other lengths than 12 bytes; the library takes 8 and more. */
function requireNonce(nonce: Uint8Array, least: number): void {
  if (nonce.length === 0) throw invalidInput("A nonce has at least one byte");
  if (nonce.length < least) throw unsupported("noble", `take nonces of less than ${least} bytes`);
}

const KEY_WRAP: KeyWrap = {
  wrap: (key, secret) =>
    orInvalid("The key, or the secret, is none of AES key wrap", () => aeskwp(key).encrypt(secret)),
  unwrap: (key, wrapped) => {
    if (![16, 24, 32].includes(key.length)) throw invalidInput(`An AES key has 16, 24 or 32 bytes, not ${key.length}`);
    try {
      return aeskwp(key).decrypt(wrapped);
    } catch {
      throw openFailed();
    }
  },
};
