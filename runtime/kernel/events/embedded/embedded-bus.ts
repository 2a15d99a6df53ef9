import { mkdir, readdir } from "node:fs/promises";
import { join } from "node:path";
import { MnoError } from "../../../exports";
import type { DeadLetter, EventBus, EventHandler, Position, StoredEvent, SubscribeOptions, Subscription } from "../bus";
import type { EventType } from "../catalogue";
import type { CloudEvent } from "../cloudevent";
import { acquireProcessLock } from "../../process-lock";
import { validateEvent } from "../codec";
import type { BusDependencies } from "../dependencies";
import { Dispatcher } from "../dispatcher";
import { type BusInstruments, busInstruments } from "../instruments";
import { publishEvents } from "../publishing";
import { checkSubscribeOptions, sequenceOfPosition } from "../subscribing";
import { ConsumerState } from "./consumer-state";
import { DeadLetterFolder } from "./dead-letters";
import { Feed } from "./feed";
import type { LogEntry } from "./frame";
import { type LogOptions, SegmentedLog } from "./log";

export type EmbeddedBusOptions = Partial<LogOptions>;

const DEFAULTS: LogOptions = {
  sync: true,
  maxBytes: 1024 ** 3,
  retentionBytes: 128 * 1024 ** 2,
  retentionMilliseconds: 7 * 24 * 3600 * 1000,
  segmentBytes: 8 * 1024 ** 2,
};

/**
 * The event bus in one process over a durable log in a folder. One process has the folder at a time. A second
 * subscription of the same consumer waits, and takes over when the first closes.
 */
export class EmbeddedBus implements EventBus {
  private readonly consumers = new Map<string, ConsumerState>();
  private readonly feeds = new Map<string, Feed>();
  /** Per consumer, when the last subscription that asked for it is done. */
  private readonly turns = new Map<string, Promise<void>>();
  private readonly creating = new Map<string, Promise<ConsumerState>>();
  private readonly subscriptions = new Set<Subscription>();
  private readonly instruments: BusInstruments;
  private log!: SegmentedLog;
  private closing: Promise<void> | undefined;

  private constructor(
    private readonly folder: string,
    private readonly options: LogOptions,
    private readonly deps: BusDependencies,
    private readonly unlock: () => void,
  ) {
    this.instruments = busInstruments(deps.metrics);
  }

  /** Errors: MNO_STATE_LOCKED, MNO_BUS_CORRUPT. */
  static async open(folder: string, deps: BusDependencies, options: EmbeddedBusOptions = {}): Promise<EmbeddedBus> {
    const merged = { ...DEFAULTS, ...options };
    // Only whole segments can be trimmed: several must fit into the declared size.
    merged.segmentBytes = Math.min(merged.segmentBytes, Math.ceil(merged.maxBytes / 4));
    await mkdir(folder, { recursive: true });
    const unlock = acquireProcessLock(join(folder, "lock"), "an event bus");
    const bus = new EmbeddedBus(folder, merged, deps, unlock);
    try {
      await bus.load();
      return bus;
    } catch (error) {
      unlock();
      throw error;
    }
  }

  publish(events: CloudEvent | readonly CloudEvent[]): Promise<void> {
    return publishEvents(events, { tracer: this.deps.tracer, instruments: this.instruments }, (batch) => {
      this.assertOpen();
      return this.log.append(batch.map((event) => ({ type: event.type, json: JSON.stringify(event) })));
    });
  }

  async subscribe(options: SubscribeOptions, handler: EventHandler): Promise<Subscription> {
    checkSubscribeOptions(options);
    this.assertOpen();
    const state = await this.consumer(options);
    this.assertOpen();
    const dispatcher = new Dispatcher(options, handler, { ...this.deps, instruments: this.instruments });
    const running = (this.turns.get(options.consumer) ?? Promise.resolve()).then(() =>
      dispatcher.signal.aborted ? undefined : this.feed(state, options, dispatcher),
    );
    this.turns.set(options.consumer, running);
    const subscription: Subscription = {
      close: async () => {
        await dispatcher.close();
        await running;
        this.subscriptions.delete(subscription);
      },
    };
    this.subscriptions.add(subscription);
    return subscription;
  }

  async *read(options: { from?: Position; types?: readonly EventType[] } = {}): AsyncIterable<StoredEvent> {
    this.assertOpen();
    const end = this.log.nextSequence;
    let position = await this.resolve(options.from ?? "beginning");
    while (position < end) {
      const entries = await this.log.read(position);
      if (entries.length === 0) return;
      for (const { sequence, type, json } of entries) {
        if (sequence >= end) return;
        position = sequence + 1;
        if (options.types && !options.types.includes(type as EventType)) continue;
        yield { sequence, event: validateEvent(JSON.parse(json)) };
      }
    }
  }

  async deadLetters(consumer: string): Promise<DeadLetter[]> {
    this.assertOpen();
    return this.letters(consumer).list();
  }

  async redrive(consumer: string, eventId: string): Promise<void> {
    this.assertOpen();
    const letter = await this.letters(consumer).redrive(eventId);
    this.feeds.get(consumer)?.redrive(letter);
  }

  async lag(consumer: string): Promise<number> {
    this.assertOpen();
    const state = this.consumers.get(consumer);
    if (!state) throw new MnoError("MNO_NOT_FOUND", `there is no consumer ${consumer}`);
    return state.pending + (await this.letters(consumer).redriven()).length;
  }

  async ping(): Promise<void> {
    this.assertOpen();
    if (this.log.fault) throw this.log.fault;
  }

  close(): Promise<void> {
    return (this.closing ??= this.shutDown());
  }

  private async shutDown(): Promise<void> {
    try {
      await Promise.all([...this.subscriptions].map((subscription) => subscription.close()));
      await this.log.close();
    } finally {
      this.unlock();
    }
  }

  private assertOpen(): void {
    if (this.closing) throw new MnoError("MNO_BUS_CLOSED", `the event bus in ${this.folder} is closed`);
  }

  private async load(): Promise<void> {
    const directory = join(this.folder, "consumers");
    await mkdir(directory, { recursive: true });
    for (const name of await readdir(directory)) {
      if (!name.endsWith(".json")) continue;
      const consumer = name.slice(0, -".json".length);
      this.consumers.set(
        consumer,
        await ConsumerState.load(consumer, join(directory, name), this.options.sync, this.deps),
      );
    }
    this.log = await SegmentedLog.open(this.folder, this.options, this.deps, () => this.needed());
    this.log.onAppended = (entries) => this.appended(entries);
    for (const state of this.consumers.values()) await this.count(state);
  }

  private needed(): { sequence: number; consumer: string } | undefined {
    let lowest: { sequence: number; consumer: string } | undefined;
    for (const state of this.consumers.values()) {
      if (!lowest || state.needed < lowest.sequence) lowest = { sequence: state.needed, consumer: state.name };
    }
    return lowest;
  }

  private appended(entries: readonly LogEntry[]): void {
    for (const state of this.consumers.values()) {
      if (!state.counting) {
        for (const { sequence, type } of entries) if (sequence >= state.next && state.wants(type)) state.pending++;
        this.instruments.lag(state.name, state.pending);
      }
    }
    for (const feed of this.feeds.values()) feed.wake();
  }

  /** Counts what is pending by reading on from the consumer's position; appends meanwhile are reached by the reading. */
  private async count(state: ConsumerState): Promise<void> {
    state.counting = true;
    let pending = 0;
    for (let position = state.next; position < this.log.nextSequence;) {
      const entries = await this.log.read(position);
      for (const { type } of entries) if (state.wants(type)) pending++;
      position = (entries.at(-1)?.sequence ?? position) + 1;
    }
    state.pending = pending + state.outstandingCount;
    state.counting = false;
    this.instruments.lag(state.name, state.pending);
  }

  /** The consumer's state; a new consumer's position is durable before this resolves. */
  private consumer(options: SubscribeOptions): Promise<ConsumerState> {
    const known = this.consumers.get(options.consumer);
    if (known) return Promise.resolve(known);
    const create = async (): Promise<ConsumerState> => {
      const next = await this.resolve(options.from ?? "beginning");
      const path = join(this.folder, "consumers", `${options.consumer}.json`);
      const types = new Set<string>(options.types);
      const state = new ConsumerState(options.consumer, path, types, next, this.options.sync, this.deps);
      state.counting = true;
      this.consumers.set(options.consumer, state);
      await state.flush();
      await this.count(state);
      return state;
    };
    const creating =
      this.creating.get(options.consumer) ?? create().finally(() => this.creating.delete(options.consumer));
    this.creating.set(options.consumer, creating);
    return creating;
  }

  private async feed(state: ConsumerState, options: SubscribeOptions, dispatcher: Dispatcher): Promise<void> {
    state.setTypes(options.types);
    const onFault = (what: string) => (error: unknown) =>
      this.deps.log.error({ err: error, consumer: state.name }, what);
    await this.count(state).catch(onFault("the consumer's lag could not be counted; its metric is too low"));
    const onSettled = (): void => this.instruments.lag(state.name, state.pending);
    const feed = new Feed(this.log, state, this.letters(state.name), dispatcher, this.deps, onSettled);
    this.feeds.set(state.name, feed);
    try {
      await feed.run();
    } finally {
      this.feeds.delete(state.name);
      await dispatcher.close();
      await state.flush().catch(onFault("the consumer's position was not saved; its last events will come again"));
    }
  }

  private resolve(position: Position): Promise<number> {
    return sequenceOfPosition(position, {
      first: this.log.firstSequence,
      next: this.log.nextSequence,
      at: (time) => this.log.sequenceAt(time),
    });
  }

  private letters(consumer: string): DeadLetterFolder {
    return new DeadLetterFolder(join(this.folder, "dead-letters", consumer), consumer, this.options.sync);
  }
}
