import { divideRounded, gramsText, kwhText } from "./amounts";
import { DAY, HOUR, type Signal } from "./record";
import type { Bucket } from "./rollup";

/**
 * A bucket's Software Carbon Intensity: (O + M) per R with R one workload running for one hour. All energy of the machines
 * is in O, what is reserved and idle too; market-based figures and credits are not.
 * Source: ISO/IEC 21031:2024 (SCI).
 */
export interface TrendPoint {
  at: string;
  signal: Signal;
  energyKwh: string;
  operationalGramsCo2e: string;
  embodiedGramsCo2e: string;
  workloadHours: number;
  /** gCO2e per workload-hour; null where no workload ran. */
  sci: string | null;
}

export interface Sci {
  /** One for each signal: they do not add up. */
  scores: { signal: Signal; sci: string | null; workloadHours: number }[];
  functionalUnit: string;
  boundary: string;
}

export function trendOf(buckets: readonly Bucket[]): TrendPoint[] {
  const groups = Map.groupBy(buckets, ({ at, signal }) => `${new Date(at).toISOString()} ${signal}`);
  return [...groups]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([, members]) => {
      const { at, signal } = members[0]!;
      const sums = added(members);
      return {
        at: new Date(at).toISOString(),
        signal,
        energyKwh: kwhText(sums.energy),
        operationalGramsCo2e: gramsText(sums.carbon),
        embodiedGramsCo2e: gramsText(sums.embodied),
        ...score(sums),
      };
    });
}

export function sciOf(buckets: readonly Bucket[]): Sci {
  const bySignal = Map.groupBy(buckets, ({ signal }) => signal);
  return {
    scores: [...bySignal]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([signal, members]) => ({ signal, ...score(added(members)) })),
    functionalUnit: "workload-hour: one workload on one node for an hour",
    boundary:
      "energy of the nodes at the meter of the data centre, idle and system energy included, and embodied carbon",
  };
}

/** Hours up to two days, days up to a good year, then stretches of 30 days. */
export const bucketMilliseconds = (from: number, to: number): number =>
  to - from <= 2 * DAY ? HOUR : to - from <= 400 * DAY ? DAY : 30 * DAY;

interface Added {
  energy: bigint;
  carbon: bigint;
  embodied: bigint;
  workloadMilliseconds: bigint;
}

function added(buckets: readonly Bucket[]): Added {
  const sums: Added = { energy: 0n, carbon: 0n, embodied: 0n, workloadMilliseconds: 0n };
  for (const { kind, energy, carbon, embodied, milliseconds } of buckets) {
    sums.energy += energy;
    sums.carbon += carbon;
    sums.embodied += embodied;
    if (kind === "workload") sums.workloadMilliseconds += milliseconds;
  }
  return sums;
}

function score({ carbon, embodied, workloadMilliseconds }: Added): { sci: string | null; workloadHours: number } {
  const sci =
    workloadMilliseconds === 0n
      ? null
      : gramsText(divideRounded((carbon + embodied) * BigInt(HOUR), workloadMilliseconds));
  return { sci, workloadHours: Number(workloadMilliseconds) / HOUR };
}
