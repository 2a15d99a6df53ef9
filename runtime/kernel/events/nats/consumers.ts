import {
  AckPolicy,
  type ConsumerConfig,
  DeliverPolicy,
  type DeliverPolicy as Policy,
  ReplayPolicy,
} from "@nats-io/jetstream";
import { nanos } from "@nats-io/transport-node";
import type { Position, SubscribeOptions } from "../bus";
import { isConsumerMissing, type NatsServer } from "./server";

export const NOT_HANDLED = "NATS did not answer; the consumer goes on when it does";

/** Deliveries that the server leaves open at most: events at the handler, before it, and behind retries. */
const MAX_ACK_PENDING = 1024;

/** Creates the durable consumer, or brings its filter up to date; its position stays. */
export async function ensureConsumers(server: NatsServer, options: SubscribeOptions): Promise<void> {
  const { names } = server;
  const common = {
    durable_name: options.consumer,
    ack_policy: AckPolicy.Explicit,
    ack_wait: nanos(server.options.ackWaitMilliseconds),
    max_deliver: -1,
    replay_policy: ReplayPolicy.Instant,
    max_ack_pending: Math.max(MAX_ACK_PENDING, 2 * (options.maxInFlight ?? 0)),
  };
  const [only, ...more] = options.types;
  const filter = names.eventSubject(only !== undefined && more.length === 0 ? only : ">");
  await ensure(server, names.events, { ...common, filter_subject: filter, ...start(options.from ?? "beginning") });
  await ensure(server, names.dead, {
    ...common,
    filter_subject: names.redriveSubject(options.consumer),
    deliver_policy: DeliverPolicy.All,
  });
}

async function ensure(
  { jsm }: NatsServer,
  stream: string,
  config: Partial<ConsumerConfig> & { durable_name: string },
): Promise<void> {
  try {
    const { config: present } = await jsm.consumers.info(stream, config.durable_name);
    const { filter_subject, ack_wait, max_ack_pending } = config;
    const same = present.filter_subject === filter_subject && present.ack_wait === ack_wait;
    if (same && present.max_ack_pending === max_ack_pending) return;
    await jsm.consumers.update(stream, config.durable_name, {
      ...(filter_subject === undefined ? {} : { filter_subject }),
      ...(ack_wait === undefined ? {} : { ack_wait }),
      ...(max_ack_pending === undefined ? {} : { max_ack_pending }),
    });
  } catch (error) {
    if (!isConsumerMissing(error)) throw error;
    await jsm.consumers.add(stream, config);
  }
}

/** A position as JetStream has it. */
export function start(from: Position): { deliver_policy: Policy; opt_start_seq?: number; opt_start_time?: string } {
  if (from === "beginning") return { deliver_policy: DeliverPolicy.All };
  if (from === "end") return { deliver_policy: DeliverPolicy.New };
  if ("sequence" in from) {
    return { deliver_policy: DeliverPolicy.StartSequence, opt_start_seq: Math.max(1, from.sequence) };
  }
  return { deliver_policy: DeliverPolicy.StartTime, opt_start_time: new Date(from.time).toISOString() };
}
