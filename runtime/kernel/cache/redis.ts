import { Redis, type RedisOptions } from "ioredis";
import type { Logger } from "pino";
import { type CacheAddress, redisOptions } from "./url";

/** No cached value is worth a longer wait than loading it. */
const COMMAND_TIMEOUT = 500;
const CONNECT_TIMEOUT = 2_000;
const RETRY_AT_MOST = 2_000;
/** How long the first requests wait for the first connection; after that an absent server costs nothing. */
const FIRST_CONNECTION_AT_MOST = 1_000;

const OPTIONS: RedisOptions = {
  connectTimeout: CONNECT_TIMEOUT,
  retryStrategy: (attempt) => Math.min(50 * 2 ** Math.min(attempt, 10), RETRY_AT_MOST),
};

/**
 * Two connections to one server, or to whichever server the sentinels call the primary: `commands`, which fails at once while the server is away instead of queueing, and
 * `subscriber`. Both reconnect for ever.
 */
export class RedisConnections {
  readonly commands: Redis;
  readonly subscriber: Redis;
  /** Resolves when the first connection was made, failed, or took too long. Never rejects. */
  readonly settled: Promise<void>;
  private away = false;

  constructor(address: CacheAddress, ca: string | undefined, log: Logger) {
    const open = (own: RedisOptions): Redis => {
      const options = { ...OPTIONS, ...redisOptions(address, ca), ...own };
      return "url" in address ? new Redis(address.url, options) : new Redis(options);
    };
    this.commands = open({
      commandTimeout: COMMAND_TIMEOUT,
      enableOfflineQueue: false,
      autoResendUnfulfilledCommands: false,
      maxRetriesPerRequest: 0,
    });
    // Subscribing anew is the bus's: it must know when messages may have been missed.
    this.subscriber = open({ autoResubscribe: false, maxRetriesPerRequest: null });
    this.settled = new Promise((resolve) => {
      const timer = setTimeout(resolve, FIRST_CONNECTION_AT_MOST);
      const settle = (): void => {
        clearTimeout(timer);
        resolve();
      };
      for (const event of ["ready", "error", "end"]) this.commands.once(event, settle);
    });
    // The message alone: a refused AUTH carries its command, and with it the password.
    this.commands.on("error", (error: NodeJS.ErrnoException) => {
      if (!this.away) log.warn(`the L2 cache does not answer, going on without: ${error.message || error.code}`);
      this.away = true;
    });
    this.commands.on("ready", () => {
      if (this.away) log.info("the L2 cache answers again");
      this.away = false;
    });
    // Told by the other connection.
    this.subscriber.on("error", () => undefined);
  }

  /**
   * Runs a command. A server that accepts connections and does not answer (hung, or cut off) would cost every request the
   * timeout; after the first, the connection is dropped, and until it is back commands fail at once. Not where this process was
   * too busy to read: then answers lie ready.
   */
  async guard<T>(command: () => Promise<T>): Promise<T> {
    try {
      return await command();
    } catch (error) {
      if ((error as Error).message === "Command timed out") await this.dropIfSilent();
      throw error;
    }
  }

  private async dropIfSilent(): Promise<void> {
    const { stream } = this.commands;
    const received = stream.bytesRead;
    // Timers come before what has been received: let that be read.
    await new Promise((resolve) => setImmediate(resolve));
    const isOpen = this.commands.stream === stream && !stream.writableEnded && this.commands.status === "ready";
    if (isOpen && stream.bytesRead === received) this.commands.disconnect(true);
  }

  close(): void {
    this.commands.disconnect();
    this.subscriber.disconnect();
  }
}
