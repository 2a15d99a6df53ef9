import { BentoCache, bentostore } from "bentocache";
import { memoryDriver } from "bentocache/drivers/memory";
import { redisBusDriver, redisDriver } from "bentocache/drivers/redis";
import { serveCache } from "../../test/support/cache-replica-protocol";

/** The peer as its documentation shows it: memory, Redis, and the bus over Redis. Arguments: name, Redis URL. */
const [name = "", url = ""] = process.argv.slice(2);
const { hostname: host, port } = new URL(url);
const connection = { host, port: Number(port) };
// ioredis writes a line for each attempt to reconnect, as the drivers listen to no errors.
Object.assign(console, { error: () => undefined });
const cache = new BentoCache({
  default: "tiers",
  stores: {
    tiers: bentostore()
      .useL1Layer(memoryDriver({ maxItems: 10_000 }))
      .useL2Layer(redisDriver({ connection }))
      .useBus(redisBusDriver({ connection })),
  },
});
serveCache(name, {
  get: (key, { ttlSeconds }, load) => cache.getOrSet({ key, ttl: ttlSeconds * 1000, factory: load }),
  invalidate: async (key) => void (await cache.delete({ key })),
  close: () => cache.disconnect(),
});
