import type { Decided } from "./observers/observer";

/** Counts the decisions of one engine, seen through a window of its latest ones. Ids are unique and sort by time. */
export class DecisionLog {
  /** How often each kind was decided. */
  readonly counts = new Map<string, number>();
  /** More was decided between two looks than the window showed, so that the counts are lower bounds. */
  atLeast = false;
  private last: string | undefined;

  /** `since`: of what the first look shows only decisions from then on count (RFC 3339, UTC); none where it is absent. */
  constructor(private readonly since?: string) {}

  /** `window`: how many decisions were asked for. */
  add(decided: readonly Decided[], window: number): void {
    const sorted = decided.toSorted((a, b) => (a.id < b.id ? -1 : 1));
    const { last: before, since } = this;
    this.last = sorted.at(-1)?.id ?? before ?? "";
    const fresh = sorted.filter(({ id, at }) =>
      before === undefined ? since !== undefined && at >= since : id > before,
    );
    if (fresh.length >= window) this.atLeast = true;
    for (const { kind } of fresh) this.counts.set(kind, (this.counts.get(kind) ?? 0) + 1);
  }
}

/** Adds up how counters grow; one that falls has started anew with its process. */
export class CounterLog {
  readonly counts = new Map<string, number>();
  private before: ReadonlyMap<string, number> | undefined;

  /** The first reading is where counting begins; a counter that comes up later began at 0. */
  add(counters: ReadonlyMap<string, number>): void {
    const { before } = this;
    this.before = counters;
    if (!before) return;
    for (const [what, value] of counters) {
      const earlier = before.get(what) ?? 0;
      const grown = value >= earlier ? value - earlier : value;
      if (grown > 0) this.counts.set(what, (this.counts.get(what) ?? 0) + grown);
    }
  }
}
