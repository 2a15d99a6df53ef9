import { type BenchRow, median, spread } from "../contract";

/** From p99 latencies by contender, "ours" and "global JSQ" among them, in the order of the seeds. */
export function p99Rows(work: string, p99: ReadonlyMap<string, readonly number[]>, source: string): BenchRow[] {
  const reference = p99.get("global JSQ")!;
  const ratios = (figures: readonly number[]): number[] => figures.map((figure, index) => figure / reference[index]!);
  const row = (metric: string, unit: string, of: (figures: readonly number[]) => readonly number[]): BenchRow => ({
    work,
    metric,
    unit,
    better: "lower",
    ours: median(of(p99.get("ours")!)),
    spread: spread(of(p99.get("ours")!)),
    peers: Object.fromEntries(
      [...p99].filter(([name]) => name !== "ours").map(([name, figures]) => [name, median(of(figures))]),
    ),
    source,
  });
  return [row("p99_ms", "ms", (figures) => figures), row("p99_ratio_to_jsq", "ratio", ratios)];
}

/** Ours and the others' figures, each reduced to one. */
export function figureRow(
  work: string,
  metric: string,
  unit: string,
  figures: ReadonlyMap<string, readonly number[]>,
  reduce: (figures: readonly number[]) => number,
  source: string,
): BenchRow {
  const { ours, ...others } = Object.fromEntries([...figures].map(([name, values]) => [name, reduce(values)]));
  const spreadOf = (values: readonly number[]): number => (median(values) === 0 ? 0 : spread(values));
  return {
    work,
    metric,
    unit,
    better: "lower",
    ours: ours!,
    spread: spreadOf(figures.get("ours")!),
    peers: others,
    source,
  };
}
