import type { Correlation } from "./definition";

/** One event in a group. */
export interface Entry {
  readonly time: number;
  /** Number of the rule that it matched, in the order of the correlation. */
  readonly rule: number;
  /** Of value_count: what is counted; of the other values: a number, or a text for shares. */
  readonly value: string | number;
  /** Ids of the events behind it: one, or those of a correlation. */
  readonly events: readonly string[];
}

/** A figure over a window that entries join at one end and leave at the other. */
export interface Aggregate {
  add(entry: Entry): void;
  remove(entry: Entry): void;
  readonly figure: number;
}

/** Of the types whose figure only grows as a window does: it is known at every event whether it is reached. */
export function aggregateOf(type: Correlation["type"]): Aggregate {
  if (type === "event_count") return new Count();
  if (type === "value_count") return new Distinct((entry) => entry.value);
  if (type === "temporal") return new Distinct((entry) => entry.rule);
  return new Sum();
}

/** The figures of a closed window; of shares, one for each value. */
export function figuresOf(correlation: Correlation, entries: readonly Entry[]): { figure: number; of: Entry[] }[] {
  const { type, percentile } = correlation;
  if (type === "value_avg") return [{ figure: sum(entries) / entries.length, of: [...entries] }];
  if (type === "value_percentile") {
    return percentile === undefined ? shares(entries) : [{ figure: rank(entries, percentile), of: [...entries] }];
  }
  const aggregate = aggregateOf(type);
  for (const entry of entries) aggregate.add(entry);
  return [{ figure: aggregate.figure, of: [...entries] }];
}

class Count implements Aggregate {
  figure = 0;
  add(): void {
    this.figure++;
  }
  remove(): void {
    this.figure--;
  }
}

class Distinct implements Aggregate {
  private readonly counts = new Map<string | number, number>();
  constructor(private readonly of: (entry: Entry) => string | number) {}
  get figure(): number {
    return this.counts.size;
  }
  add(entry: Entry): void {
    const value = this.of(entry);
    this.counts.set(value, (this.counts.get(value) ?? 0) + 1);
  }
  remove(entry: Entry): void {
    const value = this.of(entry);
    const count = this.counts.get(value) ?? 0;
    if (count > 1) this.counts.set(value, count - 1);
    else this.counts.delete(value);
  }
}

class Sum implements Aggregate {
  private count = 0;
  private total = 0;
  get figure(): number {
    return this.count === 0 ? 0 : this.total;
  }
  add(entry: Entry): void {
    this.count++;
    this.total += entry.value as number;
  }
  remove(entry: Entry): void {
    this.count--;
    // An empty window begins anew at zero: rounding errors do not outlive what made them.
    this.total = this.count === 0 ? 0 : this.total - (entry.value as number);
  }
}

function sum(entries: readonly Entry[]): number {
  return entries.reduce((total, { value }) => total + (value as number), 0);
}

/** The percentile with linear interpolation between the closest ranks (Hyndman and Fan 1996, definition 7). */
function rank(entries: readonly Entry[], percentile: number): number {
  const values = entries.map(({ value }) => value as number).sort((a, b) => a - b);
  const position = ((values.length - 1) * percentile) / 100;
  const lower = values[Math.floor(position)]!;
  return lower + (values[Math.ceil(position)]! - lower) * (position % 1);
}

/** What part of the window each value is, in percent. */
function shares(entries: readonly Entry[]): { figure: number; of: Entry[] }[] {
  const groups = Map.groupBy(entries, ({ value }) => value);
  return [...groups.values()].map((of) => ({ figure: (100 * of.length) / entries.length, of }));
}
