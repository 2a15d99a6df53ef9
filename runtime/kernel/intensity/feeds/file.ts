import { readFile, stat } from "node:fs/promises";
import { FeedFault, type FeedForecast, type FeedSeries, type IntensityFeed } from "../feed";
import { arrayOf, numberOf, objectOf, textOf, timeOf } from "../fields";
import { parseJson } from "../http";
import type { IntensityPoint, Signal } from "../intensity";
import { HOUR_MS, MINUTE_MS } from "../series";
import { lookUp } from "./zones";

export interface FileOptions {
  path: string;
  signal: Signal;
  zones: Readonly<Record<string, string>>;
}

export interface IntensityFile {
  source?: string;
  /** Where the file names it, it must be the one that is configured. */
  signal?: string;
  regions: Map<string, IntensityPoint[]>;
}

const MOST_BYTES = 64 * 1024 * 1024;

/**
 * Intensity from a file, JSON or CSV by its ending, read again when it has changed. Stretches that lie ahead are its
 * forecast, made when the file was written.
 */
export class FileFeed implements IntensityFeed {
  readonly name = "file";
  readonly method = "as the file's author made it";
  readonly refreshMilliseconds = MINUTE_MS;
  readonly staleMilliseconds = 2 * HOUR_MS;
  private read: { modified: number; content: IntensityFile } | undefined;

  constructor(private readonly options: FileOptions) {}

  get signal(): Signal {
    return this.options.signal;
  }

  get zeroIsReal(): boolean {
    return this.signal === "marginal";
  }

  async regions(): Promise<readonly string[]> {
    const { content } = await this.load();
    const mapped = Object.keys(this.options.zones).filter((region) => content.regions.has(this.zoneOf(region)));
    return [...content.regions.keys(), ...mapped];
  }

  async knows(region: string): Promise<boolean> {
    return (await this.load()).content.regions.has(this.zoneOf(region));
  }

  async measured(region: string, from: number, to: number): Promise<FeedSeries> {
    const { content, source } = await this.load();
    const points = (content.regions.get(this.zoneOf(region)) ?? []).filter((p) => p.to > from && p.from < to);
    return { points, source };
  }

  async forecast(region: string, from: number, to: number): Promise<FeedForecast> {
    const { modified } = await this.load();
    return { ...(await this.measured(region, from, to)), generatedAt: modified };
  }

  private zoneOf(region: string): string {
    return lookUp(this.options.zones, region) ?? region;
  }

  private async load(): Promise<{ modified: number; content: IntensityFile; source: string }> {
    const { path, signal } = this.options;
    try {
      const { mtimeMs, size } = await stat(path);
      if (size > MOST_BYTES) throw new FeedFault(`is larger than ${String(MOST_BYTES)} bytes`);
      if (this.read?.modified !== mtimeMs) {
        const text = await readFile(path, "utf8");
        const content = path.endsWith(".csv") ? parseIntensityCsv(text) : parseIntensityJson(text);
        if (content.signal !== undefined && content.signal !== signal) {
          throw new FeedFault(`holds ${content.signal} intensity, and MNO_INTENSITY_SIGNAL is ${signal}`);
        }
        this.read = { modified: mtimeMs, content };
      }
    } catch (error) {
      if (error instanceof FeedFault) throw error;
      throw new FeedFault(`cannot be read (${String((error as NodeJS.ErrnoException).code)})`);
    }
    const { modified, content } = this.read;
    return { modified, content, source: content.source ?? "file MNO_INTENSITY_FILE" };
  }
}

/** `{signal, source?, regions: {name: [{from, to, gramsPerKwh, estimated?}]}}`. Errors: FeedFault. */
export function parseIntensityJson(text: string): IntensityFile {
  const file = objectOf(parseJson(text), "file");
  const regions = new Map<string, IntensityPoint[]>();
  for (const [name, rows] of Object.entries(objectOf(file.regions, "regions"))) {
    const points = arrayOf(rows, `regions.${name}`).map((value) => {
      const row = objectOf(value, `regions.${name}`);
      return pointOf(row.from, row.to, numberOf(row.gramsPerKwh, "gramsPerKwh"), row.estimated === true);
    });
    regions.set(name, points);
  }
  return {
    regions,
    signal: textOf(file.signal, "signal"),
    ...(file.source === undefined ? {} : { source: textOf(file.source, "source") }),
  };
}

const COLUMNS = ["region", "from", "to", "grams_per_kwh"] as const;

/** Columns region, from, to, grams_per_kwh and, where it is there, estimated (true or false); no quotes. Errors: FeedFault. */
export function parseIntensityCsv(text: string): IntensityFile {
  const [head = "", ...rows] = text.split(/\r?\n/).filter((line) => line.trim() !== "");
  const names = head.split(",").map((name) => name.trim());
  const missing = COLUMNS.filter((name) => !names.includes(name));
  if (missing.length > 0) throw new FeedFault(`has no column ${missing.join(", ")}`);
  const regions = new Map<string, IntensityPoint[]>();
  for (const [i, line] of rows.entries()) {
    const cells = line.split(",").map((cell) => cell.trim());
    if (cells.length !== names.length) {
      throw new FeedFault(
        `has ${String(cells.length)} cells in row ${String(i + 2)} below ${String(names.length)} columns`,
      );
    }
    const cell = (name: string): string | undefined => cells[names.indexOf(name)];
    const grams = textOf(cell("grams_per_kwh"), "grams_per_kwh");
    const region = textOf(cell("region"), "region");
    const points = regions.get(region) ?? [];
    points.push(pointOf(cell("from"), cell("to"), Number(grams), cell("estimated") === "true"));
    regions.set(region, points);
  }
  return { regions };
}

function pointOf(from: unknown, to: unknown, gramsPerKwh: number, estimated: boolean): IntensityPoint {
  const point = { from: timeOf(from, "from"), to: timeOf(to, "to"), gramsPerKwh, estimated };
  if (point.to <= point.from) throw new FeedFault("has a stretch that ends before it begins");
  return point;
}
