import { inflateRawSync } from "node:zlib";

/** A NumPy array of numbers, as doubles, in the order of the file (C order). */
export interface NumberArray {
  shape: number[];
  values: Float64Array;
}

const LOCAL_HEADER = 0x04034b50;
const CENTRAL_HEADER = 0x02014b50;
const END_OF_DIRECTORY = 0x06054b50;

/** Arrays of an .npz file (a ZIP of .npy) by name without ".npy". Errors: RangeError names what is not understood. */
export function readNpz(file: Buffer): Map<string, NumberArray> {
  let end = file.length - 22;
  while (end >= 0 && file.readUInt32LE(end) !== END_OF_DIRECTORY) end--;
  if (end < 0) throw new RangeError("not a ZIP file: it has no end of the central directory");
  const arrays = new Map<string, NumberArray>();
  let at = file.readUInt32LE(end + 16);
  for (let entry = file.readUInt16LE(end + 10); entry > 0; entry--) {
    if (file.readUInt32LE(at) !== CENTRAL_HEADER) throw new RangeError("the ZIP's central directory is damaged");
    const method = file.readUInt16LE(at + 10);
    const size = file.readUInt32LE(at + 20);
    const nameLength = file.readUInt16LE(at + 28);
    const name = file.toString("utf8", at + 46, at + 46 + nameLength);
    const local = file.readUInt32LE(at + 42);
    if (file.readUInt32LE(local) !== LOCAL_HEADER) throw new RangeError(`the ZIP's entry ${name} is damaged`);
    const start = local + 30 + file.readUInt16LE(local + 26) + file.readUInt16LE(local + 28);
    const stored = file.subarray(start, start + size);
    if (method !== 0 && method !== 8) throw new RangeError(`compression method ${method} of ${name} is not known`);
    arrays.set(name.replace(/\.npy$/, ""), readNpy(method === 8 ? inflateRawSync(stored) : stored));
    at += 46 + nameLength + file.readUInt16LE(at + 30) + file.readUInt16LE(at + 32);
  }
  return arrays;
}

/** The NPY format, versions 1 to 3: https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html */
export function readNpy(file: Buffer): NumberArray {
  if (file.toString("latin1", 0, 6) !== "\x93NUMPY") throw new RangeError("not an .npy file");
  const isFirst = file[6] === 1;
  const headerStart = isFirst ? 10 : 12;
  const dataStart = headerStart + (isFirst ? file.readUInt16LE(8) : file.readUInt32LE(8));
  const header = file.toString("latin1", headerStart, dataStart);
  const type = /'descr':\s*'([^']+)'/.exec(header)?.[1] ?? "none";
  const shape = (/'shape':\s*\(([^)]*)\)/.exec(header)?.[1] ?? "").split(",").filter((part) => part.trim() !== "");
  const lengths = shape.map(Number);
  const count = lengths.reduce((product, length) => product * length, 1);
  const read = READERS[type];
  if (read === undefined) throw new RangeError(`elements of type ${type} are not known`);
  const size = Number(type.slice(2));
  const isFortran = /'fortran_order':\s*True/.test(header);
  const values = new Float64Array(count);
  const [rows = 1, columns = 1] = lengths;
  for (let index = 0; index < count; index++) {
    const place = isFortran && lengths.length === 2 ? (index % rows) * columns + Math.floor(index / rows) : index;
    values[place] = read(file, dataStart + index * size);
  }
  return { shape: lengths, values };
}

const READERS: Record<string, (file: Buffer, at: number) => number> = {
  "<f8": (file, at) => file.readDoubleLE(at),
  "<f4": (file, at) => file.readFloatLE(at),
  "<i8": (file, at) => Number(file.readBigInt64LE(at)),
  "<u8": (file, at) => Number(file.readBigUInt64LE(at)),
  "<i4": (file, at) => file.readInt32LE(at),
  "<u4": (file, at) => file.readUInt32LE(at),
  "<i2": (file, at) => file.readInt16LE(at),
  "<u2": (file, at) => file.readUInt16LE(at),
  "|u1": (file, at) => file.readUInt8(at),
  "|i1": (file, at) => file.readInt8(at),
  "|b1": (file, at) => file.readUInt8(at),
};
