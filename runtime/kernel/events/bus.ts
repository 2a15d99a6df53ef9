import type { EventType } from "./catalogue";
import type { CloudEvent } from "./cloudevent";

/**
 * The event bus: one contract, met by the embedded log (`embedded:<folder>`) and by NATS JetStream (`nats://…`), and
 * proved by one contract suite (test/contract/bus.ts).
 *
 * - At least once: `publish` resolves when the event is durable; each consumer (a durable name) gets every event after its
 *   start position until its handler resolved for it, across crashes of the handler, the consumer's process and the bus.
 * - Order: events of one subject are handled one at a time, in publication order. While an event is being retried, later
 *   events of its subject wait; other subjects go on.
 * - Dead letters: an event whose handler failed `maxDeliveries` times, or which does not fit its schema, is set aside with
 *   the last error, and the subject goes on. Nothing is dropped. While infrastructure is away events wait for it.
 * - Back-pressure: a consumer never has more than `maxInFlight` events at its handler; `publish` is refused with
 *   MNO_BUS_FULL, and nothing is stored, when the log is at its declared size with events that a consumer still needs.
 */
export interface EventBus {
  /** Validates against the catalogue (MNO_EVENT_INVALID, MNO_EVENT_TYPE_UNKNOWN) and appends, all or nothing. */
  publish(events: CloudEvent | readonly CloudEvent[]): Promise<void>;

  /** Starts or resumes the durable consumer `options.consumer`. */
  subscribe(options: SubscribeOptions, handler: EventHandler): Promise<Subscription>;

  /** Reads the log as it is now, from a position, without touching any consumer. */
  read(options?: { from?: Position; types?: readonly EventType[] }): AsyncIterable<StoredEvent>;

  /** What the consumer could not handle, oldest first. */
  deadLetters(consumer: string): Promise<DeadLetter[]>;

  /** Puts a dead letter before its consumer again (after the cause was mended); removes it from the dead letters. */
  redrive(consumer: string, eventId: string): Promise<void>;

  /** Events published and not yet settled, per consumer. */
  lag(consumer: string): Promise<number>;

  /** Rejects while the bus can take no events: closed, no longer writable (embedded), or not answering (NATS). Cheap. */
  ping(): Promise<void>;

  /** Stops all subscriptions (waiting for running handlers), flushes, and closes. Idempotent. */
  close(): Promise<void>;
}

/** Where to start: a sequence number (inclusive), a time (inclusive), the beginning, or after the present end. */
export type Position = { sequence: number } | { time: string } | "beginning" | "end";

export interface StoredEvent {
  sequence: number;
  event: CloudEvent;
}

export interface Delivery {
  sequence: number;
  /** 1 for the first delivery to this consumer. */
  attempt: number;
  /** Aborted when the subscription is closing. */
  signal: AbortSignal;
}

export type EventHandler = (event: CloudEvent, delivery: Delivery) => Promise<void>;

export interface SubscribeOptions {
  /** Durable name, `[a-z0-9-]+`; its position survives restarts. */
  consumer: string;
  types: readonly EventType[];
  /** Used only when the durable consumer is new. Default "beginning". */
  from?: Position;
  /** Default 64. */
  maxInFlight?: number;
  /**
   * Failed deliveries before an event becomes a dead letter. Default 5. A delivery that failed because something it needs is
   * away (an MnoError with status 503: MNO_STORE_UNAVAILABLE, MNO_CLUSTER_UNREACHABLE, MNO_BUS_FULL …) is not the event's
   * fault and does not count: it is retried, at least every 30 s, until the handler resolves or fails otherwise.
   */
  maxDeliveries?: number;
  /** Delay before retry n (1-based), in milliseconds. Default exponential from 100 ms, at most 30 s. */
  backoffMilliseconds?: (retry: number) => number;
}

export interface Subscription {
  /** Stops taking events and waits for running handlers; unsettled events come again at the next subscribe. Idempotent. */
  close(): Promise<void>;
}

export interface DeadLetter {
  sequence: number;
  event: unknown;
  error: string;
  attempts: number;
  /** RFC 3339, UTC. */
  time: string;
}
