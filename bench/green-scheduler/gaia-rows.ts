import { readdirSync } from "node:fs";
import { join } from "node:path";
import type { BenchRow } from "../contract";
import { Gaia, hoursOf, type Outcome, readJobs, START, type Submission } from "./gaia";
import { readHours, type Series } from "./intensity-files";

const SOURCE =
  "GAIA (ASPLOS 2024): its jobs and queues; Lowest-Window re-implemented, knowing its queue's mean length of the whole trace";

/** Files of hours by region, in the order of their years: `REGION_YEAR_hourly.csv`. */
export function hourlyFiles(folder: string): Map<string, { year: string; file: string }[]> {
  const regions = new Map<string, { year: string; file: string }[]>();
  for (const name of readdirSync(folder).sort()) {
    const [, region, year] = /^(.+)_(\d{4})_hourly\.csv$/.exec(name) ?? [];
    if (region === undefined || year === undefined) continue;
    regions.set(region, [...(regions.get(region) ?? []), { year, file: join(folder, name) }]);
  }
  return regions;
}

/** GAIA's jobs on every region there are hourly files of: when the published experiment was, then on each year by itself. */
export function gaiaRows(jobsFile: string, folder: string): BenchRow[] {
  const jobs = readJobs(jobsFile);
  const hours = hoursOf(jobs);
  return [...hourlyFiles(folder)].flatMap(([region, files]) => {
    const series = readHours(
      region,
      files.map(({ file }) => file),
    );
    const years = files.map(({ year, file }) => ({ year, hourly: readHours(region, [file]) }));
    // A shorter series is replayed from its beginning.
    const start = series.values.length >= START + hours ? START : 0;
    return [
      ...(isLong(region, series, hours) ? rowsOf(region, new Gaia(series, jobs, start)) : []),
      ...years
        .filter(({ year, hourly }) => isLong(`${region} ${year}`, hourly, hours))
        .map(({ year, hourly }) => yearRow(region, year, hourly, jobs)),
    ];
  });
}

function isLong(name: string, { values }: Series, hours: number): boolean {
  if (values.length >= hours) return true;
  process.stdout.write(`${name} has ${String(values.length)} of the ${String(hours)} hours that GAIA's jobs need\n`);
  return false;
}

/** The trace begun in each quarter of a year: ours with lengths learnt beside Lowest-Window, by the sum of grams. */
function yearRow(region: string, year: string, series: Series, jobs: readonly Submission[]): BenchRow {
  const starts = [0.05, 0.3, 0.55, 0.8].map(
    (share) => Math.floor((share * (series.values.length - hoursOf(jobs))) / 24) * 24,
  );
  const sums = { base: 0, ours: 0, peer: 0, late: 0 };
  for (const start of starts) {
    const gaia = new Gaia(series, jobs, Math.max(0, start));
    const ours = gaia.learnt();
    sums.base += gaia.noWait().grams;
    sums.ours += ours.grams;
    sums.peer += gaia.lowestWindow().grams;
    sums.late += ours.late;
  }
  if (sums.ours >= sums.peer) process.stdout.write(`${region} ${year}: ours, learnt, does not beat Lowest-Window\n`);
  return {
    work: `GAIA's jobs, ${region} ${year}, 4 months: no suspension, lengths learnt`,
    ...{ metric: "carbon_ratio_to_no_wait", unit: "ratio", better: "lower", ours: sums.ours / sums.base, spread: 0 },
    ...{ peers: { "Lowest-Window": sums.peer / sums.base }, source: SOURCE },
  };
}

function rowsOf(region: string, gaia: Gaia): BenchRow[] {
  const base = gaia.noWait().grams;
  const peer = gaia.lowestWindow();
  const oracle = gaia.known(false);
  const suspended = gaia.known(true);
  const learnt = gaia.learnt();
  const learntSuspended = gaia.learntSuspended();
  const ratio = ({ grams }: Outcome): number => grams / base;
  if (ratio(learnt) >= ratio(peer)) process.stdout.write(`${region}: ours, learnt, does not beat Lowest-Window\n`);
  const rows = (work: string, ours: Outcome, peers: Record<string, Outcome>, bound: Outcome): BenchRow[] => {
    const by = (figure: (outcome: Outcome) => number): Record<string, number> =>
      Object.fromEntries(Object.entries(peers).map(([name, outcome]) => [name, figure(outcome)]));
    const common = { work: `GAIA, ${region}: ${work}`, better: "lower" as const, spread: 0, source: SOURCE };
    return [
      {
        ...{ ...common, metric: "carbon_ratio_to_no_wait", unit: "ratio", ours: ratio(ours) },
        ...{ peers: by(ratio), bound: ratio(bound) },
      },
      {
        ...{ ...common, metric: "mean_wait_hours", unit: "h", ours: ours.waitHours },
        peers: by(({ waitHours }) => waitHours),
      },
      { ...common, metric: "waits_too_long", unit: "jobs", ours: ours.late, peers: by(({ late }) => late), bound: 0 },
    ];
  };
  return [
    ...rows("no suspension, lengths learnt", learnt, { "Lowest-Window": peer }, oracle),
    ...rows("no suspension, lengths known", oracle, { "Lowest-Window": peer }, oracle),
    ...rows("suspension, lengths learnt", learntSuspended, {}, suspended),
    ...rows("suspension, lengths known", suspended, {}, suspended),
  ];
}
