import { randomUUID } from "node:crypto";
import type { Logger } from "pino";
import type { Instruments } from "../instruments";
import { DecisionLog } from "./decision-log";
import { accessEvent, type AccessEvent } from "./event";
import type { DecisionRecord } from "./record";

/** Events that wait for the bus. When it is away for longer, those of what was let through go first. */
const MOST_WAITING = 10_000;
/** Made and handed over in one turn of the event loop: requests that wait meanwhile wait for less than a millisecond. */
const EVENTS_A_TURN = 16;
/** Turns whose events may be on their way to the bus, which writes together what comes meanwhile. */
const TURNS_UNDER_WAY = 32;

export interface JournalOptions {
  /** Decisions kept in memory. */
  readonly kept: number;
  /** Whether what was let through is told as well. */
  readonly tellAllowed: boolean;
  readonly log: Logger;
  readonly instruments: Pick<Instruments, "decided" | "eventLost">;
  /** Of the span that is active. */
  readonly traceparent: () => string | undefined;
}

interface Told {
  /** Of the event: the same however often it is handed over. */
  readonly id: string;
  readonly record: DecisionRecord;
  readonly traceparent: string | undefined;
}

/** Keeps decisions, counts them, and tells others of them: later, so that no request waits for events. */
export class Journal {
  readonly records: DecisionLog;
  private waiting: Told[] = [];
  private flushing: Promise<void> = Promise.resolve();
  /** Of the spans that decisions were made in: an upstream answers when they are over. */
  private readonly carriers = new WeakMap<DecisionRecord, string>();

  constructor(private readonly options: JournalOptions) {
    this.records = new DecisionLog(options.kept);
  }

  /** What the proxy lets through is told of when its upstream has answered. */
  decided(record: DecisionRecord): void {
    this.records.add(record);
    this.options.instruments.decided(record);
    const traceparent = this.options.traceparent();
    if (traceparent !== undefined) this.carriers.set(record, traceparent);
    if (record.outcome !== "allowed" || record.via !== "proxy") this.tell(record, traceparent);
  }

  /** The upstream answered, or did not (502, 504). */
  answered(record: DecisionRecord, status: number): void {
    const answered = { ...record, status };
    this.records.replace(answered);
    this.tell(answered, this.carriers.get(record));
  }

  /** Hands what waits to `publish`; what it did not take stays. One after another, so that the last has all before it done. */
  flush(publish: (events: readonly AccessEvent[]) => Promise<void>): Promise<void> {
    const flushed = this.flushing.then(() => this.handAll(publish));
    this.flushing = flushed.catch(() => undefined);
    return flushed;
  }

  private async handAll(publish: (events: readonly AccessEvent[]) => Promise<void>): Promise<void> {
    while (this.waiting.length > 0) {
      const taken = this.waiting.splice(0, EVENTS_A_TURN * TURNS_UNDER_WAY);
      const left = await this.hand(taken, publish);
      if (left.length === 0) continue;
      this.waiting = [...left.flatMap(({ told }) => told), ...this.waiting];
      while (this.waiting.length > MOST_WAITING) this.dropOne();
      throw left[0]?.reason;
    }
  }

  private async hand(
    taken: readonly Told[],
    publish: (events: readonly AccessEvent[]) => Promise<void>,
  ): Promise<{ told: readonly Told[]; reason: unknown }[]> {
    const left: { told: readonly Told[]; reason: unknown }[] = [];
    const handed: Promise<void>[] = [];
    for (let from = 0; from < taken.length; from += EVENTS_A_TURN) {
      if (from > 0) await new Promise((resolve) => setImmediate(resolve));
      const told = taken.slice(from, from + EVENTS_A_TURN);
      const events = told.map(({ id, record, traceparent }) => accessEvent(record, traceparent, id));
      handed.push(publish(events).catch((reason: unknown) => void left.push({ told, reason })));
    }
    await Promise.all(handed);
    return left;
  }

  private tell(record: DecisionRecord, traceparent: string | undefined): void {
    if (record.outcome === "allowed" && !this.options.tellAllowed) return;
    this.waiting.push({ id: randomUUID(), record, traceparent });
    if (this.waiting.length > MOST_WAITING) this.dropOne();
  }

  /** The oldest of what was let through; where all were refused, the oldest. */
  private dropOne(): void {
    const at = this.waiting.findIndex(({ record }) => record.outcome === "allowed");
    this.waiting.splice(Math.max(0, at), 1);
    this.options.instruments.eventLost();
  }
}
