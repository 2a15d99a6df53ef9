import type { Logger } from "pino";
import { type Clock, within } from "../clock";
import type { RedisConnections } from "./redis";

/** What replicas tell each other. */
export type Message =
  /** The key's value and its loads are void. */
  | { type: "drop"; key: string }
  /** The key's lease has ended, with a value or without: who waits may look. */
  | { type: "released"; key: string }
  /** Any value may be void. */
  | { type: "clear" };

/** Milliseconds without a sign of life after which the subscription is made anew. */
const SILENCE_AT_MOST = 2_000;

/** How long the first requests wait for the first subscription; milliseconds. */
const FIRST_SUBSCRIPTION_AT_MOST = 1_000;

class Silent extends Error {}

type Envelope = Message & { from: string };

/**
 * The replicas' messages over publish/subscribe, and the time up to which all of them are known to have come. The
 * subscription is asked for a sign of life over and over: its answer comes behind all messages published before it was asked. Who was cut
 * off has missed messages, so that listening begins with a "clear", the first time too.
 */
export class Channel {
  /** All messages published before this time, on the clock, were handled. -Infinity before the first sign of life. */
  confirmedAt = -Infinity;
  private readonly stopped = new AbortController();
  /** Resolves when it first listens, or cannot, or it takes too long. Never rejects. */
  readonly settled: Promise<void>;
  private readonly settle: () => void;
  private subscribed = false;

  constructor(
    private readonly connections: RedisConnections,
    readonly name: string,
    private readonly id: string,
    private readonly clock: Clock,
    private readonly log: Logger,
    private readonly handle: (message: Message) => void,
  ) {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.settle = resolve;
    this.settled = within(
      clock,
      FIRST_SUBSCRIPTION_AT_MOST,
      () => promise,
      () => new Silent(),
    ).catch(() => undefined);
  }

  /** Begins to listen; asks for a sign of life every so many milliseconds. */
  start(everyMilliseconds: number): void {
    const { subscriber } = this.connections;
    subscriber.on("message", (channel, text) => this.receive(channel, text));
    subscriber.on("ready", () => void this.subscribe());
    subscriber.on("close", () => (this.subscribed = false));
    subscriber.on("error", this.settle);
    if (subscriber.status === "ready") void this.subscribe();
    void this.confirmForEver(everyMilliseconds);
  }

  stop(): void {
    this.stopped.abort();
  }

  encode(message: Message): string {
    return JSON.stringify({ ...message, from: this.id } satisfies Envelope);
  }

  private async subscribe(): Promise<void> {
    try {
      await this.connections.subscriber.subscribe(this.name);
    } catch (error) {
      // The connection is going down again, or the server refuses: the next "ready" is the next attempt.
      this.log.warn(`subscribing to the cache's messages failed: ${(error as Error).message}`);
      return;
    }
    this.handle({ type: "clear" });
    this.subscribed = true;
    this.settle();
    await this.confirm();
  }

  private async confirmForEver(every: number): Promise<void> {
    const { signal } = this.stopped;
    while (!signal.aborted) {
      await this.confirm();
      await this.clock.sleep(every, signal).catch(() => undefined);
    }
  }

  private async confirm(): Promise<void> {
    if (!this.subscribed) return;
    const { subscriber } = this.connections;
    const asked = this.clock.now();
    try {
      await within(
        this.clock,
        SILENCE_AT_MOST,
        () => subscriber.ping(),
        () => new Silent(),
      );
      if (this.subscribed) this.confirmedAt = Math.max(this.confirmedAt, asked);
    } catch (error) {
      // Connected, and silent: hung, or cut off. Otherwise it is away, and "close" has said so, or will.
      if (error instanceof Silent) subscriber.disconnect(true);
    }
  }

  private receive(channel: string, text: string): void {
    if (channel !== this.name) return;
    const message = parse(text);
    if (message === undefined) this.log.warn("a message on the cache's channel is not one of ours; it is ignored");
    else if (message.from !== this.id) this.handle(message);
  }
}

function parse(text: string): Envelope | undefined {
  try {
    const message = JSON.parse(text) as Partial<{ type: string; key: unknown; from: unknown }> | null;
    if (typeof message?.from !== "string") return undefined;
    const keyed = (message.type === "drop" || message.type === "released") && typeof message.key === "string";
    return keyed || message.type === "clear" ? (message as Envelope) : undefined;
  } catch {
    return undefined;
  }
}
