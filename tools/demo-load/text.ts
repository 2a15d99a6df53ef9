export type Colour = "blue" | "cyan" | "green" | "yellow" | "red" | "dim" | "bold";
export type Paint = (text: string, colour: Colour) => string;

const SGR: Record<Colour, string> = {
  blue: "34",
  cyan: "36",
  green: "32",
  yellow: "33",
  red: "31",
  dim: "2",
  bold: "1",
};

export const inColour: Paint = (text, colour) => `\x1b[${SGR[colour]}m${text}\x1b[0m`;
export const inMonochrome: Paint = (text) => text;

/** A piece of a line in one colour. */
export interface Span {
  text: string;
  colour?: Colour;
}

/** A line of the picture before it is painted: its width can be told, whatever its colours. */
export type Line = readonly Span[];

export const span = (text: string, colour?: Colour): Span => (colour === undefined ? { text } : { text, colour });

const widthOf = (line: Line): number => line.reduce((sum, { text }) => sum + text.length, 0);

/** Exactly `width` characters: cut, with an ellipsis, or filled up with spaces. */
export function fit(line: Line, width: number): Line {
  const excess = widthOf(line) - width;
  if (excess <= 0) return excess === 0 ? line : [...line, span(" ".repeat(-excess))];
  const kept: Span[] = [];
  let left = width - 1;
  for (const piece of line) {
    const text = piece.text.slice(0, left);
    kept.push({ ...piece, text });
    left -= text.length;
    if (left <= 0) break;
  }
  return [...kept, span("…")];
}

/** Both blocks side by side, two columns apart; the shorter one is filled up. */
export function beside(left: readonly Line[], right: readonly Line[], leftWidth: number, rightWidth: number): Line[] {
  const rows = Math.max(left.length, right.length);
  return Array.from({ length: rows }, (_, row) => [
    ...fit(left[row] ?? [], leftWidth),
    span("  "),
    ...fit(right[row] ?? [], rightWidth),
  ]);
}

/** Breaks text between words into lines of at most `width`; the last of `rows` is cut with an ellipsis where there is more. */
export function wrap(text: string, width: number, rows: number): string[] {
  const lines: string[] = [];
  let rest = text;
  while (rest.length > width && lines.length < rows - 1) {
    const space = rest.lastIndexOf(" ", width);
    const end = space > 0 ? space : width;
    lines.push(rest.slice(0, end));
    rest = rest.slice(end).trimStart();
  }
  lines.push(rest.length > width ? `${rest.slice(0, width - 1)}…` : rest);
  return lines;
}

/** What others wrote, fit for a terminal: no control characters. */
// eslint-disable-next-line no-control-regex
export const printable = (text: string): string => text.replace(/[\x00-\x1f\x7f-\x9f]+/g, " ");

export const paintLine = (line: Line, paint: Paint): string =>
  line.map(({ text, colour }) => (colour === undefined || text.trim() === "" ? text : paint(text, colour))).join("");

/** 1234567 -> 1,234,567 */
export const formatCount = (value: number): string => Math.round(value).toLocaleString("en-US");

/** A dash for what is not known. */
export const show = (value: number | undefined): string => (value === undefined ? "–" : formatCount(value));

/** 75 -> 1:15 */
export function formatTime(seconds: number): string {
  const whole = Math.round(seconds);
  return `${String(Math.floor(whole / 60))}:${String(whole % 60).padStart(2, "0")}`;
}

/** 0.123 -> 12 % */
export const percent = (fraction: number): string => `${(fraction * 100).toFixed(0)} %`;
