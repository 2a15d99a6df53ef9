import type { BenchRow } from "./contract";
import { formatFigure } from "./table";

const WIDTH = 760;
const MARGIN = 16;
const LABELS = 180;
const FIGURES = 130;
const BAR = 18;
const GAP = 6;
const HEADING = 40;
const BETWEEN = 18;
const TITLE = 34;
/** Characters of 12 px that fit into the label column and into a heading. */
const LABEL_CHARACTERS = 26;
const HEADING_CHARACTERS = 105;

interface Bar {
  label: string;
  value: number;
  kind: "ours" | "peer" | "bound";
}

/** Works on a light page and a dark one: colours follow the reader's scheme, the ground is transparent. */
const STYLE = `
  text { font: 12px system-ui, sans-serif; fill: #1f2933; }
  .title { font-size: 15px; font-weight: 600; }
  .work { font-weight: 600; }
  .note { fill: #52606d; }
  .ours { fill: #0b6e99; }
  .peer { fill: #9aa5b1; }
  .bound { fill: none; stroke: #9aa5b1; stroke-dasharray: 3 2; }
  .axis { stroke: #9aa5b1; }
  @media (prefers-color-scheme: dark) {
    text { fill: #e4e7eb; }
    .note { fill: #9aa5b1; }
    .ours { fill: #4cb5e0; }
    .peer { fill: #616e7c; }
    .bound, .axis { stroke: #7b8794; }
  }`;

/** A bar plot as an SVG document: one group per row, each on a scale of its own that starts at zero. */
export function plot(title: string, rows: readonly BenchRow[]): string {
  const parts: string[] = [];
  let y = MARGIN + TITLE;
  for (const row of rows) {
    parts.push(...group(row, y));
    y += HEADING + bars(row).length * (BAR + GAP) + BETWEEN;
  }
  const height = y - BETWEEN + MARGIN;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img" aria-label="${escape(title)}">`,
    `<style>${STYLE}\n</style>`,
    `<text class="title" x="${MARGIN}" y="${MARGIN + 16}">${escape(title)}</text>`,
    ...parts,
    "</svg>",
    "",
  ].join("\n");
}

function group(row: BenchRow, top: number): string[] {
  const shown = bars(row);
  const left = MARGIN + LABELS;
  const room = WIDTH - MARGIN - FIGURES - left;
  // Figures may be negative: zero is where the bars start, wherever that is.
  const low = Math.min(0, ...shown.map(({ value }) => value));
  const high = Math.max(0, ...shown.map(({ value }) => value));
  // Divided before multiplied: a factor of room / range would overflow for the smallest figures.
  const toLength = (value: number): number => (high === low ? 0 : (Math.abs(value) / (high - low)) * room);
  const zero = left + toLength(low);
  const metric = `${row.metric}, ${row.unit} (${row.better} is better)`;
  const first = top + HEADING;
  return [
    `<text class="work" x="${MARGIN}" y="${top + 12}">${text(row.work, HEADING_CHARACTERS)}</text>`,
    `<text class="note" x="${MARGIN}" y="${top + 28}">${text(metric, HEADING_CHARACTERS)}</text>`,
    ...shown.flatMap(({ label, value, kind }, index) => {
      const y = first + index * (BAR + GAP);
      const length = toLength(value);
      const end = value < 0 ? zero : zero + length;
      return [
        `<text x="${left - 8}" y="${y + 13}" text-anchor="end">${text(label, LABEL_CHARACTERS)}</text>`,
        `<rect class="${kind}" x="${round(value < 0 ? zero - length : zero)}" y="${y}" width="${round(length)}" height="${BAR}"><title>${escape(`${label}: ${value} ${row.unit}`)}</title></rect>`,
        `<text x="${round(end + 6)}" y="${y + 13}">${escape(figure(row, kind, value))}</text>`,
      ];
    }),
    `<line class="axis" x1="${round(zero)}" y1="${first - 3}" x2="${round(zero)}" y2="${first + shown.length * (BAR + GAP) - 3}"/>`,
  ];
}

function bars({ ours, peers, bound }: BenchRow): Bar[] {
  return [
    { label: "ours", value: ours, kind: "ours" },
    ...Object.entries(peers).map(([label, value]): Bar => ({ label, value, kind: "peer" })),
    ...(bound === undefined ? [] : [{ label: "bound", value: bound, kind: "bound" } satisfies Bar]),
  ];
}

function figure(row: BenchRow, kind: Bar["kind"], value: number): string {
  const spread = kind === "ours" && row.spread > 0 ? ` (spread ${(row.spread * 100).toFixed(0)}%)` : "";
  return formatFigure(value) + spread;
}

const round = (value: number): number => Math.round(value * 10) / 10;

const text = (full: string, characters: number): string =>
  escape(full.length > characters ? `${full.slice(0, characters - 1)}…` : full);

const ENTITIES: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };

const escape = (raw: string): string => raw.replace(/[&<>"]/g, (character) => ENTITIES[character]!);
