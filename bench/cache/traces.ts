import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync, zstdDecompressSync } from "node:zlib";
import { XzReadableStream } from "xz-decompress";
import { MnoError } from "../../runtime/exports";

/** Requests in their order, as numbers from 0 to unique - 1. */
export interface Trace {
  name: string;
  requests: Int32Array;
  unique: number;
}

const FORMAT = /^(.+?)(?:\.trace)?\.(lis|lis\.zst|xz|gz)$/;
/** Sources that write 64-bit keys; all other binary traces here have 32-bit ones. */
const WIDE = /scarab|corda|vaultservice/i;

/** Names of the files of a folder that are traces, in order. Errors: MNO_TRACE_INVALID where there is none. */
export function traceFiles(folder: string): string[] {
  let names: string[] = [];
  try {
    names = readdirSync(folder).filter((name) => FORMAT.test(name));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
  }
  if (names.length > 0) return names.sort();
  throw new MnoError(
    "MNO_TRACE_INVALID",
    `${folder} has no traces (*.lis, *.lis.zst, *.xz, *.gz); --data DIR names another folder`,
  );
}

/**
 * Reads a trace: `.lis` are the ARC paper's lines `start count ignored number` (expanded to blocks), `.trace.xz` and `.trace.gz` one integer a line, or binary keys of 32 or 64
 * bits, by the source in the name. Errors: MNO_TRACE_INVALID.
 */
export async function readTrace(folder: string, file: string): Promise<Trace> {
  const [, base = "", format = ""] = FORMAT.exec(file) ?? [];
  const bytes = readFileSync(join(folder, file));
  const name = base.replace(/^(arc|caffeine)_/, "").replace(/^(cache2k|lirs|scarab|cloud_physics)_/, "");
  const content =
    format === "lis.zst"
      ? zstdDecompressSync(bytes)
      : format === "gz"
        ? gunzipSync(bytes)
        : format === "xz"
          ? await unxz(bytes)
          : bytes;
  const keys = format.startsWith("lis") ? blocks(content) : isText(content) ? lines(content) : binary(content, file);
  const trace = dense(name, keys);
  if (trace.requests.length > 0) return trace;
  throw new MnoError("MNO_TRACE_INVALID", `${file} holds no request`);
}

async function unxz(bytes: Uint8Array<ArrayBuffer>): Promise<Buffer> {
  const source = new Blob([bytes]).stream();
  const chunks: Uint8Array[] = [];
  for await (const chunk of new XzReadableStream(source) as unknown as AsyncIterable<Uint8Array>) chunks.push(chunk);
  return Buffer.concat(chunks);
}

function isText(content: Buffer): boolean {
  return content.subarray(0, 1024).every((byte) => (byte >= 48 && byte <= 57) || [10, 13, 32, 42, 45].includes(byte));
}

/** All integers of a text, line by line, without a string for each. */
function* integers(content: Buffer): Generator<number[]> {
  let fields: number[] = [];
  let value = -1;
  for (let at = 0; at <= content.length; at++) {
    const byte = at < content.length ? content[at]! : 10;
    if (byte >= 48 && byte <= 57) {
      value = Math.max(value, 0) * 10 + byte - 48;
      continue;
    }
    if (value >= 0) fields.push(value);
    value = -1;
    if (byte !== 10 || fields.length === 0) continue;
    yield fields;
    fields = [];
  }
}

function* blocks(content: Buffer): Generator<number> {
  for (const [start = 0, count = 0] of integers(content)) {
    for (let block = start; block < start + count; block++) yield block;
  }
}

function* lines(content: Buffer): Generator<number> {
  for (const [key = 0] of integers(content)) yield key;
}

function* binary(content: Buffer, file: string): Generator<number | bigint> {
  const wide = WIDE.test(file);
  for (let at = 0; at + (wide ? 8 : 4) <= content.length; at += wide ? 8 : 4) {
    yield wide ? content.readBigInt64BE(at) : content.readInt32BE(at);
  }
}

function dense(name: string, keys: Iterable<number | bigint>): Trace {
  const ids = new Map<number | bigint, number>();
  let requests = new Int32Array(1 << 16);
  let length = 0;
  for (const key of keys) {
    let id = ids.get(key);
    if (id === undefined) ids.set(key, (id = ids.size));
    if (length === requests.length) {
      const longer = new Int32Array(2 * length);
      longer.set(requests);
      requests = longer;
    }
    requests[length++] = id;
  }
  return { name, requests: requests.subarray(0, length), unique: ids.size };
}
