import { type CipherGCMTypes, createCipheriv, createDecipheriv } from "node:crypto";
import { invalidInput, openFailed, orInvalid, requireSize, unsupported } from "../faults";
import type { Aead, KeyWrap } from "../provider";

const TAG_SIZE = 16;
const CIPHERS: Record<string, { cipher: string; keySize: number }> = {
  A128GCM: { cipher: "aes-128-gcm", keySize: 16 },
  A192GCM: { cipher: "aes-192-gcm", keySize: 24 },
  A256GCM: { cipher: "aes-256-gcm", keySize: 32 },
  "ChaCha20-Poly1305": { cipher: "chacha20-poly1305", keySize: 32 },
};

export function nativeAead(suite: string): Aead | undefined {
  const found = CIPHERS[suite];
  if (found === undefined) return undefined;
  const { keySize } = found;
  // Both ciphers take the same options; the types know only the one name.
  const cipher = found.cipher as CipherGCMTypes;
  return {
    suite,
    seal: (key, nonce, plaintext, associated) => {
      requireSize(`A key of ${suite}`, key, keySize);
      requireNonce(nonce);
      return orInvalid(`The nonce is none of ${suite}`, () => {
        const operation = createCipheriv(cipher, key, nonce, { authTagLength: TAG_SIZE });
        operation.setAAD(associated, { plaintextLength: plaintext.length });
        const ciphertext = operation.update(plaintext);
        const rest = operation.final();
        return Buffer.concat([ciphertext, rest, operation.getAuthTag()]);
      });
    },
    open: (key, nonce, sealed, associated) => {
      requireSize(`A key of ${suite}`, key, keySize);
      requireNonce(nonce);
      if (sealed.length < TAG_SIZE) throw openFailed();
      const end = sealed.length - TAG_SIZE;
      try {
        const operation = createDecipheriv(cipher, key, nonce, { authTagLength: TAG_SIZE });
        operation.setAAD(associated, { plaintextLength: end });
        operation.setAuthTag(sealed.subarray(end));
        const plaintext = operation.update(sealed.subarray(0, end));
        // Nothing of the plaintext leaves before the tag was found right.
        return Buffer.concat([plaintext, operation.final()]);
      } catch {
        throw openFailed();
      }
    },
  };
}

/** SP 800-38D allows other lengths than 12 bytes; OpenSSL takes up to 128. */
function requireNonce(nonce: Uint8Array): void {
  if (nonce.length === 0) throw invalidInput("A nonce has at least one byte");
  if (nonce.length > 128) throw unsupported("native", "take nonces of more than 128 bytes");
}

/** RFC 5649, 3: the alternative initial value. */
const KWP_VALUE = Buffer.from("a65959a6", "hex");

function wrapCipher(key: Uint8Array): string {
  if (![16, 24, 32].includes(key.length)) throw invalidInput(`An AES key has 16, 24 or 32 bytes, not ${key.length}`);
  return `id-aes${key.length * 8}-wrap-pad`;
}

export const NATIVE_KEY_WRAP: KeyWrap = {
  wrap: (key, secret) => {
    if (secret.length === 0) throw invalidInput("There is nothing to wrap");
    const operation = createCipheriv(wrapCipher(key), key, KWP_VALUE);
    return Buffer.concat([operation.update(secret), operation.final()]);
  },
  unwrap: (key, wrapped) => {
    const cipher = wrapCipher(key);
    if (wrapped.length < 16 || wrapped.length % 8 !== 0) throw openFailed();
    try {
      const operation = createDecipheriv(cipher, key, KWP_VALUE);
      return Buffer.concat([operation.update(wrapped), operation.final()]);
    } catch {
      throw openFailed();
    }
  },
};
