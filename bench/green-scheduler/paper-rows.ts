import { readdirSync } from "node:fs";
import { join } from "node:path";
import type { BenchRow } from "../contract";
import { readHalfHours, type Series } from "./intensity-files";
import {
  type Chooser,
  FLEXIBILITIES,
  forecastOf,
  MAX_WINDOW,
  mlEmissions,
  mlJobs,
  type Mode,
  nightly,
  nightlyBase,
} from "./paper";
import { ML, NIGHTLY } from "./published";

const SEEDS = Array.from({ length: 10 }, (_, seed) => seed);
const ERRORS = [0.05, 0.1];
/** 2020, and the days behind it that the last jobs need. */
const PUBLISHED = { from: Date.UTC(2020, 0, 1), steps: 48 * 366 };
/** Years that nothing was looked at with: fewer seeds have to do for so many. */
const FEW_SEEDS = [0, 1, 2];
const SOURCE =
  "published: Let's Wait Awhile (Middleware 2021), table and vector figure; noise: NumPy's default_rng(0..9), as there";

const forecastsOf = (series: Series, error: number, seeds: readonly number[]): Float64Array[] =>
  seeds.map((seed) => forecastOf(series.values, error, seed));

/** Percent saved, for each cell: 17 nightly windows, then four ways for the machine-learning jobs. Mean of the seeds. */
function cellsOf(
  series: Series,
  forecasts: readonly Float64Array[],
  error: number,
  mode: Mode,
  chooser: Chooser,
): number[] {
  const mean = (figure: (forecast: Float64Array) => number): number =>
    forecasts.reduce((sum, forecast) => sum + figure(forecast), 0) / forecasts.length;
  const saved = (figure: number, base: number): number => 100 * (1 - figure / base);
  const nights = Array.from({ length: MAX_WINDOW + 1 }, (_, window) =>
    saved(
      mean((forecast) => nightly(series, forecast, error, window, mode, chooser)),
      nightlyBase(series, window, mode),
    ),
  );
  const jobs = mlJobs(series);
  const still = { flexibility: "none", interruptible: false, mode, chooser: "paper's rule" } as const;
  const base = mlEmissions(series, series.values, 0, jobs, still);
  const projects = FLEXIBILITIES.flatMap((flexibility) =>
    [false, true].map((interruptible) => {
      const how = { flexibility, interruptible, mode, chooser };
      return saved(
        mean((forecast) => mlEmissions(series, forecast, error, jobs, how)),
        base,
      );
    }),
  );
  return [...nights, ...projects];
}

const NAMES = [
  ...Array.from({ length: MAX_WINDOW + 1 }, (_, window) => `nightly +-${String(window / 2)} h`),
  ...FLEXIBILITIES.flatMap((flexibility) => [`ML ${flexibility}`, `ML ${flexibility}, interruptible`]),
];

const largest = (values: readonly number[]): number => Math.max(...values.map(Math.abs));

/** Only of the year that was published. */
function publishedRows(series: Series): BenchRow[] {
  const published = [...(NIGHTLY[series.region] ?? []), ...(ML[series.region] ?? [])];
  if (published.length === 0 || series.from !== PUBLISHED.from || series.values.length < PUBLISHED.steps) return [];
  const forecasts = forecastsOf(series, 0.05, SEEDS);
  const cells = cellsOf(series, forecasts, 0.05, "paper", "paper's rule");
  const off = cells.map((cell, i) => cell - published[i]!);
  const row = { metric: "paper_mode_max_error_points", unit: "percentage points", better: "lower" as const, spread: 0 };
  const common = { ...row, peers: {}, source: SOURCE };
  return [
    { ...common, work: `${series.region} 2020, 17 nightly cells, 5 % error`, ours: largest(off.slice(0, 17)) },
    { ...common, work: `${series.region} 2020, 4 ML cells, 5 % error (printed to 0.01)`, ours: largest(off.slice(17)) },
  ];
}

function gainRows(series: Series): BenchRow[] {
  const work = `${series.region} ${new Date(series.from).getUTCFullYear().toString()}, strict`;
  const exact = ["paper's rule" as const, "ours" as const].map((chooser) =>
    cellsOf(series, [series.values], 0, "strict", chooser),
  );
  const rows: BenchRow[] = [
    {
      ...{ work: `${work}, no error: ours beside the optimum`, metric: "perfect_forecast_max_error_points" },
      ...{
        unit: "percentage points",
        better: "lower",
        ours: largest(exact[0]!.map((cell, i) => cell - exact[1]![i]!)),
      },
      ...{ spread: 0, peers: {} },
    },
  ];
  for (const error of ERRORS) {
    const forecasts = forecastsOf(series, error, SEEDS);
    const theirs = cellsOf(series, forecasts, error, "strict", "paper's rule");
    const ours = cellsOf(series, forecasts, error, "strict", "ours");
    // Without a window there is nothing to choose.
    const gains = ours.map((cell, i) => cell - theirs[i]!).slice(1);
    const losing = gains.flatMap((gain, i) => (gain > 0 ? [] : [`${NAMES[i + 1]!} (${gain.toFixed(3)})`]));
    process.stdout.write(
      `${work}, ${String(100 * error)} % error: cells in which ours does not win: ${losing.join(", ") || "none"}\n`,
    );
    rows.push({
      ...{ work: `${work}, ${String(100 * error)} % error, 20 cells`, metric: "min_gain_over_paper_points" },
      ...{
        unit: "percentage points",
        better: "higher",
        ours: Math.min(...gains),
        spread: 0,
        peers: {},
        source: SOURCE,
      },
    });
    for (const cell of [4, 16, 18, 20]) {
      rows.push({
        ...{ work: `${work}, ${String(100 * error)} % error, ${NAMES[cell]!}`, metric: "carbon_saved_percent" },
        ...{
          unit: "percent",
          better: "higher",
          ours: ours[cell]!,
          spread: 0,
          peers: { "paper's rule": theirs[cell]! },
        },
        ...{ bound: exact[0]![cell]!, source: SOURCE },
      });
    }
  }
  return rows;
}

/**
 * The same scenarios on a year of another region, whose hours stand for two half hours each: does smoothing that sets its own
 * width win on data that it was not made with?
 */
export function transferRows(series: Series): BenchRow[] {
  const year = new Date(series.from).getUTCFullYear().toString();
  return ERRORS.map((error): BenchRow => {
    const forecasts = forecastsOf(series, error, FEW_SEEDS);
    const [theirs, ours] = (["paper's rule", "ours"] as const).map((chooser) =>
      cellsOf(series, forecasts, error, "strict", chooser),
    ) as [number[], number[]];
    const gains = ours.map((cell, i) => cell - theirs[i]!).slice(1);
    const losing = gains.flatMap((gain, i) => (gain > 0 ? [] : [`${NAMES[i + 1]!} (${gain.toFixed(3)})`]));
    const work = `${series.region} ${year} (hourly data), strict, ${String(100 * error)} % error, 20 cells`;
    process.stdout.write(`${work}: cells in which ours does not win: ${losing.join(", ") || "none"}\n`);
    return {
      ...{ work, metric: "min_gain_over_paper_points", unit: "percentage points", better: "higher" },
      ...{ ours: Math.min(...gains), spread: 0, peers: {}, source: SOURCE },
    };
  });
}

/** Every `*_ci.csv` in the folder. Published figures are compared where the region has some. */
export function paperRows(folder: string): BenchRow[] {
  const files = readdirSync(folder).filter((name) => name.endsWith("_ci.csv"));
  return files.sort().flatMap((name) => {
    const series = readHalfHours(join(folder, name));
    return [...publishedRows(series), ...gainRows(series)];
  });
}
