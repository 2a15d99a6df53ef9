import { mkdir, readdir, readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import type { DeadLetter } from "../bus";
import { deadLetterNotFound } from "../dead-letter";
import { replaceFile } from "./files";

const WAITING = ".json";
const REDRIVEN = ".redriven";

/** One consumer's dead letters: a file each, `<sequence>.json`, renamed to `.redriven` while it is before its consumer again. */
export class DeadLetterFolder {
  constructor(
    private readonly folder: string,
    private readonly consumer: string,
    private readonly sync: boolean,
  ) {}

  async store(letter: DeadLetter): Promise<void> {
    await mkdir(this.folder, { recursive: true });
    await replaceFile(this.path(letter.sequence, WAITING), JSON.stringify(letter), this.sync);
    await rm(this.path(letter.sequence, REDRIVEN), { force: true });
  }

  /** Oldest first. */
  list(): Promise<DeadLetter[]> {
    return this.read(WAITING);
  }

  /** Those put before the consumer again and not settled yet, oldest first. */
  redriven(): Promise<DeadLetter[]> {
    return this.read(REDRIVEN);
  }

  /** Marks the letter of this event as redriven. Errors: MNO_NOT_FOUND. */
  async redrive(eventId: string): Promise<DeadLetter> {
    const letters = await this.list();
    const letter = letters.find(({ event }) => (event as { id?: unknown } | null)?.id === eventId);
    if (!letter) throw deadLetterNotFound(this.consumer, eventId);
    await rename(this.path(letter.sequence, WAITING), this.path(letter.sequence, REDRIVEN));
    return letter;
  }

  async settle(sequence: number): Promise<void> {
    await rm(this.path(sequence, REDRIVEN), { force: true });
  }

  private path(sequence: number, suffix: string): string {
    return join(this.folder, `${String(sequence).padStart(16, "0")}${suffix}`);
  }

  private async read(suffix: string): Promise<DeadLetter[]> {
    const names = await readdir(this.folder).catch((error: NodeJS.ErrnoException) => {
      if (error.code === "ENOENT") return [];
      throw error;
    });
    const letters: DeadLetter[] = [];
    for (const name of names.filter((candidate) => candidate.endsWith(suffix)).sort()) {
      const text = await readFile(join(this.folder, name), "utf8").catch((error: NodeJS.ErrnoException) => {
        if (error.code === "ENOENT") return undefined; // settled or redriven meanwhile
        throw error;
      });
      if (text !== undefined) letters.push(JSON.parse(text) as DeadLetter);
    }
    return letters;
  }
}
