import { type Aggregate, aggregateOf, type Entry } from "./aggregate";
import { type Correlation, MAX_GROUP_EVENTS, within } from "./definition";

/** What a group of events is kept in; each kind of correlation has its own. */
export interface Window {
  /** Events kept. */
  readonly size: number;
  /** Time of the newest event. */
  readonly newest: number;
  /** Events that had to go before their time. */
  dropped: number;
  /** The events of every match that the new one completes. */
  insert(entry: Entry, watermark: number): Entry[][];
  /** The events of every match that the watermark completes; forgets what no event can complete any more. */
  advance(watermark: number): Entry[][];
}

/**
 * The last `timespan` before each event, for figures that only grow: a match is told at the event that completes it. Events may
 * come in any order down to the watermark; a late one counts in every window that it is of. A match uses its events up, so that the
 * next match needs others.
 */
export class SlidingWindow implements Window {
  /** In the order of their time. */
  private entries: Entry[] = [];
  /** Of the newest window: its first entry, and its figure. */
  private start = 0;
  private aggregate: Aggregate;
  dropped = 0;

  constructor(private readonly correlation: Correlation) {
    this.aggregate = aggregateOf(correlation.type);
  }

  get size(): number {
    return this.entries.length;
  }

  get newest(): number {
    return this.entries.at(-1)?.time ?? -Infinity;
  }

  insert(entry: Entry, watermark: number): Entry[][] {
    this.forget(watermark);
    const place = placeOf(this.entries, entry.time);
    const late = place < this.entries.length;
    this.entries.splice(place, 0, entry);
    if (place < this.start) this.start++;
    else this.aggregate.add(entry);
    this.slide();
    if (within(this.aggregate.figure, this.correlation.bounds)) {
      const of = this.entries.slice(this.start);
      this.restart([]);
      return [of];
    }
    // A late entry may complete an older window: there is one only where something is older than the newest.
    return late && this.start > 0 ? this.scan(entry.time) : [];
  }

  advance(watermark: number): Entry[][] {
    this.forget(watermark);
    return [];
  }

  /** Takes out of the newest window what has become too old for it. */
  private slide(): void {
    const from = this.newest - this.correlation.timespanMilliseconds;
    while (this.entries[this.start]!.time < from) this.aggregate.remove(this.entries[this.start++]!);
  }

  /** Looks at every window that holds the time of a late entry, the earliest first. */
  private scan(time: number): Entry[][] {
    const { timespanMilliseconds, bounds, type } = this.correlation;
    const aggregate = aggregateOf(type);
    let start = placeBefore(this.entries, time - timespanMilliseconds);
    for (let end = start; end < this.entries.length; end++) {
      const last = this.entries[end]!;
      if (last.time > time + timespanMilliseconds) break;
      aggregate.add(last);
      while (this.entries[start]!.time < last.time - timespanMilliseconds) aggregate.remove(this.entries[start++]!);
      if (last.time < time || !within(aggregate.figure, bounds)) continue;
      const of = this.entries.slice(start, end + 1);
      this.restart(this.entries.slice(end + 1));
      return [of];
    }
    return [];
  }

  private restart(entries: Entry[]): void {
    this.entries = entries;
    this.start = 0;
    this.aggregate = aggregateOf(this.correlation.type);
    for (const entry of entries) this.aggregate.add(entry);
    if (entries.length > 0) this.slide();
  }

  /** What is older than a timespan before the watermark is of no window that can still change. */
  private forget(watermark: number): void {
    const old = placeBefore(this.entries, watermark - this.correlation.timespanMilliseconds);
    const over = Math.max(0, this.entries.length - MAX_GROUP_EVENTS + 1);
    const gone = Math.max(old, over);
    // In batches: shifting the list at every event would cost its length each time.
    if (gone === 0 || (over === 0 && gone < this.entries.length && gone * 4 < this.entries.length)) return;
    if (over > old) this.dropped += over - old;
    for (let index = this.start; index < gone; index++) this.aggregate.remove(this.entries[index]!);
    this.entries.splice(0, gone);
    this.start = Math.max(0, this.start - gone);
  }
}

/** Where an entry of the time goes: after all of the same time. */
export function placeOf(entries: readonly Entry[], time: number): number {
  const last = entries.at(-1);
  if (!last || last.time <= time) return entries.length;
  return search(entries, (entry) => entry.time <= time);
}

/** How many entries are older than the time. */
export function placeBefore(entries: readonly Entry[], time: number): number {
  const first = entries[0];
  if (!first || first.time >= time) return 0;
  return search(entries, (entry) => entry.time < time);
}

function search(entries: readonly Entry[], before: (entry: Entry) => boolean): number {
  let [low, high] = [0, entries.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (before(entries[middle]!)) low = middle + 1;
    else high = middle;
  }
  return low;
}
