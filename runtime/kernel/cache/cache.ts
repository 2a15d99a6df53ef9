/**
 * A multi-level cache behind one interface: L1 in this process's memory, L2 in Redis or Valkey where a URL is given (replicas
 * then share values, loads and invalidations), and behind both the database, which the caller's `load` asks. Values are JSON.
 *
 * - One load per key at a time: in this process, and with L2 among all replicas. A load whose process dies is taken over
 *   within 2 s; who has waited 10 s loads for itself.
 * - What was being loaded when its key was invalidated, by whichever replica, reaches those who asked before, and is not kept.
 * - How old a value may be: after `invalidate` no reader of this process gets an older value; of another one, none once the
 *   message is there (milliseconds), and none after `maxStaleSeconds` (of `openCache`, 5 by default) where messages are lost or L2 is away.
 *   Without an invalidation, or when the process that should send one dies before it could, the bound is the value's own: `ttlSeconds` +
 *   `staleSeconds` since its load began.
 */
export interface Cache {
  /** Errors: those of `load`; TypeError for what is not JSON. A failing L2 is no error. */
  get<T>(key: string, options: CacheOptions, load: () => Promise<T>): Promise<T>;
  /**
   * Removes the key everywhere: this L1, L2, and the L1 of every replica. Call it when what was written is committed.
   * Resolves when the other levels know; or at once where L2 is away: they are told when it is back.
   */
  invalidate(key: string): Promise<void>;
  close(): Promise<void>;
}

export interface CacheOptions {
  /** Seconds from the begin of the load until a value is no longer fresh. */
  ttlSeconds: number;
  /** Seconds beyond the TTL during which the old value may be served while a new one loads, or while loading fails. Default 0. */
  staleSeconds?: number;
  /** Up to this share of the TTL is taken off at random. Default 0.1. */
  jitter?: number;
  /**
   * Keeps the answer that there is nothing: a load that comes to null or undefined is kept, as null, for this long and never
   * served stale. By default null is a value like others, and undefined an error.
   */
  negativeTtlSeconds?: number;
  /**
   * Loads anew before the TTL ends, with a chance that grows towards its end and with the time a load takes, so that a much
   * requested key never runs out: XFetch's beta (Vattani et al., VLDB 2015), where 1 is usual. Default 0: never.
   */
  earlyRefresh?: number;
}
