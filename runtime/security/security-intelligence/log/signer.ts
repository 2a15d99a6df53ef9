import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  hash,
  type KeyObject,
  sign,
  verify,
} from "node:crypto";
import { mkdir, open, readFile } from "node:fs/promises";
import { dirname } from "node:path";
import { MnoError } from "../../../exports";

/** Signs what the log was. */
export interface Signer {
  readonly suite: string;
  sign(message: Buffer): Promise<{ keyId: string; signature: Uint8Array }>;
  /** Whether the key signed the message; false for a key that the signer does not know. */
  verify(message: Buffer, keyId: string, signature: Uint8Array): Promise<boolean>;
}

/** ML-DSA-65 (FIPS 204) of the platform (OpenSSL 3.5), with a key in a file that only its owner can read. */
export class FileSigner implements Signer {
  readonly suite = "ML-DSA-65";
  private readonly publicKey: KeyObject;
  /** The beginning of the digest of the public key. */
  readonly keyId: string;

  private constructor(private readonly privateKey: KeyObject) {
    this.publicKey = createPublicKey(privateKey);
    const spki = this.publicKey.export({ type: "spki", format: "der" });
    this.keyId = `local-${hash("sha256", spki, "hex").slice(0, 16)}`;
  }

  /** Reads the key, or makes one where there is no file. Throws MNO_CONFIG_INVALID for a file that holds none. */
  static async open(file: string): Promise<FileSigner> {
    const pem = await readFile(file, "utf8").catch((error: NodeJS.ErrnoException) => {
      if (error.code === "ENOENT") return undefined;
      throw error;
    });
    return new FileSigner(pem === undefined ? await create(file) : parse(pem, file));
  }

  /** A key that is gone with the process: for tests and measurements. */
  static ephemeral(): FileSigner {
    return new FileSigner(generateKeyPairSync("ml-dsa-65").privateKey);
  }

  async sign(message: Buffer): Promise<{ keyId: string; signature: Uint8Array }> {
    return { keyId: this.keyId, signature: sign(null, message, this.privateKey) };
  }

  async verify(message: Buffer, keyId: string, signature: Uint8Array): Promise<boolean> {
    return keyId === this.keyId && verify(null, message, this.publicKey, signature);
  }
}

function parse(pem: string, file: string): KeyObject {
  let key: KeyObject | undefined;
  try {
    key = createPrivateKey(pem);
  } catch {
    // Not the parser's own error: nothing of the file's content is to be repeated.
  }
  if (key?.asymmetricKeyType !== "ml-dsa-65") {
    throw new MnoError("MNO_CONFIG_INVALID", `${file} holds no ML-DSA-65 private key in PEM`);
  }
  return key;
}

async function create(file: string): Promise<KeyObject> {
  const { privateKey } = generateKeyPairSync("ml-dsa-65");
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  try {
    const handle = await open(file, "wx", 0o600);
    try {
      await handle.writeFile(privateKey.export({ type: "pkcs8", format: "pem" }));
      await handle.sync();
    } finally {
      await handle.close();
    }
    return privateKey;
  } catch (error) {
    // Another replica on the same disk was first: its key it is.
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return parse(await readFile(file, "utf8"), file);
    throw error;
  }
}
