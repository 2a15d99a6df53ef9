import type { JsMsg } from "@nats-io/jetstream";
import { MnoError } from "../../../exports";
import { within } from "../../clock";
import type { DeadLetter, EventBus, EventHandler, Position, StoredEvent, SubscribeOptions, Subscription } from "../bus";
import type { EventType } from "../catalogue";
import type { CloudEvent } from "../cloudevent";
import { validateEvent } from "../codec";
import { deadLetterNotFound } from "../dead-letter";
import type { BusDependencies } from "../dependencies";
import { defaultBackoff, Dispatcher } from "../dispatcher";
import { type BusInstruments, busInstruments } from "../instruments";
import { publishEvents } from "../publishing";
import { checkPosition, checkSubscribeOptions } from "../subscribing";
import { Capacity } from "./capacity";
import { ensureConsumers, NOT_HANDLED, start } from "./consumers";
import { NatsFeed } from "./feed";
import { Lease } from "./lease";
import type { NatsBusOptions } from "./options";
import { connectNats, isConsumerMissing, isFull, natsError, type NatsServer } from "./server";

/** What a stored message takes beside its payload: subject, headers with the id, the record's frame. */
const OVERHEAD_BYTES = 512;

/**
 * The event bus over NATS JetStream 2.9 or later.
 *
 * Order with several replicas on one durable consumer: one of them, the holder of the consumer's lease, takes all of its
 * events; the others stand by and take over when it closes (at once) or dies (when its lease has run out). So the order per
 * subject is that of publication whatever the number of replicas. A holder that is cut off from NATS stops by itself before
 * its lease runs out; only a process that was suspended for longer can overlap with its successor, and then an event may be
 * handled twice.
 *
 * A batch is stored whole or refused whole by a check beforehand; where several processes fill the stream's last bytes at
 * the same moment, or the connection breaks, part of a batch may be stored. Publishing it again stores the rest: the server
 * knows the ids of the last two minutes.
 */
export class NatsBus implements EventBus {
  private readonly instruments: BusInstruments;
  private readonly capacity: Capacity;
  private readonly subscriptions = new Set<Subscription>();
  private closing: Promise<void> | undefined;

  private constructor(
    private readonly server: NatsServer,
    private readonly deps: BusDependencies,
  ) {
    this.instruments = busInstruments(deps.metrics);
    this.capacity = new Capacity(server, deps.clock);
    void this.logStatus();
  }

  /** Errors: MNO_BUS_UNAVAILABLE, MNO_BUS_URL_INVALID. */
  static async open(url: string, deps: BusDependencies, options: Partial<NatsBusOptions> = {}): Promise<NatsBus> {
    return new NatsBus(await connectNats(url, options), deps);
  }

  publish(events: CloudEvent | readonly CloudEvent[]): Promise<void> {
    return publishEvents(events, { tracer: this.deps.tracer, instruments: this.instruments }, async (batch) => {
      this.assertOpen();
      try {
        await this.store(batch);
      } catch (error) {
        throw natsError(error);
      }
    });
  }

  async subscribe(options: SubscribeOptions, handler: EventHandler): Promise<Subscription> {
    checkSubscribeOptions(options);
    await this.ask(() => ensureConsumers(this.server, options));
    const stopping = new AbortController();
    const running = this.consume(options, handler, stopping.signal);
    const subscription: Subscription = {
      close: async () => {
        stopping.abort();
        await running;
        this.subscriptions.delete(subscription);
      },
    };
    this.subscriptions.add(subscription);
    return subscription;
  }

  async *read(options: { from?: Position; types?: readonly EventType[] } = {}): AsyncIterable<StoredEvent> {
    const from = options.from ?? "beginning";
    checkPosition(from);
    if (from === "end") return;
    const { names } = this.server;
    for await (const message of this.messages(names.events, names.eventSubject(">"), from)) {
      if (options.types && !(options.types as readonly string[]).includes(names.typeOf(message.subject))) continue;
      yield { sequence: message.info.streamSequence, event: validateEvent(message.json()) };
    }
  }

  async deadLetters(consumer: string): Promise<DeadLetter[]> {
    const letters: DeadLetter[] = [];
    const { names } = this.server;
    for await (const message of this.messages(names.dead, names.deadSubject(consumer), "beginning")) {
      letters.push(message.json<DeadLetter>());
    }
    return letters;
  }

  async redrive(consumer: string, eventId: string): Promise<void> {
    const { names, js, jsm } = this.server;
    for await (const message of this.messages(names.dead, names.deadSubject(consumer), "beginning")) {
      const letter = message.json<DeadLetter>();
      if ((letter.event as { id?: unknown } | null)?.id !== eventId) continue;
      const sequence = message.info.streamSequence;
      // In this order: a crash between the two leaves a dead letter too many, never one too few.
      await this.ask(async () => {
        await js.publish(names.redriveSubject(consumer), JSON.stringify(letter), { msgID: `redrive:${sequence}` });
        await jsm.streams.deleteMessage(names.dead, sequence);
      });
      return;
    }
    throw deadLetterNotFound(consumer, eventId);
  }

  /** With several types an upper bound: events of other types that the consumer has not passed yet are in it. */
  async lag(consumer: string): Promise<number> {
    const { names, jsm } = this.server;
    return this.ask(async () => {
      let events = 0;
      for (const stream of [names.events, names.dead]) {
        const info = await jsm.consumers.info(stream, consumer).catch((error: unknown) => {
          if (!isConsumerMissing(error)) throw error;
          throw new MnoError("MNO_NOT_FOUND", `there is no consumer ${consumer}`);
        });
        events += info.num_pending + info.num_ack_pending;
      }
      return events;
    });
  }

  async ping(): Promise<void> {
    this.assertOpen();
    const { nc, options } = this.server;
    const milliseconds = options.timeoutMilliseconds;
    const late = (): Error => new MnoError("MNO_BUS_UNAVAILABLE", `NATS did not answer within ${milliseconds} ms`);
    // A connection whose other end is gone may look sound for minutes: only an answer tells.
    await this.ask(() => within(this.deps.clock, milliseconds, () => nc.rtt(), late));
  }

  close(): Promise<void> {
    return (this.closing ??= this.shutDown());
  }

  private async shutDown(): Promise<void> {
    await Promise.all([...this.subscriptions].map((subscription) => subscription.close()));
    // While disconnected there is nothing to flush to; what was not acknowledged comes again.
    await Promise.race([
      this.server.nc.flush().catch(() => undefined),
      this.deps.clock.sleep(this.server.options.timeoutMilliseconds),
    ]);
    await this.server.nc.close();
  }

  /** Publishes all at once and waits for all; where the stream was full, makes room and publishes the refused ones again. */
  private async store(batch: readonly CloudEvent[]): Promise<void> {
    const { js, names } = this.server;
    let open = batch.map((event) => ({ event, text: JSON.stringify(event) }));
    if (open.length > 1) {
      await this.capacity.reserve(open.reduce((sum, { text }) => sum + Buffer.byteLength(text) + OVERHEAD_BYTES, 0));
    }
    for (;;) {
      const results = await Promise.allSettled(
        open.map(({ event, text }) => js.publish(names.eventSubject(event.type), text, { msgID: event.id })),
      );
      const failure = results.find((result) => result.status === "rejected" && !isFull(result.reason));
      if (failure?.status === "rejected") throw failure.reason;
      const refused = results.find((result) => result.status === "rejected");
      if (!refused) return;
      open = open.filter((_, index) => results[index]?.status === "rejected");
      if (refused.status === "rejected" && !(await this.capacity.trim())) throw refused.reason;
    }
  }

  /** Holds the lease and feeds a dispatcher, again and again until the subscription closes. */
  private async consume(options: SubscribeOptions, handler: EventHandler, signal: AbortSignal): Promise<void> {
    const { clock, log } = this.deps;
    const { server } = this;
    const onFault = (error: unknown): void => log.warn({ err: error, consumer: options.consumer }, NOT_HANDLED);
    for (let faults = 0; !signal.aborted;) {
      const lease = await Lease.acquire(server, options.consumer, clock, signal, onFault).catch(() => undefined);
      if (!lease) return;
      const dispatcher = new Dispatcher(options, handler, { ...this.deps, instruments: this.instruments });
      try {
        const events = await server.js.consumers.get(server.names.events, options.consumer);
        const redriven = await server.js.consumers.get(server.names.dead, options.consumer);
        const onLag = (events: number): void => this.instruments.lag(options.consumer, events);
        const feed = new NatsFeed(server, options, dispatcher, this.deps, onLag);
        await feed.run(events, redriven, AbortSignal.any([signal, lease.lost]));
        faults = 0;
      } catch (error) {
        onFault(error);
        await clock.sleep(defaultBackoff(++faults), signal).catch(() => undefined);
      } finally {
        await lease.release();
      }
    }
  }

  /** The stream's messages as it is now, by an ephemeral consumer that keeps their order. */
  private async *messages(stream: string, filter: string, from: Exclude<Position, "end">): AsyncIterable<JsMsg> {
    const reader = await this.ask(async () => {
      const { state } = await this.server.jsm.streams.info(stream);
      const consumer = await this.server.js.consumers.get(stream, { filter_subjects: filter, ...start(from) });
      const { num_pending } = await consumer.info(true);
      return { consumer, num_pending, last: state.last_seq };
    });
    try {
      if (reader.num_pending === 0) return;
      for await (const message of await reader.consumer.consume()) {
        if (message.info.streamSequence > reader.last) return;
        yield message;
        if (message.info.pending === 0 || message.info.streamSequence === reader.last) return;
      }
    } finally {
      await reader.consumer.delete().catch(() => false);
    }
  }

  private async ask<T>(work: () => Promise<T>): Promise<T> {
    this.assertOpen();
    try {
      return await work();
    } catch (error) {
      throw natsError(error);
    }
  }

  private assertOpen(): void {
    if (this.closing) throw new MnoError("MNO_BUS_CLOSED", `the event bus ${this.server.options.name} is closed`);
  }

  private async logStatus(): Promise<void> {
    for await (const status of this.server.nc.status()) {
      if (status.type === "disconnect") this.deps.log.warn("disconnected from NATS; reconnecting");
      else if (status.type === "reconnect") this.deps.log.info("reconnected to NATS");
    }
  }
}
