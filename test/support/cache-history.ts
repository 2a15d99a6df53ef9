/** What happened to the values of a cache, as seen from outside; times are milliseconds of one clock for all processes. */
export type HistoryEvent =
  /** The database holds this version from now on. */
  | { type: "write"; at: number; replica: string; key: string; version: number }
  /** `invalidate` was called after the write of this version, and resolved; `acknowledgedAt` is missing where the replica died before. */
  | { type: "invalidation"; at: number; replica: string; key: string; version: number; acknowledgedAt?: number }
  | { type: "read"; at: number; endedAt: number; replica: string; key: string; version: number };

type Of<T extends HistoryEvent["type"]> = Extract<HistoryEvent, { type: T }>;

interface HistoryBounds {
  /** After an acknowledged invalidation; ms from its call. */
  maxStale: number;
  /** Of a value that nobody invalidated; ms from the write that replaced it. */
  lifetime: number;
  /** How late a clock, a timer or a message under way may make things; ms. */
  slack: number;
}

interface HistoryReport {
  reads: number;
  invalidations: number;
  /** Reads that began after an acknowledged invalidation and were older than it. */
  staleReads: number;
  /** The longest time from the call of an acknowledged invalidation to the begin of a read older than it; ms. */
  longestStale: number;
  violations: string[];
}

/**
 * Checks that no read is older than promised: not at all in the replica whose invalidation was acknowledged, not beyond
 * `maxStale` in others, not beyond `lifetime` without one; and that no read is of a version that was never written.
 */
export function checkHistory(events: readonly HistoryEvent[], bounds: HistoryBounds): HistoryReport {
  const writes = byKey(events, "write");
  const invalidations = byKey(events, "invalidation");
  const report: HistoryReport = { reads: 0, invalidations: 0, staleReads: 0, longestStale: 0, violations: [] };
  for (const all of invalidations.values()) report.invalidations += all.length;
  for (const read of events) {
    if (read.type !== "read") continue;
    report.reads += 1;
    const violation = (what: string): void =>
      void report.violations.push(`${read.replica} read ${read.key} version ${read.version} at ${read.at}: ${what}`);
    const written = writes.get(read.key) ?? [];
    if (read.version !== 0 && !written.some((w) => w.version === read.version && w.at <= read.endedAt)) {
      violation("it was not written by then");
    }
    const replaced = written.find((write) => write.version > read.version);
    if (replaced && read.at - replaced.at > bounds.lifetime + bounds.slack) {
      violation(`replaced ${read.at - replaced.at} ms before`);
    }
    let stale = 0;
    for (const { at, acknowledgedAt, version, replica } of invalidations.get(read.key) ?? []) {
      if (acknowledgedAt === undefined || version <= read.version || read.at <= acknowledgedAt) continue;
      stale = Math.max(stale, read.at - at);
      if (replica === read.replica) violation(`this replica invalidated it for version ${version} at ${at}`);
    }
    if (stale > 0) report.staleReads += 1;
    report.longestStale = Math.max(report.longestStale, stale);
    if (stale > bounds.maxStale + bounds.slack) violation(`invalidated ${stale} ms before`);
  }
  return report;
}

function byKey<T extends HistoryEvent["type"]>(events: readonly HistoryEvent[], type: T): Map<string, Of<T>[]> {
  const all = new Map<string, Of<T>[]>();
  for (const event of events) {
    if (event.type !== type) continue;
    const same = all.get(event.key) ?? [];
    same.push(event as Of<T>);
    all.set(event.key, same);
  }
  for (const same of all.values()) same.sort((a, b) => a.at - b.at);
  return all;
}
