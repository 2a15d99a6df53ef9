import type { Entry } from "./entry";
import type { DestroyReason } from "./factory";
import type { PoolSettings } from "./options";

interface Remedies<T> {
  test(entry: Entry<T>): void;
  destroy(entry: Entry<T>, reason: DestroyReason): void;
  reclaim(entry: Entry<T>, why: string): void;
}

/**
 * The regular look at lifetimes, idle times, keep-alive tests and leaks. Entries that are idle no longer are marked so.
 * `entries` may shrink meanwhile.
 */
export function inspect<T>(
  entries: ReadonlySet<Entry<T>>,
  now: number,
  settings: PoolSettings,
  remedies: Remedies<T>,
): void {
  for (const entry of [...entries]) {
    const due = dueWith(entry, now, entries.size > settings.minimum, settings);
    if (due === undefined) continue;
    if (due === "leak") {
      reportLeak(entry, now, settings, false);
    } else if (due === "reclaim") {
      reportLeak(entry, now, settings, true);
      remedies.reclaim(entry, `Pool ${settings.name}: the lease outlived its limit of ${settings.leaseLimit} ms`);
    } else {
      entry.isIdle = false;
      if (due === "test") remedies.test(entry);
      else remedies.destroy(entry, due);
    }
  }
}

function dueWith(
  entry: Entry<unknown>,
  now: number,
  spare: boolean,
  { leaseLimit, leakThreshold, idleTimeout, keepAlive }: PoolSettings,
): "lifetime" | "idle" | "test" | "leak" | "reclaim" | undefined {
  if (entry.lease !== undefined) {
    const held = now - entry.lease.since;
    if (held >= leaseLimit) return "reclaim";
    return held >= leakThreshold && !entry.isReported ? "leak" : undefined;
  }
  if (!entry.isIdle) return undefined;
  if (entry.expiresAt <= now) return "lifetime";
  if (spare && now - entry.idleSince >= idleTimeout) return "idle";
  return now - entry.provenAt >= keepAlive ? "test" : undefined;
}

function reportLeak<T>(entry: Entry<T>, now: number, { observer }: PoolSettings, reclaimed: boolean): void {
  const { since, origin } = entry.lease!;
  entry.isReported = true;
  const stack = origin?.stack;
  observer.leaked?.({ heldMilliseconds: now - since, reclaimed, ...(stack !== undefined && { stack }) });
}
