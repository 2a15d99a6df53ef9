import type { Logger } from "pino";
import { MnoError } from "../../exports";
import { type Clock, monotonicClock } from "../clock";
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
  /** Values that L1 holds at most; what goes first is for the policy to say that has done best of late. Default 10,000. */
  maxEntries?: number;
  /** Seconds that a value may be served after it was invalidated elsewhere, should no message of it come (L2 away, messages lost). Default 5. */
  maxStaleSeconds?: number;
  /** Must only ever grow. Default: the monotonic clock. */
  clock?: Clock;
}

/**
 * Opens the cache. It never fails for want of its server: without L2 it works with L1 and the loader, and finds L2 again by
 * itself. What L2 held before an outage is void then, as it may have missed invalidations; those of the time between are sent.
 * Errors: MNO_CONFIG_INVALID, without the password.
 */
export function openCache(dependencies: CacheDependencies): Cache {
  const { url, ca, log, maxEntries = 10_000, maxStaleSeconds = 5, clock = monotonicClock, ...rest } = dependencies;
  if (!Number.isInteger(maxEntries) || maxEntries < 1) {
    throw new MnoError("MNO_CONFIG_INVALID", `maxEntries is ${maxEntries}; it must be a whole number of at least 1`);
  }
  if (!(maxStaleSeconds >= 0.1 && maxStaleSeconds <= 3_600)) {
    throw new MnoError("MNO_CONFIG_INVALID", `maxStaleSeconds is ${maxStaleSeconds}; it must be 0.1 to 3600`);
  }
  const child = log.child({ component: "cache" });
  const redis = url === undefined ? undefined : new RedisConnections(parseCacheUrl(url), ca, child);
  return new TieredCache({ ...rest, redis, clock, log: child, maxEntries, maxStaleSeconds });
}
