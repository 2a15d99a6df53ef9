import type { Protocol } from "./model";

export interface PortRange {
  protocol: Protocol;
  first: number;
  last: number;
}

const LAST_PORT = 65_535;

/**
 * Cuts 1..65535 where an answer may change, so that one question for each piece answers for every port. `edges` are the
 * ports that rules name: each starts a piece, and so does the port after it.
 */
export function pieces(edges: Iterable<number>, skip: ReadonlySet<number>): { first: number; last: number }[] {
  const starts = new Set([1]);
  for (const edge of [...edges, ...skip]) {
    if (edge >= 1 && edge <= LAST_PORT) starts.add(edge);
    if (edge >= 0 && edge < LAST_PORT) starts.add(edge + 1);
  }
  const sorted = [...starts].sort((a, b) => a - b);
  return sorted
    .map((first, index) => ({ first, last: (sorted[index + 1] ?? LAST_PORT + 1) - 1 }))
    .filter(({ first }) => !skip.has(first));
}

/** Neighbouring ranges become one. */
export function join(ranges: readonly PortRange[], skip: ReadonlySet<number> = new Set()): PortRange[] {
  const joined: PortRange[] = [];
  for (const range of ranges) {
    const before = joined.at(-1);
    let next = (before?.last ?? 0) + 1;
    while (skip.has(next)) next += 1;
    if (before?.protocol === range.protocol && next === range.first) before.last = range.last;
    else joined.push({ ...range });
  }
  return joined;
}

export function describePorts(ranges: readonly PortRange[]): string {
  return ranges
    .map(({ protocol, first, last }) => `${String(first)}${last === first ? "" : `-${String(last)}`}/${protocol}`)
    .join(", ");
}
