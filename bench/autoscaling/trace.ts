import { readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";

/** Load over time, straight between its points. Times are milliseconds since the epoch, strictly ascending. */
export interface Trace {
  name: string;
  times: readonly number[];
  values: readonly number[];
}

const MINUTE_MS = 60_000;

/**
 * Reads one file of a known format, told by its header: `period,count` (requests per minute; a minute that appears twice is
 * summed), `timestamp,value` (NAB; of equal times the last counts) or `TIMESTAMP,ContextTokens,GeneratedTokens` (Azure: one
 * line per request, counted per minute). undefined: another format. Lines that hold no time and no finite number of at
 * least 0 are left out.
 */
export function readTrace(path: string): Trace | undefined {
  const [header = "", ...lines] = readFileSync(path, "utf8").split(/\r?\n/);
  const columns = header.trim().toLowerCase().split(",").slice(0, 2).join(",");
  const name = basename(path, ".csv");
  switch (columns) {
    case "period,count":
      return toTrace(
        name,
        accumulate(lines, (known, count) => known + count),
      );
    case "timestamp,value":
      return toTrace(
        name,
        accumulate(lines, (_, value) => value),
      );
    case "timestamp,contexttokens":
      return toTrace(`${name} requests per minute`, perMinute(lines));
    default:
      return undefined;
  }
}

/** All traces of a folder and of the folders in it, by name. */
export function readTraces(folder: string): Trace[] {
  const files = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(".csv"));
  return files.sort().flatMap((file) => readTrace(join(folder, file)) ?? []);
}

/** Straight between the trace's points, flat outside. Calls with ascending times cost O(1). */
export function sampler({ times, values }: Trace): (time: number) => number {
  let index = 0;
  return (time) => {
    while (index > 0 && times[index]! > time) index--;
    while (index < times.length - 2 && times[index + 1]! <= time) index++;
    const [t0, t1, v0, v1] = [times[index]!, times[index + 1] ?? NaN, values[index]!, values[index + 1] ?? NaN];
    if (time <= t0) return v0;
    return time >= t1 ? v1 : v0 + ((v1 - v0) * (time - t0)) / (t1 - t0);
  };
}

function accumulate(lines: readonly string[], merge: (known: number, value: number) => number): Map<number, number> {
  const points = new Map<number, number>();
  for (const line of lines) {
    const [stamp = "", text = ""] = line.split(",");
    const time = parseTime(stamp);
    const value = text.trim() === "" ? NaN : Number(text);
    if (Number.isNaN(time) || !Number.isFinite(value) || value < 0) continue;
    const known = points.get(time);
    points.set(time, known === undefined ? value : merge(known, value));
  }
  return points;
}

/** The first and the last minute are only in part in the log, and left out; a minute without a request counts 0. */
function perMinute(lines: readonly string[]): Map<number, number> {
  const counts = new Map<number, number>();
  let [first, last] = [Infinity, -Infinity];
  for (const line of lines) {
    const time = parseTime(line.split(",")[0]!);
    if (Number.isNaN(time)) continue;
    const minute = Math.floor(time / MINUTE_MS) * MINUTE_MS;
    counts.set(minute, (counts.get(minute) ?? 0) + 1);
    first = Math.min(first, minute);
    last = Math.max(last, minute);
  }
  const points = new Map<number, number>();
  for (let minute = first + MINUTE_MS; minute < last; minute += MINUTE_MS) points.set(minute, counts.get(minute) ?? 0);
  return points;
}

/** The formats' times carry no zone; they are read as UTC. */
function parseTime(stamp: string): number {
  return Date.parse(`${stamp.trim().replace(" ", "T").slice(0, 23)}Z`);
}

function toTrace(name: string, points: ReadonlyMap<number, number>): Trace {
  const sorted = [...points].sort(([a], [b]) => a - b);
  return { name, times: sorted.map(([time]) => time), values: sorted.map(([, value]) => value) };
}
