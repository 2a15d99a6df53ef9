import { EventEmitter } from "node:events";
import { BentoCache, bentostore, errors } from "bentocache";
import { memoryDriver } from "bentocache/drivers/memory";
import type { CacheEvents } from "bentocache/types";
import type { Logger } from "pino";
import type { Metrics } from "../telemetry/metrics";
import type { Cache, CacheOptions } from "./cache";
import type { RedisConnections } from "./redis";
import { RedisBus } from "./redis-bus";
import { GuardedRedisDriver } from "./redis-driver";

export interface TieredCacheOptions {
  redis: RedisConnections | undefined;
  log: Logger;
  metrics: Metrics;
  random: () => number;
  namespace: string;
  maxEntries: number;
}

/** A load under way; what was invalidated since it began must not be kept. */
interface Load {
  invalidated: boolean;
}

/** bentocache does the tiers, expiries and stale values; here are single flights, invalidation that is never lost, and metrics. */
export class TieredCache implements Cache {
  private readonly tiers;
  private readonly flights = new Map<string, Promise<unknown>>();
  private readonly loads = new Map<string, Set<Load>>();
  /** Invalidated here, but not yet in L2 and the other replicas, because Redis was away. */
  private readonly unsent = new Set<string>();
  private readonly requests;

  constructor(private readonly options: TieredCacheOptions) {
    const { redis, log, metrics, namespace, maxEntries } = options;
    this.requests = metrics.counter(
      "mno_cache_requests_total",
      "Cache look-ups by level (l1, l2, loader) and result (hit, stale, shared, miss, error, success)",
      ["level", "result"],
    );
    const emitter = new EventEmitter();
    let store = bentostore().useL1Layer(memoryDriver({ maxItems: maxEntries }));
    if (redis) {
      store = store
        .useL2Layer({
          options: {},
          factory: (config: Record<string, unknown>) =>
            new GuardedRedisDriver(config, redis, (result) => this.count("l2", result)),
        })
        .useBus({
          options: { retryQueue: { enabled: false, retryInterval: false } },
          factory: () => new RedisBus(redis, namespace, log),
        });
      redis.commands.on("ready", () => void this.sendUnsent());
    }
    this.tiers = new BentoCache({ default: "tiers", stores: { tiers: store }, prefix: namespace, emitter });
    emitter.on("cache:hit", ({ layer, graced }: CacheEvents["cache:hit"]) => {
      this.count("l1", graced ? "stale" : layer === "l1" ? "hit" : "miss");
    });
    emitter.on("cache:miss", () => this.count("l1", "miss"));
    emitter.on("bus:message:received", ({ message }: CacheEvents["bus:message:received"]) => {
      if (message.type === "delete") for (const key of message.keys) this.disown(key);
      if (message.type === "clear") for (const key of this.loads.keys()) this.disown(key);
    });
  }

  async get<T>(key: string, options: CacheOptions, load: () => Promise<T>): Promise<T> {
    const running = this.flights.get(key);
    if (running) {
      this.count("l1", "shared");
      // A copy, as from the cache: no caller sees what another does to its value.
      return structuredClone((await running) as T);
    }
    const flight = this.look(key, options, load);
    this.flights.set(key, flight);
    try {
      return await flight;
    } finally {
      if (this.flights.get(key) === flight) this.flights.delete(key);
    }
  }

  async invalidate(key: string): Promise<void> {
    this.disown(key);
    await this.options.redis?.settled;
    this.unsent.add(key);
    await this.send(key);
  }

  async close(): Promise<void> {
    await this.tiers.disconnect();
  }

  private async look<T>(key: string, options: CacheOptions, load: () => Promise<T>): Promise<T> {
    await this.options.redis?.settled;
    const { ttlSeconds, staleSeconds = 0, jitter = 0.1 } = options;
    const ttl = Math.max(1, Math.round(ttlSeconds * 1000 * (1 - jitter * this.options.random())));
    let loaded: { value: T } | undefined;
    try {
      const value = (await this.tiers.getOrSet({
        key,
        ttl,
        // Counted from the write, and of no use where it is not longer than the TTL.
        grace: staleSeconds > 0 ? ttl + Math.round(staleSeconds * 1000) : false,
        // With a stale value at hand it is served at once, and the load goes on behind.
        timeout: 0,
        factory: async ({ skip }) => {
          const result = await this.track(key, load);
          loaded = { value: result.value };
          return result.keep ? result.value : skip();
        },
      })) as T | undefined;
      return value === undefined && loaded ? loaded.value : (value as T);
    } catch (error) {
      if (!(error instanceof errors.E_FACTORY_ERROR)) throw error;
      this.count("l1", "miss");
      throw error.cause;
    }
  }

  /** Loads, and tells whether the result may be kept. */
  private async track<T>(key: string, load: () => Promise<T>): Promise<{ value: T; keep: boolean }> {
    const own: Load = { invalidated: false };
    const loads = this.loads.get(key) ?? new Set();
    this.loads.set(key, loads.add(own));
    try {
      const value = toJson(key, await load());
      this.count("loader", "success");
      return { value, keep: !own.invalidated };
    } catch (error) {
      this.count("loader", "error");
      this.options.log.warn({ err: error, key }, "loading a cached value failed");
      throw error;
    } finally {
      loads.delete(own);
      if (loads.size === 0) this.loads.delete(key);
    }
  }

  /** Requests from now on must not get what is being loaded now. */
  private disown(key: string): void {
    this.flights.delete(key);
    for (const load of this.loads.get(key) ?? []) load.invalidated = true;
  }

  /** Removes the key from L1, L2 and the other replicas; what cannot be sent now stays in `unsent`. */
  private async send(key: string): Promise<void> {
    const { redis } = this.options;
    try {
      await this.tiers.delete({ key, suppressL2Errors: false });
      // Deleted in L2 a moment ago; should the server have gone since, the other replicas may not know.
      if (!redis || redis.commands.status === "ready") this.unsent.delete(key);
    } catch (error) {
      if (!(error instanceof errors.E_L2_CACHE_ERROR)) throw error;
    }
  }

  private async sendUnsent(): Promise<void> {
    for (const key of this.unsent) await this.send(key);
  }

  private count(level: string, result: string): void {
    this.requests.inc({ level, result });
  }
}

/** The value as every later reader will get it, so that the first gets no other. */
function toJson<T>(key: string, value: T): T {
  const text = JSON.stringify(value) as string | undefined;
  if (text === undefined) throw new TypeError(`The value loaded for "${key}" is not JSON: ${typeof value}`);
  return JSON.parse(text) as T;
}
