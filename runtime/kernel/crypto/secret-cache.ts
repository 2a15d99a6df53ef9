import type { Clock } from "../clock";

/** Something with secret bytes in it, which are overwritten when the cache lets go of it. */
export interface Wipeable {
  wipe(): void;
}

export interface CacheLimits {
  entries: number;
  seconds: number;
}

/**
 * Secrets that cost much to get, kept for a while: the least recently used goes when there are too many, each when it is too
 * old, and what goes is wiped. Holders must not keep what `get` returned beyond the turn that asked for it.
 */
export class SecretCache<T extends Wipeable> {
  private readonly entries = new Map<string, { value: T; until: number }>();

  constructor(
    private readonly limits: CacheLimits,
    private readonly clock: Pick<Clock, "now">,
  ) {}

  get size(): number {
    return this.entries.size;
  }

  get(key: string): T | undefined {
    const entry = this.entries.get(key);
    if (entry === undefined) return undefined;
    if (entry.until <= this.clock.now()) {
      this.remove(key);
      return undefined;
    }
    this.entries.delete(key);
    this.entries.set(key, entry);
    return entry.value;
  }

  set(key: string, value: T): void {
    this.remove(key);
    this.entries.set(key, { value, until: this.clock.now() + this.limits.seconds * 1000 });
    for (const oldest of this.entries.keys()) {
      if (this.entries.size <= this.limits.entries) break;
      this.remove(oldest);
    }
  }

  remove(key: string): void {
    this.entries.get(key)?.value.wipe();
    this.entries.delete(key);
  }

  /** Removes what is too old and nobody asks for any more. */
  sweep(): void {
    const now = this.clock.now();
    for (const [key, { until }] of this.entries) if (until <= now) this.remove(key);
  }

  clear(): void {
    for (const key of [...this.entries.keys()]) this.remove(key);
  }
}
