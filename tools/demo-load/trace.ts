import { MnoError } from "../../runtime/exports";

/** One request of a recorded trace. */
export interface Arrival {
  /** Milliseconds since the trace's first request. */
  atMs: number;
  /** Tokens that the answer had. */
  tokens: number;
}

const COLUMNS = ["TIMESTAMP", "ContextTokens", "GeneratedTokens"] as const;
const TIMESTAMP = /^(\d{4})-(\d\d)-(\d\d) (\d\d):(\d\d):(\d\d)(\.\d{1,9})?$/;

/**
 * Reads the CSV of the Azure LLM inference traces (`TIMESTAMP,ContextTokens,GeneratedTokens`, in order of time).
 * Errors: MNO_TRACE_INVALID naming `source`, line and column of the first bad value.
 */
export function parseTrace(csv: string, source: string): Arrival[] {
  const lines = csv.split(/\r?\n/);
  if (lines.at(-1) === "") lines.pop();
  const header = lines[0] ?? "";
  if (header !== COLUMNS.join(","))
    throw bad(source, 1, `the header must be "${COLUMNS.join(",")}"; it is "${header}"`);
  if (lines.length < 2) throw bad(source, 1, "there is no request after the header");

  const arrivals: Arrival[] = [];
  let first = 0;
  let previous = -Infinity;
  for (const [index, line] of lines.slice(1).entries()) {
    const number = index + 2;
    const cells = line.split(",");
    if (cells.length !== COLUMNS.length) {
      throw bad(source, number, `${String(COLUMNS.length)} columns are needed; there are ${String(cells.length)}`);
    }
    const [timestamp = "", context = "", generated = ""] = cells;
    const time = parseTimestamp(timestamp);
    if (time === undefined)
      throw badCell(source, number, "TIMESTAMP", timestamp, "a time like 2023-11-16 18:15:46.6805900");
    if (time < previous) throw badCell(source, number, "TIMESTAMP", timestamp, "no earlier than the line before");
    if (!isCount(context)) throw badCell(source, number, "ContextTokens", context, "a whole number of tokens");
    if (!isCount(generated)) throw badCell(source, number, "GeneratedTokens", generated, "a whole number of tokens");
    if (arrivals.length === 0) first = time;
    previous = time;
    arrivals.push({ atMs: time - first, tokens: Number(generated) });
  }
  return arrivals;
}

/** Milliseconds since the epoch with their fraction; the trace names no time zone, and only differences matter. */
function parseTimestamp(text: string): number | undefined {
  const match = TIMESTAMP.exec(text);
  if (!match) return undefined;
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = match.slice(1, 7).map(Number);
  const whole = Date.UTC(year, month - 1, day, hour, minute, second);
  const written = `${text.slice(0, 10)}T${text.slice(11, 19)}.000Z`;
  if (new Date(whole).toISOString() !== written) return undefined; // the 31st of February rolled over
  return whole + Number(match[7] ?? 0) * 1000;
}

const isCount = (text: string): boolean => /^\d{1,9}$/.test(text);

function badCell(
  source: string,
  line: number,
  column: (typeof COLUMNS)[number],
  value: string,
  expected: string,
): MnoError {
  return bad(source, line, `column ${column}: "${value}" is not ${expected}`);
}

function bad(source: string, line: number, message: string): MnoError {
  return new MnoError("MNO_TRACE_INVALID", `${source} line ${String(line)}: ${message}`);
}
