import type { Entry } from "./aggregate";
import type { Correlation } from "./definition";
import { placeBefore, placeOf, type Window } from "./sliding";

/** Of one group: an event out of order has all of them looked at again. */
const MAX_EVENTS = 4096;

/** A way through the first rules of the order: the last event of it, and how it came there. */
interface Chain {
  readonly start: number;
  readonly entry: Entry;
  readonly before: Chain | undefined;
}

/**
 * Events of all rules in their order within the timespan. Of the ways to have come as far as each rule the one that began last is
 * kept: if any can be completed in time, that one can. An event is of one step only, and steps at the same time are in the order of
 * arrival.
 */
export class OrderedWindow implements Window {
  private entries: Entry[] = [];
  private chains: (Chain | undefined)[] = [];
  dropped = 0;

  constructor(private readonly correlation: Correlation) {}

  get size(): number {
    return this.entries.length;
  }

  get newest(): number {
    return this.entries.at(-1)?.time ?? -Infinity;
  }

  insert(entry: Entry, watermark: number): Entry[][] {
    this.forget(watermark);
    const place = placeOf(this.entries, entry.time);
    this.entries.splice(place, 0, entry);
    if (place === this.entries.length - 1) return this.complete(this.step(entry), place);
    this.chains = [];
    for (let index = 0; index < this.entries.length; index++) {
      const done = this.step(this.entries[index]!);
      if (done) return this.complete(done, index);
    }
    return [];
  }

  advance(watermark: number): Entry[][] {
    this.forget(watermark);
    return [];
  }

  /** The chain through all rules that the entry completes. */
  private step(entry: Entry): Chain | undefined {
    const { rule, time } = entry;
    let chain: Chain | undefined = { start: time, entry, before: undefined };
    if (rule > 0) {
      const before: Chain | undefined = this.chains[rule - 1];
      const fits = before && time - before.start <= this.correlation.timespanMilliseconds;
      chain = fits && !sameEvents(before.entry, entry) ? { start: before.start, entry, before } : undefined;
    }
    if (!chain) return undefined;
    const known = this.chains[rule];
    if (!known || chain.start >= known.start) this.chains[rule] = chain;
    return rule === this.correlation.rules.length - 1 ? chain : undefined;
  }

  private complete(chain: Chain | undefined, place: number): Entry[][] {
    if (!chain) return [];
    const of: Entry[] = [];
    for (let link: Chain | undefined = chain; link; link = link.before) of.unshift(link.entry);
    this.entries = this.entries.slice(place + 1);
    this.chains = [];
    for (const entry of this.entries) this.step(entry);
    return [of];
  }

  private forget(watermark: number): void {
    const old = placeBefore(this.entries, watermark - this.correlation.timespanMilliseconds);
    const over = Math.max(0, this.entries.length - MAX_EVENTS + 1);
    if (old * 4 < this.entries.length && over === 0 && old < this.entries.length) return;
    if (over > old) this.dropped += over - old;
    this.entries.splice(0, Math.max(old, over));
    if (this.entries.length === 0) this.chains = [];
  }
}

function sameEvents(one: Entry, other: Entry): boolean {
  return one.time === other.time && one.events.length === other.events.length && one.events[0] === other.events[0];
}
