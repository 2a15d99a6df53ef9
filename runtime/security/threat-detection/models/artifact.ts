import { gunzipSync, gzipSync } from "node:zlib";
import { MnoError } from "../../../exports";
import type { Rows } from "../ensemble/committee";
import type { TrainingSet } from "../ensemble/training";

/** What a model is made of: with the same seed it is the same model, bit for bit. */
export interface Artifact extends TrainingSet {
  columns: readonly string[];
  numeric: number;
  seed: number;
}

const FORMAT = "mno-threat-model-1";
/** Uncompressed. */
const LARGEST_BYTES = 64 * 2 ** 20;

interface Header {
  format: string;
  columns: string[];
  numeric: number;
  seed: number;
  learning: number;
  heldOut: number;
}

/** Length of the header (4 bytes), the header as JSON, the rows as little-endian doubles; all of it gzipped. */
export function encodeArtifact({ columns, numeric, seed, learning, heldOut }: Artifact): Buffer {
  const header: Header = {
    format: FORMAT,
    columns: [...columns],
    numeric,
    seed,
    learning: learning.count,
    heldOut: heldOut.count,
  };
  const text = Buffer.from(JSON.stringify(header));
  const length = Buffer.alloc(4);
  length.writeUInt32LE(text.length);
  const bytes = ({ raw }: Rows): Buffer => {
    const view = Buffer.alloc(raw.length * 8);
    raw.forEach((value, index) => view.writeDoubleLE(value, index * 8));
    return view;
  };
  return gzipSync(Buffer.concat([length, text, bytes(learning), bytes(heldOut)]));
}

/** Errors: MNO_THREAT_MODEL_INVALID for what is not an artifact, whole and finite. */
export function decodeArtifact(file: Uint8Array): Artifact {
  try {
    const plain = gunzipSync(file, { maxOutputLength: LARGEST_BYTES });
    const start = 4 + plain.readUInt32LE(0);
    const header = JSON.parse(plain.toString("utf8", 4, start)) as Header;
    if (header.format !== FORMAT) throw new Error(`format ${String(header.format)}, not ${FORMAT}`);
    const { columns, numeric, seed } = header;
    if (!Array.isArray(columns) || !(numeric >= 1 && numeric <= columns.length)) throw new Error("no columns");
    const stride = columns.length;
    const count = (header.learning + header.heldOut) * stride;
    if (!(header.learning >= 1) || !(header.heldOut >= 1) || plain.length !== start + count * 8)
      throw new Error("another number of rows than it says");
    const values = Float64Array.from({ length: count }, (_, index) => plain.readDoubleLE(start + index * 8));
    if (!values.every(Number.isFinite)) throw new Error("values that are no numbers");
    const learning = { raw: values.slice(0, header.learning * stride), count: header.learning };
    const heldOut = { raw: values.slice(header.learning * stride), count: header.heldOut };
    return { columns, numeric, seed, learning, heldOut };
  } catch (cause) {
    throw new MnoError("MNO_THREAT_MODEL_INVALID", `The model cannot be read: ${(cause as Error).message}`, { cause });
  }
}
