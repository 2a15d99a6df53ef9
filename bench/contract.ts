/** What a benchmark hands over, and what is kept of it in bench/results. */

/** One figure of ours beside its peers'. All numbers are finite; a figure that could not be had is left out, not zero. */
export interface BenchRow {
  /** What was done: the trace, the data, the load. */
  work: string;
  metric: string;
  unit: string;
  better: "higher" | "lower";
  /** Median of the repetitions. */
  ours: number;
  /** Of the repetitions: (highest - lowest) / median. 0 where the figure is exact or was measured once. */
  spread: number;
  /** Name of each peer, and its figure for the same work on the same machine. */
  peers: Record<string, number>;
  /** The best that is possible, where that is known. */
  bound?: number;
  /** Where a figure that was not measured here comes from. */
  source?: string;
}

export interface BenchResult {
  name: string;
  /** Short hash of the commit, `-dirty` behind it where the tree had changes. */
  commit: string;
  /** RFC 3339, UTC. */
  date: string;
  /** CPU model, cores, memory in GiB, Node.js version. */
  machine: string;
  rows: BenchRow[];
}

/** What a module `bench/<name>.ts` is: its name is the file's. */
export interface Bench {
  name: string;
  /** `data` is a folder of files of the benchmark's own formats, to replay instead of its own. */
  run(options: { data?: string }): Promise<BenchRow[]>;
}

/** What a module `bench/<name>.ts` is that stands for several. */
export interface Suite {
  /** Names of the benchmarks, in the order in which they run. */
  parts: readonly string[];
}

/** The middle value, or the mean of the two in the middle. Throws RangeError for no values. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const upper = sorted[sorted.length >> 1];
  if (upper === undefined) throw new RangeError("the median of no values");
  return sorted.length % 2 === 1 ? upper : (sorted[(sorted.length >> 1) - 1]! + upper) / 2;
}

/** (highest - lowest) / median: `BenchRow.spread`. 0 for equal values, whatever they are. */
export function spread(values: readonly number[]): number {
  const range = Math.max(...values) - Math.min(...values);
  return range === 0 ? 0 : range / Math.abs(median(values));
}

/** What is wrong with the rows, by row and member; empty where nothing is. */
export function faultsOf(rows: unknown): string[] {
  if (!Array.isArray(rows) || rows.length === 0) return ["a benchmark returns at least one row"];
  const faults: string[] = [];
  rows.forEach((row: Partial<BenchRow>, index) => {
    const fault = (member: string, right: string): void =>
      void faults.push(`row ${index + 1}: ${member} must be ${right}`);
    for (const member of ["work", "metric", "unit"] as const) {
      if (typeof row[member] !== "string" || row[member] === "") fault(member, "a text");
    }
    if (row.better !== "higher" && row.better !== "lower") fault("better", '"higher" or "lower"');
    if (!Number.isFinite(row.ours)) fault("ours", `a finite number, not ${row.ours}`);
    if (!Number.isFinite(row.spread) || row.spread! < 0)
      fault("spread", `a finite number of at least 0, not ${row.spread}`);
    if (row.bound !== undefined && !Number.isFinite(row.bound)) fault("bound", `a finite number, not ${row.bound}`);
    if (typeof row.peers !== "object" || row.peers === null) return fault("peers", "an object, {} where there is none");
    for (const [name, value] of Object.entries(row.peers)) {
      if (!Number.isFinite(value)) fault(`peers.${name}`, `a finite number, not ${value}`);
    }
  });
  return faults;
}
