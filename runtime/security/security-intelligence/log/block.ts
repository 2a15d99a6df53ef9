import { hash } from "node:crypto";
import { leafHash, merkleRoot } from "../../../kernel/crypto/merkle";

/** A record as it goes into the log. */
export interface LogRecord {
  readonly uid: string;
  readonly classUid: number;
  readonly time: number;
  readonly severity: number;
  readonly user: string | null;
  readonly address: string | null;
  readonly session: string | null;
  /** The whole event as JSON: what is hashed, byte for byte. */
  readonly text: string;
}

/** What one append made: its records' hashes, and what they were, so that a missing one still has a class and a time. */
export interface Block {
  readonly number: number;
  readonly firstSeq: number;
  readonly count: number;
  /** Milliseconds since 1970. */
  readonly createdAt: number;
  /** Hashes of the records (RFC 9162 leaves), in order. */
  readonly leaves: readonly Buffer[];
  readonly kinds: readonly Kind[];
  /** Hash of the block before; of the first, zeros. */
  readonly previous: string;
  readonly hash: string;
}

export interface Kind {
  readonly classUid: number;
  readonly time: number;
}

export const NO_BLOCK = "0".repeat(64);
const LEAF_BYTES = 32;
const KIND_BYTES = 12;

export function makeBlock(
  at: Pick<Block, "number" | "firstSeq" | "createdAt" | "previous">,
  records: readonly LogRecord[],
): Block {
  const leaves = records.map(({ text }) => leafHash(Buffer.from(text, "utf8")));
  const kinds = records.map(({ classUid, time }) => ({ classUid, time }));
  const block = { ...at, count: records.length, leaves, kinds };
  return { ...block, hash: blockHash(block) };
}

/** SHA-256 over all of a block but the hash. */
export function blockHash({
  number,
  firstSeq,
  count,
  createdAt,
  leaves,
  kinds,
  previous,
}: Omit<Block, "hash">): string {
  const root = merkleRoot(leaves).toString("hex");
  const what = hash("sha256", packKinds(kinds), "hex");
  return hash("sha256", ["mno-log-block", number, firstSeq, count, createdAt, root, what, previous].join("\n"), "hex");
}

export function packLeaves(leaves: readonly Buffer[]): string {
  return Buffer.concat(leaves).toString("base64");
}

export function unpackLeaves(packed: string): Buffer[] {
  const bytes = Buffer.from(packed, "base64");
  return Array.from({ length: Math.floor(bytes.length / LEAF_BYTES) }, (_, index) =>
    bytes.subarray(index * LEAF_BYTES, (index + 1) * LEAF_BYTES),
  );
}

export function packKinds(kinds: readonly Kind[]): string {
  const bytes = Buffer.alloc(kinds.length * KIND_BYTES);
  kinds.forEach(({ classUid, time }, index) => {
    bytes.writeUInt32BE(classUid, index * KIND_BYTES);
    bytes.writeDoubleBE(time, index * KIND_BYTES + 4);
  });
  return bytes.toString("base64");
}

export function unpackKinds(packed: string): Kind[] {
  const bytes = Buffer.from(packed, "base64");
  return Array.from({ length: Math.floor(bytes.length / KIND_BYTES) }, (_, index) => ({
    classUid: bytes.readUInt32BE(index * KIND_BYTES),
    time: bytes.readDoubleBE(index * KIND_BYTES + 4),
  }));
}
