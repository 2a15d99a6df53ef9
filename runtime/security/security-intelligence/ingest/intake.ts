import { MnoError } from "../../../exports";
import type { OcsfEvent } from "../../../kernel/ocsf/schema";
import type { Clock } from "../../../kernel/clock";
import type { LogRecord } from "../log/block";
import type { Appended, EventLog, Stored } from "../log/log";
import type { Enrichment } from "./enrich";
import { MAX_AHEAD, PRODUCT, recordOf } from "./record";

/** Records of one append, and of all that wait for one. */
const MAX_BATCH = 1000;
const MAX_WAITING = 50_000;
const MAX_WAITING_LENGTH = 134_217_728;

export interface Accepted {
  readonly stored: number;
  readonly duplicates: number;
}

export interface Logged {
  readonly stored: Stored;
  readonly event: OcsfEvent;
}

interface Submission {
  readonly records: readonly LogRecord[];
  readonly events: ReadonlyMap<LogRecord, OcsfEvent>;
  readonly done: (accepted: Accepted) => void;
  readonly failed: (error: unknown) => void;
}

/**
 * The way into the log: events are enriched, and resolve when they are durable. Submissions that come while an append is under way
 * go into the next one together; when more wait than MAX_WAITING, further ones are refused with MNO_SECURITY_INGESTION_FULL.
 */
export class Intake {
  private queue: Submission[] = [];
  private waiting = 0;
  private waitingLength = 0;
  private running: Promise<void> | undefined;

  constructor(
    private readonly log: EventLog,
    private readonly enrichment: Enrichment,
    private readonly clock: Clock,
    private readonly onLogged: (logged: readonly Logged[]) => void,
    /** How far ahead of its reception an event's time is believed, in milliseconds. */
    private readonly maxAhead: number = MAX_AHEAD,
  ) {}

  /** `own` events may carry the engine's name; others' may not. */
  async accept(events: readonly OcsfEvent[], own = false): Promise<Accepted> {
    if (events.length === 0) return { stored: 0, duplicates: 0 };
    if (this.waiting + events.length > MAX_WAITING) {
      throw new MnoError("MNO_SECURITY_INGESTION_FULL", `${this.waiting} events wait to be stored; send again later`, {
        extensions: { retryAfterSeconds: 1 },
      });
    }
    const now = this.clock.now();
    const made = new Map<LogRecord, OcsfEvent>();
    const records = events.map((event) => {
      if (!own && event.metadata.product.name === PRODUCT) {
        throw new MnoError("MNO_SECURITY_EVENT_INVALID", `Only the engine itself logs as product "${PRODUCT}"`);
      }
      const { record, event: believed } = recordOf(this.enrichment.enrich(event), now, this.maxAhead);
      made.set(record, believed);
      return record;
    });
    const length = records.reduce((sum, { text }) => sum + text.length, 0);
    if (this.waitingLength + length > MAX_WAITING_LENGTH) {
      throw new MnoError("MNO_SECURITY_INGESTION_FULL", "Events of too much text wait to be stored; send again later", {
        extensions: { retryAfterSeconds: 1 },
      });
    }
    return new Promise((done, failed) => {
      this.queue.push({ records, events: made, done, failed });
      this.waiting += records.length;
      this.waitingLength += length;
      this.running ??= this.run();
    });
  }

  async drain(): Promise<void> {
    await this.running;
  }

  private async run(): Promise<void> {
    while (this.queue.length > 0) {
      const batch = this.nextBatch();
      try {
        await this.store(batch);
      } finally {
        const records = batch.flatMap((submission) => submission.records);
        this.waiting -= records.length;
        this.waitingLength -= records.reduce((sum, { text }) => sum + text.length, 0);
      }
    }
    // In the turn in which the queue was seen empty: what comes in the next one begins a run of its own.
    this.running = undefined;
  }

  /** In one append; where that is refused, each by itself: one sender's events are not to keep out those of others. */
  private async store(batch: readonly Submission[]): Promise<void> {
    try {
      this.settle(batch, await this.log.append(batch.flatMap(({ records }) => records)));
    } catch (error) {
      const alone = batch.length === 1 || error instanceof MnoError;
      for (const submission of batch) {
        if (alone) submission.failed(error);
        else await this.store([submission]);
      }
    }
  }

  private nextBatch(): Submission[] {
    let count = 0;
    let size = 0;
    while (count < this.queue.length && (count === 0 || size + this.queue[count]!.records.length <= MAX_BATCH)) {
      size += this.queue[count++]!.records.length;
    }
    return this.queue.splice(0, count);
  }

  private settle(batch: readonly Submission[], { stored, sources }: Appended): void {
    const places = new Map(sources.map((record, index) => [record, stored[index]!]));
    const logged = batch.flatMap(({ records, events }) =>
      records.flatMap((record): Logged[] => {
        const place = places.get(record);
        if (!place) return [];
        // Another event had its uid already: it was stored under one of its own.
        const event = place.uid === record.uid ? events.get(record)! : (JSON.parse(place.text) as OcsfEvent);
        return [{ stored: place, event }];
      }),
    );
    this.onLogged(logged);
    for (const { records, done } of batch) {
      const count = records.filter((record) => places.has(record)).length;
      done({ stored: count, duplicates: records.length - count });
    }
  }
}
