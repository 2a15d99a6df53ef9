import type { Clock } from "../clock";
import { AdaptiveCache } from "./eviction/adaptive-cache";
import { hashText } from "./eviction/hash";

/** A value in memory; times are milliseconds of the clock. */
export interface L1Entry {
  /** JSON. */
  body: string;
  /** No invalidation of before is unknown to it: when its load began, or when L2 was asked for it. */
  knownAt: number;
  freshUntil: number;
  usableUntil: number;
  /** How long its load took. */
  took: number;
}

/** The values in this process's memory; those for which an invalidation may have been missed for too long are as good as none. */
export class L1 {
  private readonly entries: AdaptiveCache<string, L1Entry>;

  /** `trustedUntil` tells until when all entries are as current as promised; others are for `maxStale` ms from `knownAt`. */
  constructor(
    maxEntries: number,
    private readonly clock: Clock,
    private readonly trustedUntil: () => number,
    private readonly maxStale: number,
  ) {
    this.entries = new AdaptiveCache(maxEntries, hashText);
  }

  get(key: string): L1Entry | undefined {
    const entry = this.entries.get(key);
    if (entry === undefined) return undefined;
    const now = this.clock.now();
    if (now < this.trustedUntil() || now < entry.knownAt + this.maxStale) return entry;
    this.entries.delete(key);
    return undefined;
  }

  set(key: string, entry: L1Entry): void {
    if (entry.usableUntil > this.clock.now()) this.entries.set(key, entry);
  }

  delete(key: string): void {
    this.entries.delete(key);
  }

  clear(): void {
    this.entries.clear();
  }
}
