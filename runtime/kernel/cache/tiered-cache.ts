import { randomUUID } from "node:crypto";
import type { Logger } from "pino";
import type { Clock } from "../clock";
import type { Metrics } from "../telemetry/metrics";
import type { Cache, CacheOptions } from "./cache";
import { Channel, type Message } from "./channel";
import { cacheInstruments } from "./instruments";
import { L1 } from "./l1";
import { L2 } from "./l2";
import { Loader } from "./loader";
import type { RedisConnections } from "./redis";
import { UnderWay, type Work } from "./under-way";
import { Unsent } from "./unsent";

export interface TieredCacheOptions {
  redis: RedisConnections | undefined;
  log: Logger;
  metrics: Metrics;
  random: () => number;
  clock: Clock;
  namespace: string;
  maxEntries: number;
  maxStaleSeconds: number;
}

/** Signs of life in the time that values outlast their want: enough that one may be late. */
const SIGNS_OF_LIFE = 10;

/** Looks into L1, joins what is under way for the key, or begins it. */
export class TieredCache implements Cache {
  private readonly id = randomUUID();
  private readonly instruments;
  private readonly l1: L1;
  private readonly l2: L2 | undefined;
  private readonly channel: Channel | undefined;
  private readonly loader: Loader;
  private readonly unsent: Unsent | undefined;
  private readonly underWay = new UnderWay();

  constructor(private readonly options: TieredCacheOptions) {
    const { redis, log, metrics, clock, namespace, maxEntries, maxStaleSeconds } = options;
    const maxStale = Math.round(maxStaleSeconds * 1000);
    this.instruments = cacheInstruments(metrics);
    if (redis) {
      const channel = new Channel(redis, `${namespace}:messages`, this.id, clock, log, (message) => this.hear(message));
      this.channel = channel;
      this.l2 = new L2(redis, channel, namespace, this.id, clock, maxStale, async () => this.unsent?.send());
      this.unsent = new Unsent(this.l2, (keys) => this.instruments.unsent(keys));
    }
    this.l1 = new L1(
      maxEntries,
      clock,
      () => (this.channel ? this.channel.confirmedAt + maxStale : Infinity),
      maxStale,
    );
    this.loader = new Loader(this.l1, this.l2, this.instruments, clock, options.random, log);
    this.channel?.start(maxStale / SIGNS_OF_LIFE);
    this.l2?.start(maxStale / SIGNS_OF_LIFE);
  }

  async get<T>(key: string, options: CacheOptions, load: () => Promise<T>): Promise<T> {
    const { clock } = this.options;
    const started = clock.now();
    const entry = this.l1.get(key);
    if (entry && started < entry.freshUntil) {
      if (this.isDueEarly(entry.took, entry.freshUntil - started, options)) this.refresh(key, options, load, true);
      this.instruments.count("l1", "hit");
      this.instruments.observe("l1", (clock.now() - started) / 1000);
      return JSON.parse(entry.body) as T;
    }
    const staleUntil = entry ? Math.min(entry.usableUntil, entry.freshUntil + (options.staleSeconds ?? 0) * 1000) : 0;
    if (entry && started < staleUntil) {
      this.refresh(key, options, load, false);
      this.instruments.count("l1", "stale");
      this.instruments.observe("l1", (clock.now() - started) / 1000);
      return JSON.parse(entry.body) as T;
    }
    const running = this.underWay.find(key);
    this.instruments.count("l1", running ? "shared" : "miss");
    const flight = running ?? this.fly(key, options, load);
    // Each gets a copy of its own: no caller sees what another does to its value.
    return JSON.parse(await flight.body) as T;
  }

  async invalidate(key: string): Promise<void> {
    this.drop(key);
    await this.unsent?.add(key);
    // Once more: a look that began in between may have met what L2 held until then.
    if (this.l2) this.drop(key);
  }

  async close(): Promise<void> {
    this.channel?.stop();
    this.l2?.stop();
    this.options.redis?.close();
  }

  private fly(key: string, options: CacheOptions, load: () => Promise<unknown>): Work {
    const behind = (run: (work: Work) => Promise<string>): void => this.runBehind(key, run);
    return this.underWay.begin("awaited", key, (work) => this.loader.find(work, options, load, behind));
  }

  private refresh(key: string, options: CacheOptions, load: () => Promise<unknown>, early: boolean): void {
    if (!this.underWay.has(key)) this.runBehind(key, (work) => this.loader.renew(work, options, load, early));
  }

  private runBehind(key: string, run: (work: Work) => Promise<string>): void {
    // Its failure is in the log; whoever asked has the old value.
    this.underWay.begin("behind", key, run).body.catch(() => undefined);
  }

  /** XFetch: the chance grows as the TTL's end comes closer, and with the time a load takes. */
  private isDueEarly(took: number, left: number, { earlyRefresh = 0 }: CacheOptions): boolean {
    return earlyRefresh > 0 && -earlyRefresh * took * Math.log(1 - this.options.random()) >= left;
  }

  private hear(message: Message): void {
    if (message.type === "released") return this.loader.wake(message.key);
    if (message.type === "drop") return this.drop(message.key);
    this.l1.clear();
    this.underWay.disownAll();
    this.loader.wakeAll();
  }

  private drop(key: string): void {
    this.l1.delete(key);
    this.underWay.disown(key);
    this.loader.wake(key);
  }
}
