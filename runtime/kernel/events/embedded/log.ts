import { constants } from "node:fs";
import { open, readdir, rm, type FileHandle } from "node:fs/promises";
import { join } from "node:path";
import { MnoError } from "../../../exports";
import type { BusDependencies } from "../dependencies";
import { decodeHeader, encodeFrame, HEADER_BYTES, type EncodedEvent, type LogEntry } from "./frame";
import { Segment } from "./segment";
import { Tail } from "./tail";

export interface LogOptions {
  /** Wait for fdatasync before an append resolves. Without it a power cut, not a crash, may lose the last events. */
  sync: boolean;
  /** Declared size of all segments, in bytes. */
  maxBytes: number;
  /** Settled events are kept for replay up to this many bytes in all… */
  retentionBytes: number;
  /** …and this many milliseconds. */
  retentionMilliseconds: number;
  segmentBytes: number;
}

interface Append {
  events: readonly EncodedEvent[];
  bytes: number;
  resolve: () => void;
  reject: (error: unknown) => void;
}

const GROUP_BYTES = 1024 * 1024;

/**
 * A durable append-only log in a folder of segments. Appends that arrive while a write is under way are written together
 * next (group commit). Recent entries are answered from memory, older ones from the segments.
 */
export class SegmentedLog {
  private queue: Append[] = [];
  private committing: Promise<void> | undefined;
  private file: FileHandle | undefined;
  private broken: unknown;
  private closed = false;
  private readonly tail = new Tail();
  /** Called after each group commit, with what it added. */
  onAppended: (entries: readonly LogEntry[]) => void = () => undefined;

  private constructor(
    private readonly folder: string,
    private readonly segments: Segment[],
    private readonly options: LogOptions,
    private readonly deps: Pick<BusDependencies, "clock" | "log">,
    /** The lowest sequence that a consumer still needs, and which consumer that is. */
    private readonly needed: () => { sequence: number; consumer: string } | undefined,
  ) {}

  /** Opens the folder's log and checks all of it. A torn tail is cut off with a warning; MNO_BUS_CORRUPT otherwise. */
  static async open(
    folder: string,
    options: LogOptions,
    deps: Pick<BusDependencies, "clock" | "log">,
    needed: () => { sequence: number; consumer: string } | undefined,
  ): Promise<SegmentedLog> {
    const names = (await readdir(folder)).filter((name) => /^\d{16}\.log$/.test(name)).sort();
    const segments = names.map((name) => new Segment(join(folder, name), Number(name.slice(0, 16))));
    for (const [index, segment] of segments.entries()) {
      const rest = await segment.scan();
      const next = segments[index + 1];
      if (next && (rest > 0 || next.firstSequence !== segment.nextSequence)) {
        throw new MnoError(
          "MNO_BUS_CORRUPT",
          `${segment.path} ends at sequence ${segment.nextSequence - 1} (${rest} bytes unreadable), but ${next.path} follows`,
        );
      }
      if (rest > 0) await cutTail(segment, rest, deps);
    }
    const log = new SegmentedLog(folder, segments, options, deps, needed);
    if (segments.length === 0) segments.push(new Segment(log.pathOf(1), 1));
    log.file = await log.openFile(log.active);
    return log;
  }

  get firstSequence(): number {
    return (this.segments[0] as Segment).firstSequence;
  }

  get nextSequence(): number {
    return this.active.nextSequence;
  }

  get bytes(): number {
    return this.segments.reduce((sum, segment) => sum + segment.bytes, 0);
  }

  /** Why nothing can be appended until the log is opened anew: it is closed, or a failed write could not be undone. */
  get fault(): MnoError | undefined {
    if (this.closed) return new MnoError("MNO_BUS_CLOSED", `the event log ${this.folder} is closed`);
    return this.broken === undefined ? undefined : this.failure(this.broken);
  }

  /**
   * Appends all of `events` or nothing, and resolves when they are durable. Errors: MNO_BUS_FULL, MNO_BUS_CLOSED,
   * MNO_INTERNAL where a file cannot be written.
   */
  append(events: readonly EncodedEvent[]): Promise<void> {
    const { fault } = this;
    if (fault) return Promise.reject(fault);
    const bytes = events.reduce((sum, { type, json }) => sum + type.length + Buffer.byteLength(json) + 2, 0);
    return new Promise((resolve, reject) => {
      this.queue.push({ events, bytes, resolve, reject });
      this.committing ??= this.commitAll();
    });
  }

  /** Some entries from `sequence` on, in order; none when it is beyond the end. What was trimmed is passed over. */
  async read(sequence: number): Promise<readonly LogEntry[]> {
    const from = Math.max(sequence, this.firstSequence);
    if (from >= this.nextSequence) return [];
    const recent = this.tail.from(from);
    if (recent) return recent;
    const segment = this.segments.find((candidate) => from < candidate.nextSequence) as Segment;
    return segment.read(from).catch((error: NodeJS.ErrnoException) => {
      // Trimmed between the look and the read: go on with what follows.
      if (error.code === "ENOENT" && !this.segments.includes(segment)) return this.read(segment.nextSequence);
      throw error;
    });
  }

  /** The first sequence that was appended at `time` (milliseconds since the epoch) or later. */
  sequenceAt(time: number): Promise<number> {
    const segment = this.segments.find((candidate) => candidate.lastTime >= time);
    return segment ? segment.sequenceAt(time) : Promise.resolve(this.nextSequence);
  }

  /** Resolves when everything queued is durable and the files are closed. */
  async close(): Promise<void> {
    this.closed = true;
    await this.committing;
    await this.file?.close();
    this.file = undefined;
  }

  private get active(): Segment {
    return this.segments.at(-1) as Segment;
  }

  private async commitAll(): Promise<void> {
    // One turn of the event loop lets every publish of this turn join the first write.
    await new Promise((resolve) => setImmediate(resolve));
    while (this.queue.length > 0) await this.commit();
    this.committing = undefined;
  }

  private async commit(): Promise<void> {
    const group: Append[] = [];
    let bytes = HEADER_BYTES;
    let taken = 0;
    for (const append of this.queue) {
      if (bytes > HEADER_BYTES && bytes + append.bytes > GROUP_BYTES) break;
      taken++;
      try {
        await this.makeRoom(bytes + append.bytes);
        group.push(append);
        bytes += append.bytes;
      } catch (error) {
        append.reject(this.failure(error));
      }
    }
    this.queue.splice(0, taken);
    if (group.length === 0) return;
    try {
      await this.write(group.flatMap((append) => append.events));
      for (const append of group) append.resolve();
    } catch (error) {
      for (const append of group) append.reject(this.failure(error));
    }
  }

  private async write(events: readonly EncodedEvent[]): Promise<void> {
    this.assertSound();
    if (this.active.bytes >= this.options.segmentBytes) await this.roll();
    const segment = this.active;
    const firstSequence = segment.nextSequence;
    // A clock that was set back must not make positions by time ambiguous.
    const time = Math.max(this.deps.clock.now(), ...this.segments.slice(-2).map(({ lastTime }) => lastTime));
    const frame = encodeFrame(events, firstSequence, time);
    const file = this.file as FileHandle;
    try {
      for (let done = 0; done < frame.length;) {
        done += (await file.write(frame, done, frame.length - done, segment.bytes + done)).bytesWritten;
      }
      if (this.options.sync) await file.datasync();
    } catch (error) {
      // What is on disk after a failed write or sync is unknown: unless it can be undone, no append is believed any more.
      await file
        .truncate(segment.bytes)
        .then(() => file.datasync())
        .catch((undo: unknown) => (this.broken = undo));
      throw error;
    }
    const header = decodeHeader(frame, 0);
    if (header) segment.add(header);
    const entries = events.map(({ type, json }, index) => ({ sequence: firstSequence + index, type, json }));
    this.tail.push(entries);
    this.onAppended(entries);
  }

  /** What lies behind the active segment's end is unknown once the log is broken: neither written to nor sealed again. */
  private assertSound(): void {
    if (this.broken !== undefined) throw this.failure(this.broken);
  }

  private failure(cause: unknown): MnoError {
    if (cause instanceof MnoError) return cause;
    const full = (cause as NodeJS.ErrnoException).code === "ENOSPC";
    return full
      ? new MnoError("MNO_BUS_FULL", `no space is left on the disk of ${this.folder}`, { cause })
      : new MnoError("MNO_INTERNAL", `the event log ${this.folder} could not be written: ${String(cause)}`, { cause });
  }

  /** Trims by the retention rule and, if `bytes` more would not fit, beyond it. Errors: MNO_BUS_FULL. */
  private async makeRoom(bytes: number): Promise<void> {
    this.assertSound();
    const { maxBytes, retentionBytes, retentionMilliseconds, segmentBytes } = this.options;
    const full = (): boolean => this.bytes + bytes > maxBytes;
    // Only sealed segments can go: seal the active one when it is all that could.
    if (full() && this.segments.length === 1 && this.active.bytes > 0 && this.isSettled(this.active)) await this.roll();
    while (this.segments.length > 1) {
      const oldest = this.segments[0] as Segment;
      const expired = oldest.lastTime < this.deps.clock.now() - retentionMilliseconds;
      if (!this.isSettled(oldest) || !(full() || expired || this.bytes > retentionBytes + segmentBytes)) break;
      this.segments.shift();
      await rm(oldest.path);
    }
    if (!full()) return;
    const holder = this.needed();
    throw new MnoError(
      "MNO_BUS_FULL",
      `${this.folder} holds ${this.bytes} of ${maxBytes} bytes` +
        (holder ? `, and consumer ${holder.consumer} still needs events from sequence ${holder.sequence}` : "") +
        `; ${bytes} more do not fit`,
      { extensions: { bytes: this.bytes, maxBytes } },
    );
  }

  private isSettled(segment: Segment): boolean {
    return segment.nextSequence <= (this.needed()?.sequence ?? Infinity);
  }

  /** Seals the active segment and begins the next; where that fails the active one stays, to be sealed by a later roll. */
  private async roll(): Promise<void> {
    const sealed = this.file as FileHandle;
    await sealed.datasync();
    const next = new Segment(this.pathOf(this.nextSequence), this.nextSequence);
    try {
      this.file = await this.openFile(next);
    } catch (error) {
      // More may yet be written before its sequence, and then the log could not be opened with it.
      await rm(next.path, { force: true }).catch((undo: unknown) => (this.broken = undo));
      throw error;
    }
    this.segments.push(next);
    await sealed.close();
  }

  /** Opens the segment's file for writing, created where missing and its name durable. */
  private async openFile(segment: Segment): Promise<FileHandle> {
    // "a" would ignore positions; "r+" needs the file to exist.
    const file = await open(segment.path, constants.O_RDWR | constants.O_CREAT);
    try {
      const directory = await open(this.folder, "r");
      await directory.sync().finally(() => directory.close());
      return file;
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  private pathOf(sequence: number): string {
    return join(this.folder, `${String(sequence).padStart(16, "0")}.log`);
  }
}

async function cutTail(segment: Segment, rest: number, deps: Pick<BusDependencies, "log">): Promise<void> {
  deps.log.warn(
    { path: segment.path, offset: segment.bytes, bytes: rest },
    "the event log ends in a write that a crash cut short; it was never acknowledged and is removed",
  );
  const file = await open(segment.path, "r+");
  try {
    await file.truncate(segment.bytes);
    await file.datasync();
  } finally {
    await file.close();
  }
}
