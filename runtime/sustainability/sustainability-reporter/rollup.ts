import { type CellKey, DAY, type EnergyRecord, type Kind, type Signal, SUMS, type Sums } from "./record";

export interface Cell extends CellKey, Sums {
  /** Start of the hour, or of the UTC day. */
  at: number;
}

export const emptySums = (): Sums => ({
  energy: 0n,
  idle: 0n,
  carbon: 0n,
  embodied: 0n,
  milliseconds: 0n,
  uncertain: 0n,
  unknown: 0n,
  estimated: 0n,
  stale: 0n,
  records: 0n,
  asOfFirst: Infinity,
  asOfLast: -Infinity,
});

export function addSums(to: Sums, more: Sums): void {
  for (const name of SUMS) to[name] += more[name];
  to.asOfFirst = Math.min(to.asOfFirst, more.asOfFirst);
  to.asOfLast = Math.max(to.asOfLast, more.asOfLast);
}

/** The node's time on record within an hour. */
export interface Presence {
  hour: number;
  node: string;
  region: string;
  milliseconds: number;
  first: number;
  last: number;
}

/** Cells by hour and by UTC day, and the nodes' presence, of a batch of records. Each member is a sum, or a least or greatest value. */
export interface RolledUp {
  hours: Cell[];
  days: Cell[];
  presence: Presence[];
}

export function rollUp(records: Iterable<EnergyRecord>): RolledUp {
  const hours = new Map<string, Cell>();
  const days = new Map<string, Cell>();
  const presence = new Map<string, Presence>();
  for (const { node, region, from, to, hour, parts } of records) {
    const present = `${hour} ${region}\u0001${node}`;
    const seen = presence.get(present);
    if (seen) {
      seen.milliseconds += to - from;
      seen.first = Math.min(seen.first, from);
      seen.last = Math.max(seen.last, to);
    } else presence.set(present, { hour, node, region, milliseconds: to - from, first: from, last: to });
    for (const { key, sums } of parts) {
      const name = keyText(key);
      add(hours, name, hour, key, sums);
      add(days, name, Math.floor(hour / DAY) * DAY, key, sums);
    }
  }
  return { hours: [...hours.values()], days: [...days.values()], presence: [...presence.values()] };
}

function add(cells: Map<string, Cell>, name: string, at: number, key: CellKey, sums: Sums): void {
  const id = `${at} ${name}`;
  const cell = cells.get(id);
  if (cell) addSums(cell, sums);
  else cells.set(id, { at, ...key, ...sums });
}

/** One text for each key, and in the order in which reports list them. */
export const keyText = ({ region, tenant, workload, kind, method, signal, source, idleRule }: CellKey): string =>
  [region, tenant, workload, kind, method, signal, source, idleRule].join("\u0001");

/** A period's cells added up over its time: the grain at which reports are made. */
export type Line = CellKey & Sums;

/** The lines in their one order: figures that are shared out among them depend on it in the last digit. */
export const ordered = (lines: readonly Line[]): Line[] =>
  lines
    .map((line) => ({ line, text: keyText(line) }))
    .sort((a, b) => (a.text < b.text ? -1 : 1))
    .map(({ line }) => line);

/** A period's cells added up to buckets of time, for trends. */
export interface Bucket {
  at: number;
  kind: Kind;
  signal: Signal;
  energy: bigint;
  carbon: bigint;
  embodied: bigint;
  milliseconds: bigint;
}
