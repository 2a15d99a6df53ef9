import { divideRounded, kwhText, share, sum } from "./amounts";
import type { Period } from "./market";
import { HOUR } from "./record";
import type { Line } from "./rollup";

/** A node's time on record in a period. */
export interface NodePresence {
  node: string;
  region: string;
  milliseconds: number;
  first: number;
  last: number;
}

/** Presence of all nodes in the period, and how many of its hours have a record of any. */
export interface Coverage {
  nodes: readonly NodePresence[];
  hoursWithRecord: number;
}

export interface Quality {
  records: string;
  nodes: number;
  /** A node is expected from its first record of the period to its last. */
  nodeMinutesExpected: number;
  nodeMinutesRecorded: number;
  nodeMinutesWithoutRecord: number;
  /** More was recorded than time passed: two records of one node overlap. */
  nodeMinutesRecordedTwice: number;
  hoursOfPeriod: number;
  hoursWithoutAnyRecord: number;
  estimatedIntensityShare: number | null;
  staleIntensityShare: number | null;
  energyByMethod: { name: string; energyKwh: string; share: number | null }[];
}

const MINUTE = 60_000;

export function qualityOf(lines: readonly Line[], coverage: Coverage, period: Period): Quality {
  const energy = sum(lines.map((line) => line.energy));
  let expected = 0;
  let recorded = 0;
  let missing = 0;
  let twice = 0;
  for (const node of coverage.nodes) {
    const span = node.last - node.first;
    expected += span;
    recorded += node.milliseconds;
    missing += Math.max(0, span - node.milliseconds);
    twice += Math.max(0, node.milliseconds - span);
  }
  const minutes = (milliseconds: number): number => Math.round((milliseconds / MINUTE) * 1000) / 1000;
  const hours = (period.to - period.from) / HOUR;
  return {
    records: sum(lines.map((line) => line.records)).toString(),
    nodes: coverage.nodes.length,
    nodeMinutesExpected: minutes(expected),
    nodeMinutesRecorded: minutes(recorded),
    nodeMinutesWithoutRecord: minutes(missing),
    nodeMinutesRecordedTwice: minutes(twice),
    hoursOfPeriod: hours,
    hoursWithoutAnyRecord: hours - coverage.hoursWithRecord,
    estimatedIntensityShare: share(sum(lines.map((line) => line.estimated)), energy),
    staleIntensityShare: share(sum(lines.map((line) => line.stale)), energy),
    energyByMethod: methodsOf(lines).map(([name, members]) => {
      const part = sum(members.map((line) => line.energy));
      return { name, energyKwh: kwhText(part), share: share(part, energy) };
    }),
  };
}

export interface Uncertainty {
  /** Half of the 95 % interval of the energy that has one; null where none has. */
  halfWidthKwh: string | null;
  /** Of that energy, in percent. */
  halfWidthPercent: number | null;
  /** Share of the energy whose uncertainty nobody can tell; it is in no figure above. */
  unknownShare: number | null;
  rule: string;
}

/**
 * Errors of one method have one cause and add up; those of different methods are independent, their squares add up. The
 * intensity's own error is not in it: feeds do not publish one.
 * Source: IPCC 2006 Guidelines, volume 1, chapter 3, equation 3.2; ISO/IEC Guide 98-3.
 */
export function uncertaintyOf(lines: readonly Line[]): Uncertainty {
  const energy = sum(lines.map((line) => line.energy));
  const unknown = sum(lines.map((line) => line.unknown));
  const known = energy - unknown;
  const squares = sum(methodsOf(lines).map(([, members]) => sum(members.map((line) => line.uncertain)) ** 2n));
  const half = squareRoot(squares);
  return {
    halfWidthKwh: known === 0n ? null : kwhText(half),
    halfWidthPercent: known === 0n ? null : Number(divideRounded(half * 100_000n, known)) / 1000,
    unknownShare: share(unknown, energy),
    rule: "95 %; added up within a method, squares added up between methods; without the intensity's own error",
  };
}

function methodsOf(lines: readonly Line[]): [string, Line[]][] {
  return Object.entries(Object.groupBy(lines, (line) => line.method) as Record<string, Line[]>).sort(([a], [b]) =>
    a < b ? -1 : 1,
  );
}

/** Largest whole number whose square is not above the value (Newton). */
function squareRoot(value: bigint): bigint {
  if (value < 2n) return value;
  let guess = 1n << BigInt(Math.ceil(value.toString(2).length / 2));
  for (;;) {
    const next = (guess + value / guess) / 2n;
    if (next >= guess) return guess;
    guess = next;
  }
}
