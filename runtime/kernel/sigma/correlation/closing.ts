import { type Entry, figuresOf } from "./aggregate";
import { type Correlation, MAX_GROUP_EVENTS, within } from "./definition";
import { placeOf, type Window } from "./sliding";

/**
 * For figures that a further event may turn (averages, percentiles, upper bounds): a window of the timespan begins with a group's
 * first event, and is judged once the watermark says that it is complete; the next begins with the next event.
 */
export class ClosingWindow implements Window {
  private entries: Entry[] = [];
  dropped = 0;

  constructor(private readonly correlation: Correlation) {}

  get size(): number {
    return this.entries.length;
  }

  get newest(): number {
    return this.entries.at(-1)?.time ?? -Infinity;
  }

  insert(entry: Entry, watermark: number): Entry[][] {
    const matches = this.advance(watermark);
    if (this.entries.length >= MAX_GROUP_EVENTS) {
      this.entries.shift();
      this.dropped++;
    }
    this.entries.splice(placeOf(this.entries, entry.time), 0, entry);
    return matches;
  }

  advance(watermark: number): Entry[][] {
    const matches: Entry[][] = [];
    for (let first = this.entries[0]; first; first = this.entries[0]) {
      const end = first.time + this.correlation.timespanMilliseconds;
      if (end >= watermark) break;
      const of = this.entries.splice(0, placeOf(this.entries, end));
      for (const { figure, of: some } of figuresOf(this.correlation, of)) {
        if (within(figure, this.correlation.bounds)) matches.push(some);
      }
    }
    return matches;
  }
}
