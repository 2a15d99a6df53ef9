import { createHash } from "node:crypto";
import { closeSync, openSync, readSync, statSync } from "node:fs";
import { MnoError } from "../../runtime/exports";

/** Bytes that can be read more than once: a layer is read to learn its digest and again to be written, and is never held whole. */
export interface Content {
  /** Bytes in all. */
  readonly size: number;
  chunks(): Iterable<Buffer>;
}

const CHUNK_BYTES = 1024 * 1024;

export function bytes(value: Buffer | string): Content {
  const buffer = Buffer.from(value);
  return { size: buffer.length, chunks: () => [buffer] };
}

/** JSON as it is hashed and stored: its keys in the order given, no white space. */
export function json(value: unknown): Content {
  return bytes(JSON.stringify(value));
}

/** A file of this machine. Errors: MNO_IMAGE_INVALID while reading, if it has changed its size since. */
export function hostFile(path: string): Content {
  const { size } = statSync(path);
  return {
    size,
    *chunks() {
      const file = openSync(path, "r");
      try {
        let left = size;
        while (left > 0) {
          const chunk = Buffer.allocUnsafe(Math.min(left, CHUNK_BYTES));
          const read = readSync(file, chunk);
          if (read === 0) break;
          left -= read;
          yield chunk.subarray(0, read);
        }
        if (left > 0 || readSync(file, Buffer.alloc(1)) > 0)
          throw new MnoError("MNO_IMAGE_INVALID", `${path} changed while the image was built; build again`);
      } finally {
        closeSync(file);
      }
    },
  };
}

/** Lower-case hexadecimal SHA-256. */
export function sha256(content: Content): string {
  const hash = createHash("sha256");
  for (const chunk of content.chunks()) hash.update(chunk);
  return hash.digest("hex");
}
