import { randomBytes } from "node:crypto";
import { ByteReader, malformed, numberBytes } from "./byte-reader";
import { sameBytes, wipe } from "./bytes";
import { contextHash, type EncryptionContext } from "./context";
import { aeadOf } from "./crypto";
import { invalidInput, openFailed } from "./faults";
import { NATIVE } from "./native/provider";
import { suiteByCode, suiteById } from "./suite";
import { parseWrappedKey, type WrappedKeyHeader } from "./wrapped-key";

/**
 * Data under a data key, with the wrapped data key before it, version 1. Canonical bytes, numbers big-endian:
 *
 *     "MNOE" 01 | cipher suite code (2) | length (4), wrapped data key | salt (32) | commitment (32) | ciphertext, tag (16)
 *
 * Key, nonce and commitment follow from the data key (HKDF-SHA-512 with the salt), so that one data key may serve many
 * messages; the commitment ties the ciphertext to one data key. The fields before the ciphertext, with the hash of the
 * encryption context, are associated data. The wrapped key authenticates itself and may be exchanged for the same data key
 * under another key version: the data stays as it is.
 */
const MAGIC = Buffer.from("MNOE\x01", "latin1");
const CIPHER = "A256GCM";
const SALT_SIZE = 32;
const COMMITMENT_SIZE = 32;
const TAG_SIZE = 16;
const LARGEST_WRAPPED_KEY = 4096;

/** Bytes of data in one envelope: it is held in memory as a whole. */
export const LARGEST_PLAINTEXT = 64 * 1024 * 1024;

export interface Envelope {
  cipher: string;
  wrappedKey: Uint8Array;
  header: WrappedKeyHeader;
  /** Salt, commitment and ciphertext. */
  body: Uint8Array;
}

/** Errors: MNO_CRYPTO_INPUT_INVALID for more than LARGEST_PLAINTEXT. */
export function sealEnvelope(
  dataKey: Uint8Array,
  wrappedKey: Uint8Array,
  plaintext: Uint8Array,
  context: EncryptionContext,
): Buffer {
  if (plaintext.length > LARGEST_PLAINTEXT) {
    throw invalidInput(`An envelope takes ${LARGEST_PLAINTEXT} bytes, not ${plaintext.length}; split the data`);
  }
  const salt = randomBytes(SALT_SIZE);
  const derived = derive(dataKey, salt);
  const associated = associatedData(salt, derived.commitment, context);
  const sealed = aeadOf(CIPHER).seal(derived.key, derived.nonce, plaintext, associated);
  derived.wipe();
  return Buffer.concat([prefixOf(wrappedKey), wrappedKey, salt, derived.commitment, sealed]);
}

/** Reads the clear fields; nothing of it is authentic until it was opened. Errors: MNO_ENVELOPE_INVALID. */
export function parseEnvelope(bytes: Uint8Array): Envelope {
  const reader = new ByteReader(bytes);
  if (!MAGIC.equals(reader.take(MAGIC.length))) throw malformed("it is no envelope of version 1");
  const cipher = suiteByCode(reader.number(2));
  if (cipher?.id !== CIPHER) throw malformed("its cipher is not one of envelopes");
  const size = reader.number(4);
  if (size > LARGEST_WRAPPED_KEY) throw malformed(`its wrapped key has more than ${LARGEST_WRAPPED_KEY} bytes`);
  const wrappedKey = reader.take(size);
  const header = parseWrappedKey(wrappedKey);
  const body = reader.rest();
  if (body.length < SALT_SIZE + COMMITMENT_SIZE + TAG_SIZE) throw malformed("its body is too short");
  return { cipher: cipher.id, wrappedKey, header, body };
}

/** Errors: MNO_CRYPTO_OPEN_FAILED. */
export function openEnvelope(envelope: Envelope, dataKey: Uint8Array, context: EncryptionContext): Buffer {
  const reader = new ByteReader(envelope.body);
  const salt = reader.take(SALT_SIZE);
  const commitment = reader.take(COMMITMENT_SIZE);
  const derived = derive(dataKey, salt);
  try {
    if (!sameBytes(derived.commitment, commitment)) throw openFailed();
    const associated = associatedData(salt, commitment, context);
    return aeadOf(envelope.cipher).open(derived.key, derived.nonce, reader.rest(), associated) as Buffer;
  } finally {
    derived.wipe();
  }
}

/** The same data under another wrapping of its data key. */
export function withWrappedKey(envelope: Envelope, wrappedKey: Uint8Array): Buffer {
  return Buffer.concat([prefixOf(wrappedKey), wrappedKey, envelope.body]);
}

function derive(dataKey: Uint8Array, salt: Uint8Array) {
  const bytes = NATIVE.hkdf("sha512", dataKey, salt, Buffer.from("MNO envelope body v1"), 32 + 12 + COMMITMENT_SIZE);
  return {
    key: bytes.subarray(0, 32),
    nonce: bytes.subarray(32, 44),
    commitment: bytes.subarray(44),
    wipe: () => wipe(bytes.subarray(0, 44)),
  };
}

const cipherBytes = (): Buffer => numberBytes(suiteById(CIPHER)!.code, 2);

function associatedData(salt: Uint8Array, commitment: Uint8Array, context: EncryptionContext): Buffer {
  return Buffer.concat([MAGIC, cipherBytes(), salt, commitment, contextHash(context)]);
}

function prefixOf(wrappedKey: Uint8Array): Buffer {
  return Buffer.concat([MAGIC, cipherBytes(), numberBytes(wrappedKey.length, 4)]);
}
