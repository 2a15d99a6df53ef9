/**
 * A multi-level cache behind one interface: L1 in this process's memory, L2 in Redis or Valkey where a URL is given (then
 * replicas invalidate each other's L1). Values are JSON. `get` loads once per key at a time (single-flight), spreads
 * expiries (TTL jitter), and serves a stale value while one load runs or when the loader fails (stale-while-revalidate).
 */
export interface Cache {
  get<T>(key: string, options: CacheOptions, load: () => Promise<T>): Promise<T>;
  /** Removes the key everywhere: this L1, L2, and the L1 of every replica. */
  invalidate(key: string): Promise<void>;
  close(): Promise<void>;
}

export interface CacheOptions {
  /** Seconds until a value is no longer fresh. */
  ttlSeconds: number;
  /** Seconds beyond the TTL during which the old value may be served while a new one loads, or while loading fails. Default 0. */
  staleSeconds?: number;
  /** Up to this share of the TTL is taken off at random. Default 0.1. */
  jitter?: number;
}
