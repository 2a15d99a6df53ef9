import { createHash, randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import path from "node:path";
import { MnoError } from "../../../exports";
import { wipe } from "../../../kernel/crypto/bytes";
import { aeadOf } from "../../../kernel/crypto/crypto";
import type { RootKey } from "./root-key";

const NONCE_SIZE = 12;
const KEY_SIZE = 32;

/**
 * A root key in a file of this machine: 32 bytes in base64. It protects what the file's folder does not: a stolen database.
 * Refused where others than the owner may read or write it; the process's group may read root's. Errors: MNO_ROOT_KEY_INVALID.
 */
export function fileRootKey(file: string, options: { create: boolean }): RootKey {
  if (options.create && !existsSync(file)) createFile(file);
  const key = readKey(file);
  const id = `file:${createHash("sha256").update("MNO root key id").update(key).digest("hex").slice(0, 16)}`;
  const cipher = aeadOf("A256GCM");
  return {
    id,
    wrap: async (plaintext, context) => {
      const nonce = randomBytes(NONCE_SIZE);
      return Buffer.concat([nonce, cipher.seal(key, nonce, plaintext, context)]);
    },
    unwrap: async (wrapped, context) => {
      try {
        return cipher.open(key, wrapped.subarray(0, NONCE_SIZE), wrapped.subarray(NONCE_SIZE), context);
      } catch {
        throw new MnoError(
          "MNO_ROOT_KEY_INVALID",
          `The root key of ${file} did not wrap this; is it the file of another database?`,
        );
      }
    },
    close: async () => wipe(key),
  };
}

function readKey(file: string): Buffer {
  const invalid = (why: string): MnoError => new MnoError("MNO_ROOT_KEY_INVALID", `The root key's file ${file} ${why}`);
  let text: string;
  try {
    const { mode, uid } = statSync(file);
    const me = process.getuid?.() ?? uid;
    if (uid !== me && uid !== 0) throw invalid("belongs to another user");
    // Kubernetes mounts Secrets as root's, for the pod's group to read.
    const others = uid === me ? 0o077 : 0o037;
    if ((mode & others) !== 0) throw invalid("may be read by others than its owner; chmod 600 it");
    text = readFileSync(file, "latin1").trim();
  } catch (error) {
    if (error instanceof MnoError) throw error;
    throw invalid(`cannot be read (${(error as NodeJS.ErrnoException).code})`);
  }
  const key = Buffer.from(text, "base64");
  if (key.length !== KEY_SIZE || key.toString("base64") !== text) {
    wipe(key);
    throw invalid(`must hold ${KEY_SIZE} bytes in base64`);
  }
  return key;
}

/** Whoever comes second finds the first one's file. */
function createFile(file: string): void {
  mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 });
  try {
    writeFileSync(file, `${randomBytes(KEY_SIZE).toString("base64")}\n`, { mode: 0o600, flag: "wx" });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  }
}
