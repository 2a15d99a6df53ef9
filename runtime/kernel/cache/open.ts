import type { Logger } from "pino";
import { MnoError } from "../../exports";
import type { Metrics } from "../telemetry/metrics";
import type { Cache } from "./cache";
import { RedisConnections } from "./redis";
import { TieredCache } from "./tiered-cache";

export interface CacheDependencies {
  /** L2: `redis://`, `rediss://` (TLS), `valkey://` or `valkeys://` (TLS). Without it there is L1 alone. */
  url?: string | undefined;
  log: Logger;
  metrics: Metrics;
  /** Uniform in [0, 1): spreads the expiries. */
  random: () => number;
  /** Prefix of the keys in L2; caches of one namespace on one server share values and invalidate each other. */
  namespace: string;
  /** Values that L1 holds at most; the least recently used go first. Default 10,000. */
  maxEntries?: number;
}

const SCHEMES: Record<string, string> = {
  "redis:": "redis:",
  "rediss:": "rediss:",
  "valkey:": "redis:",
  "valkeys:": "rediss:",
};

/**
 * Opens the cache. It never fails for want of its server: without L2 it works with L1 and the loader, and finds L2 again by
 * itself; invalidations of the time between are sent then. Beyond that the TTL bounds how old a value can be (a replica
 * that ends during the outage takes its unsent invalidations with it). Errors: MNO_CONFIG_INVALID, without the password.
 */
export function openCache({ url, log, maxEntries = 10_000, ...rest }: CacheDependencies): Cache {
  const child = log.child({ component: "cache" });
  const redis = url === undefined ? undefined : new RedisConnections(redisUrl(url), child);
  return new TieredCache({ ...rest, redis, log: child, maxEntries });
}

function redisUrl(url: string): string {
  const scheme = URL.canParse(url) ? new URL(url).protocol : "";
  const redis = Object.hasOwn(SCHEMES, scheme) ? SCHEMES[scheme] : undefined;
  if (redis === undefined) {
    const wrong =
      scheme === "" ? "The cache URL cannot be parsed" : `The cache URL's scheme "${scheme}" is not supported`;
    throw new MnoError("MNO_CONFIG_INVALID", `${wrong}; supported are redis://, rediss://, valkey:// and valkeys://`);
  }
  return redis + url.slice(scheme.length);
}
