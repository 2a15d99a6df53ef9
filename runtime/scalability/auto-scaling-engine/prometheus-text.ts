import { MnoError } from "../../exports";

/**
 * A reader of the Prometheus text format 0.0.4 (https://prometheus.io/docs/instrumenting/exposition_formats/), which also
 * takes what OpenMetrics adds to it: exemplars are read over, `# EOF` is a comment.
 */
interface Sample {
  name: string;
  labels: ReadonlyMap<string, string>;
  /** May be NaN or infinite: the format has both. */
  value: number;
  /** When it was measured, where the text says so: milliseconds since the epoch. */
  time?: number;
}

export interface Exposition {
  samples: Sample[];
  /** Metric family -> type as declared (`counter`, `gauge`, `histogram`, `summary`, `untyped` …). */
  types: Map<string, string>;
}

/** Characters; nothing honest has longer lines, and it bounds the work that one line can cause. */
const LONGEST_LINE = 64 * 1024;

const TYPE = /^#[ \t]+TYPE[ \t]+(\S+)[ \t]+(\S+)[ \t]*$/;
const NAME = /[a-zA-Z_:][a-zA-Z0-9_:]*/y;
const LABEL = /[ \t]*([a-zA-Z_][a-zA-Z0-9_]*)[ \t]*=[ \t]*"([^"\\]*(?:\\["\\n][^"\\]*)*)"[ \t]*/y;
/** What may follow the value: a timestamp, and an exemplar. */
const TAIL = /(?:[ \t]+([+-]?[0-9.]+))?[ \t]*(?:#.*)?$/sy;
const NUMBER = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?$/;
/** Characters; a double in full is shorter. */
const LONGEST_VALUE = 64;

/** Errors: MNO_SCRAPE_FAILED with the line's number and what should be there. */
export function parseExposition(text: string): Exposition {
  const exposition: Exposition = { samples: [], types: new Map() };
  let number = 0;
  for (const line of text.split("\n")) {
    number += 1;
    const content = line.trim();
    if (content === "") continue;
    if (content.length > LONGEST_LINE) throw unreadable(number, `is longer than ${String(LONGEST_LINE)} characters`);
    if (!content.startsWith("#")) {
      exposition.samples.push(parseSample(content, number));
      continue;
    }
    const [, family, type] = TYPE.exec(content) ?? [];
    if (family !== undefined && type !== undefined) exposition.types.set(family, type);
  }
  return exposition;
}

function parseSample(line: string, number: number): Sample {
  const name = match(NAME, line, 0)?.[0];
  if (name === undefined) throw unreadable(number, "does not start with a metric name");
  const labels = new Map<string, string>();
  let at = name.length;
  while (line[at] === " " || line[at] === "\t") at += 1;
  if (line[at] === "{") at = parseLabels(line, at + 1, number, labels);
  else if (at === name.length) throw unreadable(number, `has no space after ${name}`);
  while (line[at] === " " || line[at] === "\t") at += 1;
  const end = endOfToken(line, at);
  const value = end - at > LONGEST_VALUE ? undefined : parseValue(line.slice(at, end));
  const tail = match(TAIL, line, end);
  if (value === undefined || !tail) throw unreadable(number, `has no number after ${name}, or something behind it`);
  const sample: Sample = { name, labels, value };
  const time = tail[1] === undefined ? NaN : Number(tail[1]);
  // Prometheus' own text has milliseconds, OpenMetrics seconds with a fraction.
  if (Number.isFinite(time)) sample.time = tail[1]?.includes(".") ? time * 1000 : time;
  return sample;
}

/** Reads `name="value", …}` from `at` on and returns the position behind the brace. */
function parseLabels(line: string, at: number, number: number, labels: Map<string, string>): number {
  for (;;) {
    while (line[at] === " " || line[at] === "\t") at += 1;
    if (line[at] === "}") return at + 1;
    const found = match(LABEL, line, at);
    if (!found) throw unreadable(number, `has a malformed label at column ${String(at + 1)}`);
    const [all, label = "", escaped = ""] = found;
    labels.set(
      label,
      escaped.replace(/\\(.)/g, (_, character: string) => (character === "n" ? "\n" : character)),
    );
    at += all.length;
    if (line[at] === ",") at += 1;
    else if (line[at] !== "}") throw unreadable(number, `has no comma or closing brace at column ${String(at + 1)}`);
  }
}

/** The position of the first blank from `at` on, or the line's end. */
function endOfToken(line: string, at: number): number {
  const ends = [line.indexOf(" ", at), line.indexOf("\t", at)].filter((end) => end !== -1);
  return Math.min(line.length, ...ends);
}

function parseValue(token: string): number | undefined {
  if (NUMBER.test(token)) return Number(token);
  switch (token.toLowerCase()) {
    case "nan":
      return NaN;
    case "inf":
    case "+inf":
      return Infinity;
    case "-inf":
      return -Infinity;
    default:
      return undefined;
  }
}

function match(pattern: RegExp, line: string, at: number): RegExpExecArray | null {
  pattern.lastIndex = at;
  return pattern.exec(line);
}

function unreadable(line: number, fault: string): MnoError {
  return new MnoError("MNO_SCRAPE_FAILED", `the Prometheus text is not valid: line ${String(line)} ${fault}`);
}

/** Whether a series only ever grows: counters, and the `_count`, `_sum` and `_bucket` series of histograms and summaries. */
export function isCumulative(name: string, types: ReadonlyMap<string, string>): boolean {
  const own = types.get(name);
  if (own !== undefined) return own === "counter";
  const [, family = "", part = ""] = /^(.+)_(total|count|sum|bucket)$/.exec(name) ?? [];
  const type = types.get(family);
  return part === "total" ? type === "counter" : type === "histogram" || type === "summary";
}
