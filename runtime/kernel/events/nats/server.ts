import {
  DiscardPolicy,
  jetstream,
  JetStreamApiError,
  type JetStreamClient,
  type JetStreamManager,
  jetstreamManager,
  RetentionPolicy,
  type StreamConfig,
  StorageType,
} from "@nats-io/jetstream";
import { connect, nanos, type NatsConnection } from "@nats-io/transport-node";
import { MnoError } from "../../../exports";
import { NATS_DEFAULTS, type NatsBusOptions, natsNames, type NatsNames } from "./options";

/** The connection, and what is known of the server's side. */
export interface NatsServer {
  nc: NatsConnection;
  js: JetStreamClient;
  jsm: JetStreamManager;
  names: NatsNames;
  options: NatsBusOptions;
}

/**
 * Connects and creates the streams that are missing; existing ones stay as the operator configured them. Once connected it
 * reconnects for ever, with a growing delay. Errors: MNO_BUS_UNAVAILABLE, MNO_BUS_URL_INVALID.
 */
export async function connectNats(url: string, partial: Partial<NatsBusOptions>): Promise<NatsServer> {
  const options = { ...NATS_DEFAULTS, ...partial };
  const names = natsNames(options.name);
  const { protocol, host, username, password } = parseUrl(url);
  let nc: NatsConnection | undefined;
  try {
    let attempts = 0;
    nc = await connect({
      servers: host,
      name: `mno-bus ${options.name}`,
      ...(protocol === "tls:" ? { tls: {} } : {}),
      ...(username ? { user: decodeURIComponent(username), pass: decodeURIComponent(password) } : {}),
      timeout: options.timeoutMilliseconds,
      maxReconnectAttempts: -1,
      reconnectDelayHandler: () => Math.min(100 * 2 ** Math.min(attempts++ % 8, 6), 5_000),
    });
    const jsm = await jetstreamManager(nc, { timeout: options.timeoutMilliseconds });
    const server = { nc, jsm, js: jetstream(nc, { timeout: options.timeoutMilliseconds }), names, options };
    await createStreams(server);
    return server;
  } catch (error) {
    await nc?.close();
    throw natsError(error);
  }
}

function parseUrl(url: string): URL {
  try {
    return new URL(url);
  } catch (cause) {
    throw new MnoError("MNO_BUS_URL_INVALID", "the NATS URL must be nats://host:port or tls://host:port", { cause });
  }
}

async function createStreams({ jsm, names, options }: NatsServer): Promise<void> {
  const common = { storage: StorageType.File, retention: RetentionPolicy.Limits, num_replicas: options.replicas };
  const limited = { ...common, discard: DiscardPolicy.New, max_bytes: options.maxBytes };
  const streams: (Partial<StreamConfig> & { name: string })[] = [
    { ...limited, name: names.events, subjects: [names.eventSubject(">")] },
    { ...limited, name: names.dead, subjects: [names.deadSubject("*"), names.redriveSubject("*")] },
    {
      ...common,
      name: names.leases,
      subjects: [names.leaseSubject("*")],
      max_msgs_per_subject: 1,
      max_age: nanos(options.leaseMilliseconds),
      duplicate_window: nanos(options.leaseMilliseconds),
    },
  ];
  for (const stream of streams) {
    try {
      await jsm.streams.info(stream.name);
    } catch (error) {
      if (codeOf(error) !== STREAM_NOT_FOUND) throw error;
      await jsm.streams.add(stream);
    }
  }
}

// Error codes of the JetStream API, https://github.com/nats-io/nats-server/blob/v2.9.10/server/errors.json
const CONSUMER_NOT_FOUND = 10014;
const STREAM_NOT_FOUND = 10059;
const WRONG_LAST_SEQUENCE = 10071;
const FULL = new Set([
  10077, // stream store failed: maximum bytes exceeded
  10023, // insufficient resources
  10028, // memory resources exceeded
  10047, // insufficient storage resources available
]);

const codeOf = (error: unknown): number | undefined => (error instanceof JetStreamApiError ? error.code : undefined);

export const isFull = (error: unknown): boolean => FULL.has(codeOf(error) ?? 0);
export const isWrongSequence = (error: unknown): boolean => codeOf(error) === WRONG_LAST_SEQUENCE;
export const isConsumerMissing = (error: unknown): boolean => codeOf(error) === CONSUMER_NOT_FOUND;

/** What a caller can act on: the server is full, refused, or does not answer. */
export function natsError(error: unknown): MnoError {
  if (error instanceof MnoError) return error;
  if (error instanceof TypeError) return new MnoError("MNO_INTERNAL", error.message, { cause: error });
  const message = error instanceof Error ? error.message : String(error);
  return isFull(error)
    ? new MnoError("MNO_BUS_FULL", `the NATS stream is full: ${message}`, { cause: error })
    : new MnoError("MNO_BUS_UNAVAILABLE", `NATS: ${message}`, { cause: error });
}
