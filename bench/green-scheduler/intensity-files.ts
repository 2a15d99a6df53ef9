import { existsSync, readFileSync } from "node:fs";
import { basename } from "node:path";

export interface Series {
  region: string;
  from: number;
  stepMs: number;
  values: Float64Array;
}

/** Rows of a CSV file by the names in its head; no quoted commas, as in the files of these formats. */
export function rowsOf(file: string): Record<string, string>[] {
  const [head, ...lines] = readFileSync(file, "utf8").trim().split(/\r?\n/);
  const names = head!.split(",");
  return lines.map((line) => {
    const cells = line.split(",");
    return Object.fromEntries(names.map((name, i) => [name, cells[i] ?? ""]));
  });
}

const timeOf = (text: string): number => Date.parse(`${text.trim().replace(" ", "T")}Z`);

/** Where a step is missing, the last value goes on; where one is there twice, the first counts. */
function regular(region: string, points: readonly [number, number][], stepMs: number): Series {
  const from = points[0]![0];
  const steps = Math.round((points[points.length - 1]![0] - from) / stepMs) + 1;
  const values = new Float64Array(steps).fill(NaN);
  for (const [time, value] of points) {
    const step = Math.round((time - from) / stepMs);
    if (Number.isNaN(values[step])) values[step] = value;
  }
  for (let step = 1; step < steps; step++) if (Number.isNaN(values[step])) values[step] = values[step - 1]!;
  return { region, from, stepMs, values };
}

/**
 * "Time,Carbon Intensity" as published with Let's Wait Awhile: half hours from the first New Year in it on, or, where there is
 * none, from the first midnight on.
 */
export function readHalfHours(file: string): Series {
  const points = rowsOf(file)
    .map((row): [number, number] => [timeOf(row["Time"]!), Number(row["Carbon Intensity"])])
    .filter(([time, value]) => new Date(time).getUTCMinutes() % 30 === 0 && Number.isFinite(value));
  const startsAs = (clock: string): number =>
    points.findIndex(([time]) => new Date(time).toISOString().slice(0, 16).endsWith(clock));
  const newYear = startsAs("-01-01T00:00");
  const start = newYear < 0 ? startsAs("T00:00") : newYear;
  if (start < 0) throw new RangeError(`${file}: no day begins in it`);
  return regular(basename(file).replace(/_ci\.csv$/, ""), points.slice(start), 1_800_000);
}

/** Half hours of an hourly series, in the middle of each half between those of the hours. */
export function halfHours({ region, from, values }: Series): Series {
  const halves = Float64Array.from({ length: 2 * values.length }, (_, i) => {
    const hour = i >> 1;
    const neighbour = values[hour + (i % 2 === 0 ? -1 : 1)] ?? values[hour]!;
    return 0.75 * values[hour]! + 0.25 * neighbour;
  });
  return { region, from, stepMs: 1_800_000, values: halves };
}

/** Electricity Maps' yearly files, hourly, one after the other: the life-cycle column. */
export function readHours(region: string, files: readonly string[]): Series {
  const points = files.filter(existsSync).flatMap((file) =>
    rowsOf(file).flatMap((row): [number, number][] => {
      const column = Object.keys(row).find((name) => /intensity.*\(LCA\)|intensity.*life cycle/i.test(name));
      const value = Number(row[column!]);
      return row[column!] === "" || !Number.isFinite(value) ? [] : [[timeOf(row["Datetime (UTC)"]!), value]];
    }),
  );
  return regular(region, points, 3_600_000);
}
