export type Paint = (text: string, colour: Colour) => string;
export type Colour = "blue" | "yellow" | "red" | "dim" | "bold";

const SGR: Record<Colour, string> = { blue: "34", yellow: "33", red: "31", dim: "2", bold: "1" };

export const inColour: Paint = (text, colour) => `\x1b[${SGR[colour]}m${text}\x1b[0m`;
export const inMonochrome: Paint = (text) => text;

/** A value over time; undefined where nothing was measured. */
export type Series = readonly (number | undefined)[];

export interface Chart {
  /** Drawn filled, with blocks. */
  area: Series;
  /** Drawn over it, as a line. */
  line: Series;
  /** A level across the whole chart. */
  threshold?: number;
}

const EIGHTHS = [" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"];
const LABEL_WIDTH = 6;

/** Lines of text, `height` of them and `width` characters wide; of a longer series the latest values are shown. */
export function drawChart(chart: Chart, width: number, height: number, paint: Paint): string[] {
  const columns = Math.max(1, width - LABEL_WIDTH - 1);
  const area = chart.area.slice(-columns);
  const line = chart.line.slice(-columns);
  const top = niceCeiling(Math.max(1, chart.threshold ?? 0, ...[...area, ...line].map((value) => value ?? 0)));
  const rowOf = (value: number): number => Math.max(0, Math.ceil((value / top) * height) - 1);

  const rows: string[] = [];
  for (let row = height - 1; row >= 0; row -= 1) {
    const label = row === height - 1 ? formatCount(top) : row === 0 ? "0" : "";
    let text = paint(`${label.padStart(LABEL_WIDTH)}┤`, "dim");
    for (let column = 0; column < columns; column += 1) {
      const above = line[column];
      const filled = Math.round(((area[column] ?? 0) / top) * height * 8) - row * 8;
      if (above !== undefined && rowOf(above) === row) text += paint("━", "yellow");
      else if (filled > 0) text += paint(EIGHTHS[Math.min(8, filled)] ?? "", "blue");
      else if (chart.threshold !== undefined && rowOf(chart.threshold) === row) text += paint("┄", "red");
      else text += " ";
    }
    rows.push(text);
  }
  return rows;
}

/** The next of 1, 2, 4, 5, 8 or 10 times a power of ten. */
function niceCeiling(value: number): number {
  const magnitude = 10 ** Math.floor(Math.log10(value));
  const step = [1, 2, 4, 5, 8].find((factor) => factor * magnitude >= value) ?? 10;
  return step * magnitude;
}

/** 1234567 -> 1,234,567 */
export function formatCount(value: number): string {
  return Math.round(value).toLocaleString("en-US");
}
