import type { Consumer, ConsumerMessages, JsMsg } from "@nats-io/jetstream";
import type { DeadLetter, SubscribeOptions } from "../bus";
import { parseStored } from "../codec";
import type { BusDependencies } from "../dependencies";
import type { Dispatcher, Inbound } from "../dispatcher";
import { NOT_HANDLED } from "./consumers";
import type { NatsServer } from "./server";

/**
 * Brings one durable consumer's messages to its dispatcher while this process holds the consumer's lease.
 *
 * Everything that the server delivered and that is not settled is held here and kept alive with `working()`, so that it is
 * not delivered elsewhere. The server bounds how much that is (max_ack_pending). A predecessor that crashed leaves
 * deliveries whose ack wait runs out one by one; they are gathered first and put into order, before anything is handled.
 */
export class NatsFeed {
  private readonly held = new Map<number, JsMsg>();
  private readonly messages: ConsumerMessages[] = [];
  /** Gathered before the dispatcher is given anything; undefined afterwards. */
  private gathering: Map<number, JsMsg> | undefined = new Map();
  private stopped = false;

  constructor(
    private readonly server: NatsServer,
    private readonly options: SubscribeOptions,
    private readonly dispatcher: Dispatcher,
    private readonly deps: Pick<BusDependencies, "clock" | "log">,
    private readonly onLag: (events: number) => void,
  ) {}

  /** Runs until `signal` aborts, then gives back what is not settled, for the next holder to have at once. */
  async run(events: Consumer, redriven: Consumer, signal: AbortSignal): Promise<void> {
    const alive = this.keepAlive(signal);
    try {
      await this.open(events, 512, (message) => this.take(message));
      await this.gather(events, signal);
      await this.open(redriven, 16, (message) => this.takeRedriven(message));
      const aborted = new Promise<void>((resolve) => {
        if (signal.aborted) resolve();
        else signal.addEventListener("abort", () => resolve(), { once: true });
      });
      // Deliveries end by themselves only when the consumer is gone at the server.
      const ended = this.messages.map((messages) =>
        messages.closed().then((error) => {
          throw error ?? new Error(`the server ended the deliveries to ${this.options.consumer}`);
        }),
      );
      for (const end of ended) end.catch(() => undefined);
      await Promise.race([aborted, ...ended]);
    } finally {
      await Promise.all(this.messages.map((messages) => messages.close()));
      await this.dispatcher.close();
      this.stopped = true;
      for (const message of this.held.values()) message.nak();
      for (const message of this.gathering?.values() ?? []) message.nak();
      await alive;
    }
  }

  private async open(consumer: Consumer, prefetch: number, callback: (message: JsMsg) => void): Promise<void> {
    this.messages.push(await consumer.consume({ max_messages: prefetch, abort_on_missing_resource: true, callback }));
  }

  private take(message: JsMsg): void {
    if (this.stopped) return;
    if (this.gathering) {
      this.gathering.set(message.info.streamSequence, message);
      return;
    }
    this.offer(message);
  }

  private offer(message: JsMsg): void {
    const { streamSequence: sequence, deliveryCount } = message.info;
    // The server has one filter subject per consumer (before 2.10), so other types are passed here.
    if (!(this.options.types as readonly string[]).includes(this.server.names.typeOf(message.subject))) {
      message.ack();
      return;
    }
    // A late sign of life: it is here already, and settles through its latest delivery.
    const known = this.held.has(sequence);
    this.held.set(sequence, message);
    if (!known) this.dispatcher.accept(this.inbound(message, sequence, deliveryCount - 1));
  }

  private inbound(message: JsMsg, sequence: number, deliveriesBefore: number): Inbound {
    const settle = (): void => {
      const latest = this.held.get(sequence) ?? message;
      latest.ack();
      this.held.delete(sequence);
      this.onLag(latest.info.pending + this.held.size);
    };
    return {
      sequence,
      payload: parseStored(message.string()),
      deliveriesBefore,
      // The server counts deliveries to processes, also of events that only waited there: failures are counted anew.
      failuresBefore: 0,
      begin: () => undefined,
      excuse: () => undefined,
      settle,
      setAside: async (letter) => {
        await this.storeLetter(letter);
        settle();
      },
    };
  }

  private takeRedriven(message: JsMsg): void {
    if (this.stopped) return;
    const letter = message.json<DeadLetter>();
    // Held under a key that no event of the log has.
    const key = -message.info.streamSequence;
    const known = this.held.has(key);
    this.held.set(key, message);
    if (known) return;
    const settle = (): void => {
      const latest = this.held.get(key) ?? message;
      latest.ack();
      this.held.delete(key);
      // It is handled; should the removal fail, it only takes room.
      this.server.jsm.streams.deleteMessage(this.server.names.dead, -key).catch((error: unknown) => {
        this.deps.log.warn({ err: error, consumer: this.options.consumer }, "a handled dead letter was not removed");
      });
    };
    this.dispatcher.accept({
      sequence: letter.sequence,
      payload: letter.event,
      deliveriesBefore: letter.attempts + message.info.deliveryCount - 1,
      failuresBefore: 0,
      begin: () => undefined,
      excuse: () => undefined,
      settle,
      setAside: async (next) => {
        await this.storeLetter(next);
        settle();
      },
    });
  }

  private async storeLetter(letter: DeadLetter): Promise<void> {
    const { consumer } = this.options;
    const msgID = `${consumer}:${letter.sequence}:${letter.time}`;
    await this.server.js.publish(this.server.names.deadSubject(consumer), JSON.stringify(letter), { msgID });
  }

  /** Waits until every delivery that is open at the server is in our hands, then offers all of it in order. */
  private async gather(events: Consumer, signal: AbortSignal): Promise<void> {
    const step = Math.min(250, this.server.options.ackWaitMilliseconds / 4);
    while (!signal.aborted) {
      const open = await events.info().then(
        (info) => info.num_ack_pending,
        (error: unknown) => {
          this.deps.log.warn({ err: error, consumer: this.options.consumer }, NOT_HANDLED);
          return Infinity;
        },
      );
      if ((this.gathering?.size ?? 0) >= open) break;
      await this.deps.clock.sleep(step, signal).catch(() => undefined);
    }
    if (signal.aborted) return;
    const gathered = [...(this.gathering ?? [])].sort(([a], [b]) => a - b);
    this.gathering = undefined;
    for (const [, message] of gathered) this.offer(message);
  }

  private async keepAlive(signal: AbortSignal): Promise<void> {
    const period = this.server.options.ackWaitMilliseconds / 3;
    while (!this.stopped) {
      // While handlers finish after the abort, their events still need signs of life; real time serves there.
      await this.deps.clock
        .sleep(signal.aborted ? Math.min(period, 100) : period, signal.aborted ? undefined : signal)
        .catch(() => undefined);
      if (this.stopped) return;
      for (const message of this.held.values()) message.working();
      for (const message of this.gathering?.values() ?? []) message.working();
    }
  }
}
