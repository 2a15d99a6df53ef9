import type { BenchRow } from "./contract";

/** Four significant digits; no exponent up to a billion. */
export function formatFigure(value: number): string {
  return value !== 0 && (Math.abs(value) < 1e-4 || Math.abs(value) >= 1e9)
    ? value.toExponential(2)
    : value.toLocaleString("en", { maximumSignificantDigits: 4 });
}

/** The rows as text, one line per figure, with the ratio of ours to each peer's. */
export function renderTable(rows: readonly BenchRow[]): string {
  const cells = [["work", "metric", "who", "figure", "unit", "ours/peer", "better"]];
  for (const { work, metric, unit, better, ours, spread, peers, bound } of rows) {
    const spreadText = spread === 0 ? "" : ` (spread ${(spread * 100).toFixed(0)}%)`;
    cells.push([work, metric, "ours", formatFigure(ours) + spreadText, unit, "", better]);
    const others = bound === undefined ? Object.entries(peers) : [...Object.entries(peers), ["bound", bound] as const];
    for (const [name, figure] of others) {
      cells.push(["", "", name, formatFigure(figure), unit, figure === 0 ? "-" : (ours / figure).toFixed(2), ""]);
    }
  }
  const widths = cells[0]!.map((_, column) => Math.max(...cells.map((line) => line[column]!.length)));
  return cells
    .map((line) =>
      line
        .map((cell, column) => cell.padEnd(widths[column]!))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}
