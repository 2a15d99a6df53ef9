import { CacheBusMessageType, type BusDriver, type CacheBusMessage } from "bentocache/types";
import type { Logger } from "pino";
import type { RedisConnections } from "./redis";

type Handler = (message: CacheBusMessage) => void | Promise<void>;

/** What travels on the channel; `busId` tells a replica its own messages. */
interface Envelope {
  busId: string;
  payload: CacheBusMessage;
}

/**
 * bentocache's bus over Redis publish/subscribe. Its own transport misses what was published while the connection was
 * away; here a replica that comes back forgets its whole L1, for any of it may have been invalidated meanwhile.
 */
export class RedisBus implements BusDriver {
  private id = "";

  constructor(
    private readonly connections: RedisConnections,
    private readonly namespace: string,
    private readonly log: Logger,
  ) {}

  setId(id: string): this {
    this.id = id;
    return this;
  }

  async publish(channel: string, message: unknown): Promise<void> {
    const envelope = JSON.stringify({ busId: this.id, payload: message });
    await this.connections.guard(() => this.connections.commands.publish(this.named(channel), envelope));
  }

  async subscribe(channel: string, handler: (message: never) => void | Promise<void>): Promise<void> {
    const { subscriber } = this.connections;
    const handle = handler as Handler;
    let subscribedBefore = false;
    const resubscribe = async (): Promise<void> => {
      await subscriber.subscribe(this.named(channel));
      if (subscribedBefore) await handle({ type: CacheBusMessageType.Clear, keys: [], namespace: this.namespace });
      subscribedBefore = true;
    };
    const subscribe = (): void =>
      void resubscribe().catch((error: Error) => {
        // The connection is going down again, or the server refuses: the next "ready" is the next attempt.
        this.log.warn(`subscribing to cache invalidations failed: ${error.message}`);
      });
    subscriber.on("message", (received, text) => {
      if (received !== this.named(channel)) return;
      const envelope = parse(text);
      if (!envelope) this.log.warn("a message on the cache's invalidation channel is not one of ours; it is ignored");
      else if (envelope.busId !== this.id) void handle(envelope.payload);
    });
    subscriber.on("ready", subscribe);
    if (subscriber.status === "ready") subscribe();
  }

  /** bentocache retries queued messages then; ours are retried by the cache itself. */
  onReconnect(): void {}

  async unsubscribe(channel: string): Promise<void> {
    await this.connections.subscriber.unsubscribe(this.named(channel));
  }

  async disconnect(): Promise<void> {
    this.connections.close();
  }

  private named(channel: string): string {
    return `${this.namespace}:${channel}`;
  }
}

function parse(text: string): Envelope | undefined {
  try {
    const envelope = JSON.parse(text) as Envelope | null;
    return typeof envelope?.busId === "string" && Array.isArray(envelope.payload?.keys) ? envelope : undefined;
  } catch {
    return undefined;
  }
}
