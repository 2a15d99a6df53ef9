import { readFile } from "node:fs/promises";
import { MnoError } from "../../../exports";
import type { BusDependencies } from "../dependencies";
import { replaceFile } from "./files";

/** Deliveries of an event that is not settled yet. */
interface Deliveries {
  begun: number;
  /** Those that ended with their subscription, through no fault of the event. */
  excused: number;
}

interface StoredState {
  types: string[];
  next: number;
  outstanding: [sequence: number, begun: number, excused: number][];
}

/** A save at most this often: what a crash loses of the position is delivered again. */
const SAVE_EVERY_MILLISECONDS = 25;

/**
 * One consumer's durable position: everything below `next` is settled, except what is outstanding. Saved in the background,
 * many settlements at a time.
 */
export class ConsumerState {
  private readonly outstanding = new Map<number, Deliveries>();
  private dirty = false;
  private saving: Promise<void> | undefined;
  private flushing = new AbortController();
  /** Matching events that are not settled; kept by the bus. */
  pending = 0;
  /** While the bus counts `pending`, appends are not added to it: the count itself reaches them. */
  counting = false;

  constructor(
    readonly name: string,
    private readonly path: string,
    private types: ReadonlySet<string>,
    /** The first sequence that was never taken. */
    private nextSequence: number,
    private readonly sync: boolean,
    private readonly deps: Pick<BusDependencies, "clock" | "log">,
  ) {}

  static async load(
    name: string,
    path: string,
    sync: boolean,
    deps: Pick<BusDependencies, "clock" | "log">,
  ): Promise<ConsumerState> {
    let stored: StoredState;
    try {
      stored = JSON.parse(await readFile(path, "utf8")) as StoredState;
    } catch (cause) {
      throw new MnoError(
        "MNO_BUS_CORRUPT",
        `the position of consumer ${name} cannot be read from ${path}; remove the file to make it start anew`,
        { cause },
      );
    }
    const state = new ConsumerState(name, path, new Set(stored.types), stored.next, sync, deps);
    for (const [sequence, begun, excused] of stored.outstanding) state.outstanding.set(sequence, { begun, excused });
    return state;
  }

  get next(): number {
    return this.nextSequence;
  }

  /** The lowest sequence that the consumer may still be given. */
  get needed(): number {
    return this.outstanding.keys().next().value ?? this.nextSequence;
  }

  get outstandingCount(): number {
    return this.outstanding.size;
  }

  wants(type: string): boolean {
    return this.types.has(type);
  }

  setTypes(types: readonly string[]): void {
    this.types = new Set(types);
  }

  /** Passes the entry, whose turn it is: true if it is to be handled, false if it is settled already or not wanted. */
  take(sequence: number, type: string): boolean {
    if (sequence < this.nextSequence) {
      const wanted = this.outstanding.has(sequence) && this.wants(type);
      if (!wanted && this.outstanding.delete(sequence)) this.pending--;
      return wanted;
    }
    this.nextSequence = sequence + 1;
    if (this.wants(type)) this.outstanding.set(sequence, { begun: 0, excused: 0 });
    return this.wants(type);
  }

  deliveries(sequence: number): Readonly<Deliveries> {
    return this.outstanding.get(sequence) ?? { begun: 0, excused: 0 };
  }

  begin(sequence: number): void {
    const deliveries = this.outstanding.get(sequence);
    if (deliveries) deliveries.begun++;
    this.changed();
  }

  excuse(sequence: number): void {
    const deliveries = this.outstanding.get(sequence);
    if (deliveries) deliveries.excused++;
    this.changed();
  }

  settle(sequence: number): void {
    if (this.outstanding.delete(sequence)) this.pending--;
    this.changed();
  }

  /** Saves now; rejects when that fails. */
  async flush(): Promise<void> {
    this.flushing.abort();
    await this.saving;
    this.flushing = new AbortController();
    await this.save();
  }

  private changed(): void {
    this.dirty = true;
    this.saving ??= this.saveInBackground().finally(() => (this.saving = undefined));
  }

  private async saveInBackground(): Promise<void> {
    while (this.dirty && !this.flushing.signal.aborted) {
      try {
        await this.save();
      } catch (error) {
        this.dirty = true;
        this.deps.log.error({ err: error, consumer: this.name }, "the consumer's position was not saved; trying again");
      }
      await this.deps.clock.sleep(SAVE_EVERY_MILLISECONDS, this.flushing.signal).catch(() => undefined);
    }
  }

  private async save(): Promise<void> {
    this.dirty = false;
    const outstanding = [...this.outstanding].map(([sequence, { begun, excused }]) => [sequence, begun, excused]);
    await replaceFile(
      this.path,
      JSON.stringify({ types: [...this.types], next: this.nextSequence, outstanding }),
      this.sync,
    );
  }
}
