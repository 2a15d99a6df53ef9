import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  sign,
  verify,
} from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { MnoError } from "../../../exports";

const ALGORITHM = "ml-dsa-65";

export interface Signature {
  algorithm: typeof ALGORITHM;
  /** SHA-256 of the public key (DER, SPKI), hexadecimal. */
  keyId: string;
  /** Base64. */
  value: string;
}

export const sha256 = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");

/** Signs and checks with ML-DSA-65 (FIPS 204, node:crypto). Only keys that are trusted beforehand count. */
export class ModelSigner {
  private readonly trusted = new Map<string, KeyObject>();
  private readonly keyId: string;

  constructor(
    private readonly key: KeyObject,
    others: readonly KeyObject[],
  ) {
    for (const one of [createPublicKey(key), ...others]) this.trusted.set(fingerprint(one), one);
    this.keyId = fingerprint(createPublicKey(key));
  }

  sign(text: string): Signature {
    return {
      algorithm: ALGORITHM,
      keyId: this.keyId,
      value: sign(null, Buffer.from(text), this.key).toString("base64"),
    };
  }

  /** Errors: MNO_THREAT_MODEL_UNTRUSTED where the key is not trusted or the signature is not of this text. */
  check(text: string, signature: Signature): void {
    const key = this.trusted.get(signature.keyId);
    if (signature.algorithm !== ALGORITHM || key === undefined)
      throw new MnoError(
        "MNO_THREAT_MODEL_UNTRUSTED",
        `The model is signed by ${signature.keyId}, which is not trusted`,
      );
    if (!verify(null, Buffer.from(text), key, Buffer.from(signature.value, "base64")))
      throw new MnoError("MNO_THREAT_MODEL_UNTRUSTED", "The model's signature is not of this model");
  }
}

const fingerprint = (key: KeyObject): string => sha256(key.export({ type: "spki", format: "der" }));

/**
 * The key of a PEM file (PKCS #8); with `make`, one is made where there is no file, that only its owner can read.
 * Errors: MNO_CONFIG_INVALID where the file cannot be read or holds another kind of key.
 */
export function privateKeyAt(path: string, { make }: { make: boolean }): KeyObject {
  if (make) {
    mkdirSync(dirname(path), { recursive: true });
    const { privateKey } = generateKeyPairSync(ALGORITHM);
    try {
      writeFileSync(path, privateKey.export({ type: "pkcs8", format: "pem" }), { mode: 0o600, flag: "wx" });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    }
  }
  return keyAt(path, createPrivateKey);
}

/** The key of a PEM file (SPKI). Errors: MNO_CONFIG_INVALID. */
export const publicKeyAt = (path: string): KeyObject => keyAt(path, createPublicKey);

function keyAt(path: string, read: (pem: Buffer) => KeyObject): KeyObject {
  let key: KeyObject;
  try {
    key = read(readFileSync(path));
  } catch (error) {
    const { syscall, code } = error as NodeJS.ErrnoException;
    // The parser's message may quote the file.
    const why = syscall === undefined ? "holds no key in PEM" : `cannot be read (${String(code)})`;
    throw new MnoError("MNO_CONFIG_INVALID", `The key file ${path} of threat detection ${why}`);
  }
  if (key.asymmetricKeyType !== ALGORITHM) {
    const kind = key.asymmetricKeyType ?? "unknown";
    throw new MnoError("MNO_CONFIG_INVALID", `The key file ${path} holds a key of type ${kind}, not ${ALGORITHM}`);
  }
  return key;
}
