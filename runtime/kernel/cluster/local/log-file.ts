import { type FileHandle, open, rename, rm, stat } from "node:fs/promises";
import { createSerial } from "./serial";

const ROTATE_BYTES = 8 * 1024 * 1024;
const READ_BLOCK_BYTES = 64 * 1024;

/**
 * The output of one workload: `<time> <replica> <text>` per line, 8 MiB in `<path>` and as much again in `<path>.1`.
 * `append` resolves when the lines are written, so that a process which prints faster than the disk takes has to wait.
 */
export class LogFile {
  private readonly inTurn = createSerial();
  private file: FileHandle | undefined;
  private size = 0;

  constructor(
    private readonly path: string,
    private readonly rotateBytes = ROTATE_BYTES,
  ) {}

  append(lines: readonly string[]): Promise<void> {
    return this.inTurn(async () => {
      const text = Buffer.from(lines.map((line) => `${line}\n`).join(""));
      if (this.file && this.size > 0 && this.size + text.length > this.rotateBytes) await this.rotate();
      this.file ??= await this.openFile();
      await this.file.appendFile(text);
      this.size += text.length;
    });
  }

  /** The last lines, oldest first. */
  tail(count: number): Promise<string[]> {
    return this.inTurn(async () => {
      const lines = await tailOf(this.path, count);
      const missing = count - lines.length;
      return missing > 0 ? [...(await tailOf(`${this.path}.1`, missing)), ...lines] : lines;
    });
  }

  close(): Promise<void> {
    return this.inTurn(() => this.closeFile());
  }

  remove(): Promise<void> {
    return this.inTurn(async () => {
      await this.closeFile();
      for (const path of [this.path, `${this.path}.1`]) await rm(path, { force: true });
    });
  }

  private async openFile(): Promise<FileHandle> {
    const file = await open(this.path, "a", 0o600);
    this.size = (await file.stat()).size;
    return file;
  }

  private async rotate(): Promise<void> {
    await this.closeFile();
    await rename(this.path, `${this.path}.1`);
  }

  private async closeFile(): Promise<void> {
    const { file } = this;
    this.file = undefined;
    await file?.close();
  }
}

/** Reads backwards from the end, so that the last lines of a long file cost little. */
async function tailOf(path: string, count: number): Promise<string[]> {
  const exists = await stat(path).catch(() => undefined);
  if (!exists || count <= 0) return [];
  const file = await open(path, "r");
  try {
    const blocks: Buffer[] = [];
    let position = exists.size;
    let newlines = 0;
    while (position > 0 && newlines <= count) {
      const length = Math.min(READ_BLOCK_BYTES, position);
      position -= length;
      const block = Buffer.alloc(length);
      await file.read(block, 0, length, position);
      newlines += block.reduce((sum, byte) => sum + (byte === 0x0a ? 1 : 0), 0);
      blocks.unshift(block);
    }
    return Buffer.concat(blocks).toString("utf8").split("\n").slice(0, -1).slice(-count);
  } finally {
    await file.close();
  }
}
