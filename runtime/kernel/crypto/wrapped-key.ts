import { hash, randomBytes } from "node:crypto";
import { ByteReader, malformed, numberBytes } from "./byte-reader";
import { sameBytes, wipe } from "./bytes";
import { contextHash, type EncryptionContext } from "./context";
import { aeadOf } from "./crypto";
import { invalidInput, openFailed, orInvalid } from "./faults";
import { NATIVE } from "./native/provider";
import { suiteByCode, suiteById } from "./suite";

/**
 * A data key under a KEM, version 1. Canonical bytes, numbers big-endian:
 *
 *     "MNOK" 01 | KEM suite code (2) | KDF (1) | key id length (1), key id | key version (4)
 *     | KEM ciphertext length (2), KEM ciphertext | salt (32) | commitment (32) | A256GCM(data key, 32) with tag (48)
 *
 * The KEM's secret gives a key-encryption root (HKDF-SHA-512; salt: key id and version; info: suite and the hash of the KEM
 * ciphertext). One root may wrap many data keys, for each has a salt of its own, from which (with the hash of the encryption
 * context and of all header fields) follow its wrapping key, nonce and commitment: no wrapping key is used twice, and the
 * commitment ties the ciphertext to one key, which AES-GCM alone does not.
 */
const MAGIC = Buffer.from("MNOK\x01", "latin1");
/** The declared key derivation; 0 (the KEM's secret as it is) is reserved and refused. */
const KDF_HKDF_SHA512 = 1;
const SALT_SIZE = 32;
const COMMITMENT_SIZE = 32;
export const DATA_KEY_SIZE = 32;
const SEALED_SIZE = DATA_KEY_SIZE + 16;
const ROOT_SIZE = 64;
/** Bytes behind the header: what differs between data keys under one encapsulation. */
export const WRAPPED_KEY_TAIL = SALT_SIZE + COMMITMENT_SIZE + SEALED_SIZE;
const KID_PATTERN = /^[\x21-\x7e]{1,64}$/;

/** What is in the clear. */
export interface WrappedKeyHeader {
  /** The KEM. */
  suite: string;
  kid: string;
  keyVersion: number;
  kemCiphertext: Uint8Array;
}

/** What wraps: the secret that one encapsulation gave, and the header that says which. The owner wipes it. */
export class KeyEncryptionRoot {
  private wiped = false;

  private constructor(
    readonly header: WrappedKeyHeader,
    private readonly root: Uint8Array,
    private readonly headerBytes: Buffer,
  ) {}

  /** Wipes the shared secret. */
  static derive(header: WrappedKeyHeader, sharedSecret: Uint8Array): KeyEncryptionRoot {
    const headerBytes = bytesOf(header);
    const salt = Buffer.concat([Buffer.from(header.kid), numberBytes(header.keyVersion, 4)]);
    const info = Buffer.concat([
      Buffer.from(`MNO key encryption root v1 ${header.suite} `),
      sha256(header.kemCiphertext),
    ]);
    const root = NATIVE.hkdf("sha512", sharedSecret, salt, info, ROOT_SIZE);
    wipe(sharedSecret);
    return new KeyEncryptionRoot(header, root, headerBytes);
  }

  wrap(dataKey: Uint8Array, context: EncryptionContext): Buffer {
    if (dataKey.length !== DATA_KEY_SIZE)
      throw invalidInput(`A data key has ${DATA_KEY_SIZE} bytes, not ${dataKey.length}`);
    const salt = randomBytes(SALT_SIZE);
    const derived = this.derived(salt, context);
    const clear = Buffer.concat([this.headerBytes, salt, derived.commitment]);
    const sealed = aeadOf("A256GCM").seal(derived.key, derived.nonce, dataKey, clear);
    derived.wipe();
    return Buffer.concat([clear, sealed]);
  }

  /** Errors: MNO_CRYPTO_OPEN_FAILED. */
  unwrap(wrapped: ParsedWrappedKey, context: EncryptionContext): Uint8Array {
    const derived = this.derived(wrapped.salt, context);
    try {
      if (!sameBytes(derived.commitment, wrapped.commitment)) throw openFailed();
      const clear = Buffer.concat([this.headerBytes, wrapped.salt, wrapped.commitment]);
      return aeadOf("A256GCM").open(derived.key, derived.nonce, wrapped.sealed, clear);
    } finally {
      derived.wipe();
    }
  }

  wipe(): void {
    wipe(this.root);
    this.wiped = true;
  }

  private derived(salt: Uint8Array, context: EncryptionContext) {
    // Zeros would wrap and unwrap as well as any other bytes.
    if (this.wiped) throw invalidInput("The key encryption root was wiped");
    const info = Buffer.concat([Buffer.from("MNO data key wrap v1 "), sha256(this.headerBytes), contextHash(context)]);
    const bytes = NATIVE.hkdf("sha512", this.root, salt, info, 32 + 12 + COMMITMENT_SIZE);
    return {
      key: bytes.subarray(0, 32),
      nonce: bytes.subarray(32, 44),
      commitment: bytes.subarray(44),
      wipe: () => wipe(bytes.subarray(0, 44)),
    };
  }
}

export interface ParsedWrappedKey extends WrappedKeyHeader {
  salt: Uint8Array;
  commitment: Uint8Array;
  sealed: Uint8Array;
}

/** Reads the clear fields; nothing of it is authentic until it was unwrapped. Errors: MNO_ENVELOPE_INVALID. */
export function parseWrappedKey(bytes: Uint8Array): ParsedWrappedKey {
  const reader = new ByteReader(bytes);
  const parsed = readWrappedKey(reader);
  reader.requireEnd();
  return parsed;
}

function readWrappedKey(reader: ByteReader): ParsedWrappedKey {
  if (!MAGIC.equals(reader.take(MAGIC.length))) throw malformed("it is no wrapped key of version 1");
  const suite = suiteByCode(reader.number(2));
  if (suite?.kind !== "kem") throw malformed("its suite is no known KEM");
  if (reader.number(1) !== KDF_HKDF_SHA512) throw malformed("its key derivation is not known");
  const kid = Buffer.from(reader.take(reader.number(1))).toString("latin1");
  if (!KID_PATTERN.test(kid)) throw malformed("its key id is none");
  const keyVersion = reader.number(4);
  const kemCiphertext = reader.take(reader.number(2));
  return {
    suite: suite.id,
    kid,
    keyVersion,
    kemCiphertext,
    salt: reader.take(SALT_SIZE),
    commitment: reader.take(COMMITMENT_SIZE),
    sealed: reader.take(SEALED_SIZE),
  };
}

function bytesOf({ suite, kid, keyVersion, kemCiphertext }: WrappedKeyHeader): Buffer {
  const found = suiteById(suite);
  if (found?.kind !== "kem") throw invalidInput(`"${suite}" is no KEM`);
  if (!KID_PATTERN.test(kid)) throw invalidInput("A key id has 1 to 64 printable ASCII characters");
  return orInvalid("A key version is a whole number below 2^32", () =>
    Buffer.concat([
      MAGIC,
      numberBytes(found.code, 2),
      Buffer.of(KDF_HKDF_SHA512, kid.length),
      Buffer.from(kid),
      numberBytes(keyVersion, 4),
      numberBytes(kemCiphertext.length, 2),
      kemCiphertext,
    ]),
  );
}

const sha256 = (bytes: Uint8Array): Buffer => hash("sha256", bytes, "buffer");
