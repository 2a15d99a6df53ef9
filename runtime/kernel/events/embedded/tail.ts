import type { LogEntry } from "./frame";

const TAIL_CHARACTERS = 8 * 1024 * 1024;
const READ_ENTRIES = 512;

/** The newest entries in memory, bounded, so that a consumer that keeps up never reads the disk. */
export class Tail {
  private entries: LogEntry[] = [];
  private start = 0;
  private characters = 0;

  push(added: readonly LogEntry[]): void {
    for (const entry of added) {
      this.entries.push(entry);
      this.characters += entry.json.length;
    }
    while (this.characters > TAIL_CHARACTERS && this.start < this.entries.length - 1) {
      this.characters -= (this.entries[this.start] as LogEntry).json.length;
      this.start++;
    }
    // Dropped entries are cut off in bulk, so that a push costs the same on average however long the tail is.
    if (this.start > this.entries.length / 2) {
      this.entries = this.entries.slice(this.start);
      this.start = 0;
    }
  }

  /** Some entries from `sequence` on; undefined when the tail begins later. */
  from(sequence: number): LogEntry[] | undefined {
    const first = this.entries[this.start];
    if (!first || sequence < first.sequence) return undefined;
    const at = this.start + sequence - first.sequence;
    return this.entries.slice(at, at + READ_ENTRIES);
  }
}
