import { readdirSync } from "node:fs";
import { join } from "node:path";
import type { BenchRow } from "../contract";
import { Gaia, type Outcome, readJobs } from "./gaia";
import { readHours } from "./intensity-files";

const SOURCE =
  "GAIA (ASPLOS 2024): its jobs and queues; Lowest-Window re-implemented, knowing its queue's mean length of the whole trace";

/** GAIA's jobs on every region there are hourly files of (REGION_YEAR_hourly.csv). */
export function gaiaRows(jobsFile: string, folder: string): BenchRow[] {
  const jobs = readJobs(jobsFile);
  const regions = new Map<string, string[]>();
  for (const name of readdirSync(folder).sort()) {
    const region = /^(.+)_\d{4}_hourly\.csv$/.exec(name)?.[1];
    if (region !== undefined) regions.set(region, [...(regions.get(region) ?? []), join(folder, name)]);
  }
  return [...regions].flatMap(([region, files]) => rowsOf(region, new Gaia(readHours(region, files), jobs)));
}

function rowsOf(region: string, gaia: Gaia): BenchRow[] {
  const base = gaia.noWait().grams;
  const peer = gaia.lowestWindow();
  const oracle = gaia.known(false);
  const suspended = gaia.known(true);
  const learnt = gaia.learnt();
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
    ...rows("suspension, lengths known", suspended, {}, suspended),
  ];
}
