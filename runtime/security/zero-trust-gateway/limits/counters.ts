import { Redis } from "ioredis";
import type { Logger } from "pino";
import {
  type RateLimiterAbstract,
  RateLimiterMemory,
  RateLimiterPostgres,
  RateLimiterRedis,
  RateLimiterRes,
} from "rate-limiter-flexible";
import { parseCacheUrl, redisOptions } from "../../../kernel/cache/url";
import type { Database } from "../../../kernel/store/database";
import { BoundedKeys } from "./keys";

const MOST_KEYS = 100_000;
/** No request waits longer for a count than it takes to go on without. */
const COMMAND_MILLISECONDS = 500;

export interface Quota {
  readonly name: string;
  readonly requests: number;
  readonly seconds: number;
}

/** How much of a quota is used. */
export interface Count {
  readonly over: boolean;
  readonly remaining: number;
  readonly resetSeconds: number;
}

/** Counts uses of one quota by key. */
export interface Counter {
  take(key: string): Promise<Count>;
  /** As if one use had not been. */
  giveBack(key: string): Promise<void>;
  forget(key: string): Promise<void>;
}

/** Where counters are kept: in Redis for all replicas together, else in each replica's memory; logins' in the database. */
export interface Counters {
  counter(quota: Quota): Counter;
  /** Fewer, slower and shared by all replicas whatever is configured: they outlive restarts. */
  durable(quota: Quota): Counter;
  close(): Promise<void>;
}

/** While Redis is away each replica counts for itself: limits are then looser by the number of replicas, and never gone. */
export function openCounters(
  cache: { url: string | undefined; ca: string | undefined },
  database: Database,
  log: Logger,
): Counters {
  const redis = cache.url === undefined ? undefined : connect(cache.url, cache.ca, log);
  return {
    counter(quota) {
      const options = { points: quota.requests, duration: quota.seconds };
      const memory = new RateLimiterMemory(options);
      if (redis === undefined) return counting(memory, quota, true);
      const keyPrefix = `mno:ztg:limit:${quota.name}`;
      return counting(
        new RateLimiterRedis({ ...options, keyPrefix, storeClient: redis, insuranceLimiter: memory }),
        quota,
        true,
      );
    },
    durable: (quota) =>
      counting(
        new RateLimiterPostgres({
          points: quota.requests,
          duration: quota.seconds,
          keyPrefix: quota.name,
          storeClient: clientOf(database),
          storeType: "client",
          tableName: "ztg_login_limits",
          tableCreated: true,
          clearExpiredByTimeout: false,
        }),
        quota,
        false,
      ),
    close: async () => redis?.disconnect(),
  };
}

function counting(limiter: RateLimiterAbstract, quota: Quota, bounded: boolean): Counter {
  const keys = bounded ? new BoundedKeys(MOST_KEYS, quota.seconds * 1000, Date.now) : undefined;
  const within = (key: string): string => keys?.bounded(key) ?? key;
  return {
    async take(key) {
      try {
        return countOf(await limiter.consume(within(key)), quota);
      } catch (refused) {
        if (refused instanceof RateLimiterRes) return { ...countOf(refused, quota), over: true };
        throw refused;
      }
    },
    giveBack: async (key) => void (await limiter.reward(within(key), 1)),
    forget: async (key) => void (await limiter.delete(within(key))),
  };
}

function countOf(found: RateLimiterRes, quota: Quota): Count {
  return {
    over: found.consumedPoints > quota.requests,
    remaining: Math.max(0, quota.requests - found.consumedPoints),
    resetSeconds: Math.max(1, Math.ceil(found.msBeforeNext / 1000)),
  };
}

/** Our database as rate-limiter-flexible's PostgreSQL client. */
function clientOf(database: Database): unknown {
  return {
    query: async ({ text, values }: { text: string; values: unknown[] }) => ({
      rows: await database.query(text, values),
    }),
  };
}

function connect(url: string, ca: string | undefined, log: Logger): Redis {
  const address = parseCacheUrl(url);
  const options = {
    ...redisOptions(address, ca),
    commandTimeout: COMMAND_MILLISECONDS,
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    retryStrategy: (attempt: number) => Math.min(50 * 2 ** Math.min(attempt, 10), 2000),
  };
  const redis = "url" in address ? new Redis(address.url, options) : new Redis(options);
  let away = false;
  // The message alone: a refused AUTH carries its command, and with it the password.
  redis.on("error", (error: NodeJS.ErrnoException) => {
    if (!away) log.warn(`the cache does not answer; each replica counts for itself: ${error.message || error.code}`);
    away = true;
  });
  redis.on("ready", () => (away = false));
  return redis;
}
