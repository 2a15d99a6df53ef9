import assert from "node:assert/strict";
import { deflateRawSync } from "node:zlib";
import fc from "fast-check";
import { readNpy, readNpz } from "../../../bench/threat-detection/npy";
import { decodeArtifact } from "../../../runtime/security/threat-detection/models/artifact";

/** An array as NumPy writes it. */
function npy(values: readonly number[], shape: string, isFortran = false): Buffer {
  const text = `{'descr': '<f8', 'fortran_order': ${isFortran ? "True" : "False"}, 'shape': (${shape}), }`;
  const header = Buffer.from(`${text.padEnd(117)}\n`);
  const start = Buffer.from([0x93, ...Buffer.from("NUMPY"), 1, 0, header.length & 255, header.length >> 8]);
  return Buffer.concat([start, header, Buffer.from(Float64Array.from(values).buffer)]);
}

/** A ZIP of one entry. */
function zip(name: string, file: Buffer): Buffer {
  const packed = deflateRawSync(file);
  const entry = (signature: number, size: number, methodAt: number, sizesAt: number, nameAt: number): Buffer => {
    const head = Buffer.alloc(size);
    head.writeUInt32LE(signature, 0);
    head.writeUInt16LE(8, methodAt);
    head.writeUInt32LE(packed.length, sizesAt);
    head.writeUInt32LE(file.length, sizesAt + 4);
    head.writeUInt16LE(name.length, nameAt);
    return Buffer.concat([head, Buffer.from(name)]);
  };
  const local = Buffer.concat([entry(0x04034b50, 30, 8, 18, 26), packed]);
  const central = entry(0x02014b50, 46, 10, 20, 28);
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(1, 10);
  end.writeUInt32LE(central.length, 12);
  end.writeUInt32LE(local.length, 16);
  return Buffer.concat([local, central, end]);
}

describe("threat detection: files", () => {
  it("NumPy's arrays come back, in either order, out of a ZIP", () => {
    fc.assert(
      fc.property(fc.array(fc.double({ noNaN: true }), { minLength: 6, maxLength: 6 }), (values) => {
        assert.deepEqual([...readNpy(npy(values, "2, 3")).values], values);
        const [a, b, c, d, e, f] = values;
        assert.deepEqual([...readNpy(npy(values, "2, 3", true)).values], [a, c, e, b, d, f]);
        assert.deepEqual([...readNpz(zip("X.npy", npy(values, "6,"))).get("X")!.values], values);
      }),
    );
  });

  it("what is no model is refused by its code, whatever it is", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        assert.throws(() => decodeArtifact(bytes), { code: "MNO_THREAT_MODEL_INVALID" });
      }),
    );
  });
});
