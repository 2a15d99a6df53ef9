import { open, type FileHandle } from "node:fs/promises";
import { MnoError } from "../../../exports";
import {
  decodeEntries,
  decodeHeader,
  findMagic,
  HEADER_BYTES,
  isIntact,
  type FrameHeader,
  type LogEntry,
} from "./frame";

/** A place where a frame begins, for seeking without reading the segment from its start. */
interface Mark {
  sequence: number;
  time: number;
  offset: number;
}

const MARK_EVERY_BYTES = 64 * 1024;
const READ_BYTES = 256 * 1024;

/** One file of the log, and a sparse index of it in memory. */
export class Segment {
  private readonly marks: Mark[] = [];
  /** Bytes of whole frames. */
  bytes = 0;
  /** Sequence after its last event. */
  nextSequence: number;
  lastTime = 0;

  constructor(
    readonly path: string,
    readonly firstSequence: number,
  ) {
    this.nextSequence = firstSequence;
  }

  /** Takes note of a frame that is on disk at the present end. */
  add(header: FrameHeader): void {
    const last = this.marks.at(-1);
    if (!last || this.bytes - last.offset >= MARK_EVERY_BYTES) {
      this.marks.push({ sequence: header.firstSequence, time: header.time, offset: this.bytes });
    }
    this.bytes += HEADER_BYTES + header.payloadBytes;
    this.nextSequence = header.firstSequence + header.events;
    this.lastTime = header.time;
  }

  /**
   * Reads the whole file once, checking every frame, and builds the index. Returns how many bytes at the end belong to no
   * whole frame. Errors: MNO_BUS_CORRUPT when whole frames follow the damage, for then it is no torn tail.
   */
  async scan(): Promise<number> {
    const file = await open(this.path, "r");
    try {
      const size = (await file.stat()).size;
      for (;;) {
        const frame = await readFrame(file, this.bytes, size);
        if (!frame || frame.header.firstSequence !== this.nextSequence) break;
        this.add(frame.header);
      }
      const rest = size - this.bytes;
      if (rest > 0 && (await hasFrameAfter(file, this.bytes + 1, size))) throw corrupt(this.path, this.bytes);
      return rest;
    } finally {
      await file.close();
    }
  }

  /** The entries from `sequence` on that one read brings: at least one, as long as there is one. */
  async read(sequence: number): Promise<LogEntry[]> {
    const end = this.bytes;
    const file = await open(this.path, "r");
    try {
      const entries: LogEntry[] = [];
      let offset = this.markBefore((mark) => mark.sequence <= sequence);
      const enough = offset + READ_BYTES;
      while (offset < end && (offset < enough || entries.length === 0)) {
        const frame = await readFrame(file, offset, end);
        if (!frame) throw corrupt(this.path, offset);
        if (frame.header.firstSequence + frame.header.events > sequence) {
          for (const entry of decodeEntries(frame.bytes, frame.header))
            if (entry.sequence >= sequence) entries.push(entry);
        }
        offset += frame.bytes.length;
      }
      return entries;
    } finally {
      await file.close();
    }
  }

  /** The sequence of the first frame that was appended at `time` (ms since the epoch) or later. */
  async sequenceAt(time: number): Promise<number> {
    const file = await open(this.path, "r");
    try {
      let offset = this.markBefore((mark) => mark.time < time);
      while (offset < this.bytes) {
        const frame = await readFrame(file, offset, this.bytes);
        if (!frame) throw corrupt(this.path, offset);
        if (frame.header.time >= time) return frame.header.firstSequence;
        offset += frame.bytes.length;
      }
      return this.nextSequence;
    } finally {
      await file.close();
    }
  }

  /** Offset of the last mark for which `holds` (true for a prefix of them), or of the start. */
  private markBefore(holds: (mark: Mark) => boolean): number {
    let low = 0;
    let high = this.marks.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (holds(this.marks[middle] as Mark)) low = middle + 1;
      else high = middle;
    }
    return this.marks[low - 1]?.offset ?? 0;
  }
}

async function readFrame(
  file: FileHandle,
  offset: number,
  end: number,
): Promise<{ header: FrameHeader; bytes: Buffer } | undefined> {
  // One read brings most frames whole; only a large one takes a second.
  const first = await readBytes(file, offset, Math.min(16 * 1024, end - offset));
  const header = decodeHeader(first, 0);
  if (!header) return undefined;
  const length = HEADER_BYTES + header.payloadBytes;
  if (offset + length > end) return undefined;
  const bytes = length <= first.length ? first.subarray(0, length) : await readBytes(file, offset, length);
  return isIntact(bytes) ? { header, bytes } : undefined;
}

async function readBytes(file: FileHandle, offset: number, length: number): Promise<Buffer> {
  const buffer = Buffer.allocUnsafe(Math.max(length, 0));
  let filled = 0;
  while (filled < length) {
    const { bytesRead } = await file.read(buffer, filled, length - filled, offset + filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return buffer.subarray(0, filled);
}

async function hasFrameAfter(file: FileHandle, from: number, end: number): Promise<boolean> {
  for (let offset = from; offset < end;) {
    const bytes = await readBytes(file, offset, Math.min(READ_BYTES, end - offset));
    for (let at = findMagic(bytes, 0); at >= 0; at = findMagic(bytes, at + 1)) {
      if (await readFrame(file, offset + at, end)) return true;
    }
    // The magic may lie across two reads.
    if (offset + bytes.length >= end) return false;
    offset += bytes.length - 3;
  }
  return false;
}

function corrupt(path: string, offset: number): MnoError {
  return new MnoError(
    "MNO_BUS_CORRUPT",
    `${path} is damaged at byte ${offset}; put back a backup, or move the folder away to start anew`,
  );
}
