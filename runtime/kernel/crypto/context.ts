import { createHash } from "node:crypto";
import { invalidInput } from "./faults";

/**
 * What a ciphertext belongs to, in names and values: bound into it, not stored in it. Whoever opens it has to say the same.
 * Not a secret; it may appear in audit records.
 */
export type EncryptionContext = Readonly<Record<string, string>>;

const LARGEST_ENTRIES = 32;
const LARGEST_BYTES = 8192;
const DOMAIN = Buffer.from("MNO encryption context v1");

/** SHA-256 over the entries in the order of their names' bytes, each length-prefixed: one hash for one context. */
export function contextHash(context: EncryptionContext): Buffer {
  const entries = Object.entries(context).map(([name, value]) => [Buffer.from(name), Buffer.from(value)] as const);
  if (entries.length > LARGEST_ENTRIES) {
    throw invalidInput(`An encryption context has at most ${LARGEST_ENTRIES} entries, not ${entries.length}`);
  }
  const size = entries.reduce((sum, [name, value]) => sum + name.length + value.length, 0);
  if (size > LARGEST_BYTES) throw invalidInput(`An encryption context has at most ${LARGEST_BYTES} bytes, not ${size}`);
  entries.sort(([left], [right]) => Buffer.compare(left, right));
  const hash = createHash("sha256").update(DOMAIN).update(length32(entries.length));
  for (const part of entries.flat()) hash.update(length32(part.length)).update(part);
  return hash.digest();
}

function length32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}
