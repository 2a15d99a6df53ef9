import { type Colour, formatCount, type Line, type Span, span } from "./text";

/** A value over time, one a second; undefined where nothing was measured. */
type Series = readonly (number | undefined)[];

interface Chart {
  /** Drawn filled, with blocks. */
  area: Series;
  /** Drawn over it, as a line. */
  line: Series;
  /** A level across the whole chart. */
  threshold?: number;
  colours: { area: Colour; line: Colour };
  /** Seconds that the width stands for; of a longer series the latest are shown. */
  span: number;
}

const EIGHTHS = [" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"];
const LABEL_WIDTH = 6;

/** `height` lines, `width` characters wide. Time runs from left to right and fills the chart as it passes. */
export function drawChart(chart: Chart, width: number, height: number): Line[] {
  const columns = Math.max(1, width - LABEL_WIDTH - 1);
  const area = resample(chart.area, chart.span, columns);
  const line = resample(chart.line, chart.span, columns);
  const top = niceCeiling(Math.max(1, chart.threshold ?? 0, ...[...area, ...line].map((value) => value ?? 0)));
  const rowOf = (value: number): number => Math.max(0, Math.ceil((value / top) * height) - 1);

  const rows: Line[] = [];
  for (let row = height - 1; row >= 0; row -= 1) {
    const label = row === height - 1 ? formatCount(top) : row === 0 ? "0" : "";
    const cells: Span[] = [span(`${label.padStart(LABEL_WIDTH)}┤`, "dim")];
    for (let column = 0; column < columns; column += 1) {
      const above = line[column];
      const filled = Math.round(((area[column] ?? 0) / top) * height * 8) - row * 8;
      if (above !== undefined && rowOf(above) === row) cells.push(span("━", chart.colours.line));
      else if (filled > 0) cells.push(span(EIGHTHS[Math.min(8, filled)] ?? "", chart.colours.area));
      else if (chart.threshold !== undefined && rowOf(chart.threshold) === row) cells.push(span("┄", "red"));
      else cells.push(span(" "));
    }
    rows.push(joined(cells));
  }
  return rows;
}

/** The series over `columns` that stand for `seconds`: where several values share a column it shows the highest. */
function resample(series: Series, seconds: number, columns: number): Series {
  const shown = series.slice(-seconds);
  return Array.from({ length: columns }, (_, column) => {
    const from = Math.floor((column * seconds) / columns);
    const to = Math.max(from + 1, Math.floor(((column + 1) * seconds) / columns));
    const values = shown.slice(from, to).filter((value) => value !== undefined);
    return values.length === 0 ? undefined : Math.max(...values);
  });
}

/** Neighbours of one colour become one span. */
function joined(cells: readonly Span[]): Line {
  const line: Span[] = [];
  for (const cell of cells) {
    const last = line.at(-1);
    if (last && last.colour === cell.colour) last.text += cell.text;
    else line.push({ ...cell });
  }
  return line;
}

/** The next of 1, 2, 4, 5, 8 or 10 times a power of ten. */
function niceCeiling(value: number): number {
  const magnitude = 10 ** Math.floor(Math.log10(value));
  const step = [1, 2, 4, 5, 8].find((factor) => factor * magnitude >= value) ?? 10;
  return step * magnitude;
}

/** A horizontal bar of `width`, filled by `fraction` (0 to 1, cut to that). */
export function drawBar(fraction: number, width: number, colour: Colour): Line {
  const halves = Math.round(Math.min(1, Math.max(0, fraction)) * width * 2);
  const full = Math.floor(halves / 2);
  const half = halves % 2 === 1 ? "╸" : "";
  return [span("━".repeat(full) + half, colour), span("─".repeat(width - full - half.length), "dim")];
}
