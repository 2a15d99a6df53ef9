import { crc32 } from "node:zlib";

/**
 * The log's unit on disk: everything that one group commit wrote. It is there whole or not at all, which makes a batch
 * atomic and a torn tail recognisable. Layout, little-endian: magic u32, payload bytes u32, CRC-32 u32 of what follows,
 * events u32, first sequence f64, time f64 (ms since the epoch); then one line `<type> <event as JSON>` per event.
 */
export const HEADER_BYTES = 32;
const MAGIC = 0x464f4e4d; // "MNOF"
const CRC_FROM = 12;

/** One event as the log holds it. */
export interface LogEntry {
  sequence: number;
  type: string;
  json: string;
}

export interface FrameHeader {
  payloadBytes: number;
  events: number;
  firstSequence: number;
  /** When it was appended, milliseconds since the epoch. */
  time: number;
}

export interface EncodedEvent {
  type: string;
  json: string;
}

export function encodeFrame(events: readonly EncodedEvent[], firstSequence: number, time: number): Buffer {
  const text = events.map(({ type, json }) => `${type} ${json}`).join("\n");
  const payloadBytes = Buffer.byteLength(text);
  const frame = Buffer.allocUnsafe(HEADER_BYTES + payloadBytes);
  frame.writeUInt32LE(MAGIC, 0);
  frame.writeUInt32LE(payloadBytes, 4);
  frame.writeUInt32LE(events.length, 12);
  frame.writeDoubleLE(firstSequence, 16);
  frame.writeDoubleLE(time, 24);
  frame.write(text, HEADER_BYTES, "utf8");
  frame.writeUInt32LE(crc32(frame.subarray(CRC_FROM)), 8);
  return frame;
}

/** The header at `offset`, or undefined where none begins. Its numbers are to be trusted only once the CRC holds. */
export function decodeHeader(bytes: Buffer, offset: number): FrameHeader | undefined {
  if (bytes.length - offset < HEADER_BYTES || bytes.readUInt32LE(offset) !== MAGIC) return undefined;
  return {
    payloadBytes: bytes.readUInt32LE(offset + 4),
    events: bytes.readUInt32LE(offset + 12),
    firstSequence: bytes.readDoubleLE(offset + 16),
    time: bytes.readDoubleLE(offset + 24),
  };
}

/** Whether the whole frame at the start of `bytes` is as it was written. */
export function isIntact(bytes: Buffer): boolean {
  const header = decodeHeader(bytes, 0);
  if (!header || bytes.length < HEADER_BYTES + header.payloadBytes) return false;
  return crc32(bytes.subarray(CRC_FROM, HEADER_BYTES + header.payloadBytes)) === bytes.readUInt32LE(8);
}

export function decodeEntries(frame: Buffer, header: FrameHeader): LogEntry[] {
  const text = frame.toString("utf8", HEADER_BYTES, HEADER_BYTES + header.payloadBytes);
  return text.split("\n").map((line, index) => {
    const space = line.indexOf(" ");
    return { sequence: header.firstSequence + index, type: line.slice(0, space), json: line.slice(space + 1) };
  });
}

/** Where the next possible frame begins at or after `from`; -1 where there is none. */
export function findMagic(bytes: Buffer, from: number): number {
  const magic = Buffer.allocUnsafe(4);
  magic.writeUInt32LE(MAGIC);
  return bytes.indexOf(magic, from);
}
