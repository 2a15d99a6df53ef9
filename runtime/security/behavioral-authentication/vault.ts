import { createCipheriv, createDecipheriv, createHmac, hkdfSync, randomBytes } from "node:crypto";
import { MnoError } from "../../exports";

const SALT_BYTES = 16;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
/** 128 bits: no two of 10^9 values share one, but for a chance of 10^-21. */
const PSEUDONYM_BYTES = 16;

/** Keeps personal data out of the database: identifiers become keyed pseudonyms, everything else is sealed. */
export class Vault {
  private readonly pseudonymKey: Buffer;
  private readonly sealingKey: Buffer;

  constructor(secret: string) {
    const derive = (purpose: string): Buffer =>
      Buffer.from(hkdfSync("sha256", secret, "", `machine-native-ops/behavioral-authentication/${purpose}`, 32));
    this.pseudonymKey = derive("pseudonyms");
    this.sealingKey = derive("sealing");
  }

  /** The same for the same kind and value, and nothing but noise without the secret (HMAC-SHA-256). */
  pseudonym(kind: string, value: string): string {
    const digest = createHmac("sha256", this.pseudonymKey).update(`${kind}\0${value}`).digest();
    return digest.subarray(0, PSEUDONYM_BYTES).toString("base64url");
  }

  /**
   * AES-256-GCM under a key of its own for every message, so that random nonces never meet; it opens only under the same
   * `context`, so that nobody who can write to the database can put one user's record in place of another's.
   */
  seal(context: string, value: unknown): string {
    const salt = randomBytes(SALT_BYTES);
    const nonce = randomBytes(NONCE_BYTES);
    const cipher = createCipheriv("aes-256-gcm", this.messageKey(salt), nonce, { authTagLength: TAG_BYTES });
    cipher.setAAD(Buffer.from(context, "utf8"));
    const text = Buffer.concat([cipher.update(JSON.stringify(value), "utf8"), cipher.final()]);
    return Buffer.concat([salt, nonce, cipher.getAuthTag(), text]).toString("base64");
  }

  /** Errors: MNO_BEHAVIOR_SEALED where it was sealed under another secret or context, or was changed since. */
  open(context: string, sealed: string): unknown {
    const bytes = Buffer.from(sealed, "base64");
    const at = (offset: number, length: number): Buffer => bytes.subarray(offset, offset + length);
    try {
      const key = this.messageKey(at(0, SALT_BYTES));
      const decipher = createDecipheriv("aes-256-gcm", key, at(SALT_BYTES, NONCE_BYTES), { authTagLength: TAG_BYTES });
      decipher.setAAD(Buffer.from(context, "utf8"));
      decipher.setAuthTag(at(SALT_BYTES + NONCE_BYTES, TAG_BYTES));
      const text = bytes.subarray(SALT_BYTES + NONCE_BYTES + TAG_BYTES);
      return JSON.parse(Buffer.concat([decipher.update(text), decipher.final()]).toString("utf8"));
    } catch (cause) {
      throw new MnoError(
        "MNO_BEHAVIOR_SEALED",
        `The record ${context} cannot be opened: MNO_BA_SECRET must be the one that it was sealed under, and the record unchanged`,
        { cause },
      );
    }
  }

  private messageKey(salt: Buffer): Buffer {
    return createHmac("sha256", this.sealingKey).update(salt).digest();
  }
}
