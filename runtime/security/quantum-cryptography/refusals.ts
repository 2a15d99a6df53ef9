/** One use of a key that came to nothing. */
export interface Refusal {
  readonly caller: string;
  /** null where there is no such key: what was asked for instead is the caller's text, and is not repeated. */
  readonly keyId: string | null;
  readonly operation: string;
  /** Code of the error, or `verification-failed`. */
  readonly code: string;
  /** W3C trace id of the request. */
  readonly traceId?: string | undefined;
}

/** Refusals of one window that have caller and key in common. */
export interface RefusalGroup {
  /** null where there were too many callers to tell them apart. */
  readonly caller: string | null;
  readonly keyId: string | null;
  /** Of the first of them. */
  readonly traceId: string | undefined;
  /** Milliseconds since 1970. */
  readonly first: number;
  last: number;
  count: number;
  readonly operations: Map<string, number>;
  readonly codes: Map<string, number>;
}

/** Groups of a window with their callers, and further ones by key alone; what is more becomes one group. */
const MOST_GROUPS = 128;
const MOST_KEYS = 64;

/**
 * Refusals by caller and key, counted until they are taken. However many there are, and under however many names: no more
 * than MOST_GROUPS + MOST_KEYS + 1 groups come of a window, and none is left out of the counts. Pure; operations and codes
 * are of fixed sets, so that a group is bounded, too.
 */
export class Refusals {
  private groups = new Map<string, RefusalGroup>();

  add({ caller, keyId, operation, code, traceId }: Refusal, now: number): void {
    const [operations, codes] = [new Map([[operation, 1]]), new Map([[code, 1]])];
    this.merge({ caller, keyId, traceId, first: now, last: now, count: 1, operations, codes });
  }

  /** Hands the groups over to `keep`; what could not be kept is counted on. */
  async take(keep: (groups: readonly RefusalGroup[]) => Promise<void>): Promise<void> {
    if (this.groups.size === 0) return;
    const taken = this.groups;
    this.groups = new Map();
    try {
      await keep([...taken.values()]);
    } catch (error) {
      for (const group of taken.values()) this.merge(group);
      throw error;
    }
  }

  private merge({ caller, keyId, traceId, first, last, count, operations, codes }: RefusalGroup): void {
    const into =
      this.group(caller, keyId, traceId, first, MOST_GROUPS) ??
      this.group(null, keyId, traceId, first, MOST_GROUPS + MOST_KEYS) ??
      this.group(null, null, traceId, first, Infinity)!;
    into.last = Math.max(into.last, last);
    into.count += count;
    for (const [of, by] of operations) into.operations.set(of, (into.operations.get(of) ?? 0) + by);
    for (const [of, by] of codes) into.codes.set(of, (into.codes.get(of) ?? 0) + by);
  }

  /** The group of caller and key; a new one where there are fewer than `most`. */
  private group(
    caller: string | null,
    keyId: string | null,
    traceId: string | undefined,
    first: number,
    most: number,
  ): RefusalGroup | undefined {
    const name = JSON.stringify([caller, keyId]);
    const known = this.groups.get(name);
    if (known || this.groups.size >= most) return known;
    const fresh = { caller, keyId, traceId, first, last: first, count: 0, operations: new Map(), codes: new Map() };
    this.groups.set(name, fresh);
    return fresh;
  }
}

/** The name with the largest count; the first of equals. */
export function mostFrequent(counts: ReadonlyMap<string, number>): string {
  return [...counts].reduce((most, one) => (one[1] > most[1] ? one : most), ["", 0] as [string, number])[0];
}
