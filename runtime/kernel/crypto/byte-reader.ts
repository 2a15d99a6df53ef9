import { MnoError } from "../../exports";

/** Reads the fields of a binary format in order; whatever is short, or left over, is MNO_ENVELOPE_INVALID. */
export class ByteReader {
  private position = 0;

  constructor(private readonly bytes: Uint8Array) {}

  take(size: number): Uint8Array {
    const end = this.position + size;
    if (end > this.bytes.length) throw malformed(`it ends after ${this.bytes.length} bytes, where ${end} are needed`);
    const taken = this.bytes.subarray(this.position, end);
    this.position = end;
    return taken;
  }

  /** Unsigned, big-endian. */
  number(size: 1 | 2 | 4): number {
    return this.take(size).reduce((value, byte) => value * 256 + byte, 0);
  }

  rest(): Uint8Array {
    return this.take(this.bytes.length - this.position);
  }

  requireEnd(): void {
    if (this.position !== this.bytes.length)
      throw malformed(`${this.bytes.length - this.position} bytes are left over`);
  }
}

export function malformed(why: string): MnoError {
  return new MnoError("MNO_ENVELOPE_INVALID", `The envelope cannot be read: ${why}`);
}

/** Unsigned, big-endian. */
export function numberBytes(value: number, size: 1 | 2 | 4): Buffer {
  const bytes = Buffer.alloc(size);
  bytes.writeUIntBE(value, 0, size);
  return bytes;
}
