import { setTimeout as sleep } from "node:timers/promises";
import { Redis } from "ioredis";
import { Pool } from "pg";
import pino from "pino";
import { openCache } from "../../runtime/kernel/cache/open";
import { createMetrics, type Metrics } from "../../runtime/kernel/telemetry/metrics";

/**
 * One of the processes that replay a trace through all levels at a fixed rate, whatever the answers take. The parent sends
 * its part once; the answer are the milliseconds of each level.
 */
export interface Part {
  redisUrl: string;
  databaseUrl: string;
  maxEntries: number;
  requests: number[];
  perSecond: number;
}

export type LevelTimes = Record<Level | "get" | "bareRedis" | "bareDatabase", number[]> & { errors: number };

type Level = "l1" | "l2" | "loader";

const EVERY = 2;
const CONNECTIONS = 8;
/** Every so many requests, the same process asks Redis and the database without the cache: what a busy machine adds shows there, too. */
const BARE_EVERY = 20;
/** Connections, compiled code and a first part of the keys: not counted. */
const WARM_UP_SECONDS = 3;

async function replay({ redisUrl, databaseUrl, maxEntries, requests, perSecond }: Part): Promise<LevelTimes> {
  const times: LevelTimes = { l1: [], l2: [], loader: [], get: [], bareRedis: [], bareDatabase: [], errors: 0 };
  let countedFrom = Infinity;
  const isCounted = (): boolean => performance.now() >= countedFrom;
  const pool = new Pool({ connectionString: databaseUrl, max: CONNECTIONS });
  const cache = openCache({
    url: redisUrl,
    log: pino({ level: "silent" }),
    metrics: recording(createMetrics(), (level, seconds) => void (isCounted() && times[level].push(seconds * 1000))),
    random: Math.random,
    namespace: "levels",
    maxEntries,
  });
  const bare = new Redis(redisUrl);
  const timed = async (into: number[], work: () => Promise<unknown>): Promise<void> => {
    const asked = performance.now();
    await work();
    if (isCounted()) into.push(performance.now() - asked);
  };
  const load = async (key: number): Promise<unknown> =>
    (await pool.query("select body from item where id = $1", [key])).rows[0];
  await Promise.all(Array.from({ length: CONNECTIONS }, () => pool.query("select pg_sleep(0.1)")));
  await cache.get("ready", { ttlSeconds: 1 }, async () => true);
  const started = performance.now();
  countedFrom = started + WARM_UP_SECONDS * 1000;
  const running: Promise<void>[] = [];
  for (let at = 0; at < requests.length;) {
    const due = Math.min(requests.length, Math.floor(((performance.now() - started) * perSecond) / 1000));
    for (; at < due; at++) {
      const key = requests[at]!;
      if (at % BARE_EVERY === 0) running.push(timed(times.bareRedis, () => bare.get(`bare-${key}`)));
      if (at % BARE_EVERY === 0) running.push(timed(times.bareDatabase, () => load(key)));
      // From when it was due: a late process does not flatter itself.
      const dueAt = started + (at * 1000) / perSecond;
      running.push(
        cache
          .get(`item-${key}`, { ttlSeconds: 300 }, () => load(key))
          .then(
            () => void (isCounted() && times.get.push(performance.now() - dueAt)),
            () => void (times.errors += 1),
          ),
      );
    }
    await sleep(EVERY);
  }
  await Promise.all(running);
  await cache.close();
  bare.disconnect();
  await pool.end();
  return times;
}

/** Metrics that hand on what the cache's own histogram of its levels is given. */
function recording(metrics: Metrics, observed: (level: Level, seconds: number) => void): Metrics {
  return {
    ...metrics,
    histogram: (name, help, labels, buckets) => {
      const histogram = metrics.histogram(name, help, labels, buckets);
      if (name !== "mno_cache_level_seconds") return histogram;
      const labelled = (level: Level) => ({ observe: (seconds: number) => observed(level, seconds) });
      return Object.assign(histogram, { labels: labelled });
    },
  };
}

process.once("message", (part: Part) => {
  void replay(part).then((times) => process.send?.(times, () => process.disconnect()));
});
