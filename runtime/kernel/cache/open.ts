import type { Logger } from "pino";
import type { Metrics } from "../telemetry/metrics";
import type { Cache } from "./cache";
import { RedisConnections } from "./redis";
import { TieredCache } from "./tiered-cache";
import { parseCacheUrl } from "./url";

export interface CacheDependencies {
  /**
   * L2: `redis://`, `rediss://` (TLS), `valkey://` or `valkeys://` (TLS) of one server, or with `+sentinel` the sentinels of
   * a replicated one: `rediss+sentinel://user:password@host1:26379,host2:26379/primary-name`. Without it there is L1 alone.
   */
  url?: string | undefined;
  /** PEM certificates that the servers' own must be signed by. Default: the system's. */
  ca?: string | undefined;
  log: Logger;
  metrics: Metrics;
  /** Uniform in [0, 1): spreads the expiries. */
  random: () => number;
  /** Prefix of the keys in L2; caches of one namespace on one server share values and invalidate each other. */
  namespace: string;
  /** Values that L1 holds at most; the least recently used go first. Default 10,000. */
  maxEntries?: number;
}

/**
 * Opens the cache. It never fails for want of its server: without L2 it works with L1 and the loader, and finds L2 again by
 * itself; invalidations of the time between are sent then. Beyond that the TTL bounds how old a value can be (a replica
 * that ends during the outage takes its unsent invalidations with it). Errors: MNO_CONFIG_INVALID, without the password.
 */
export function openCache({ url, ca, log, maxEntries = 10_000, ...rest }: CacheDependencies): Cache {
  const child = log.child({ component: "cache" });
  const redis = url === undefined ? undefined : new RedisConnections(parseCacheUrl(url), ca, child);
  return new TieredCache({ ...rest, redis, log: child, maxEntries });
}
