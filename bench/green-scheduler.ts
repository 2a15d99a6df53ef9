import { existsSync } from "node:fs";
import { join } from "node:path";
import type { BenchRow } from "./contract";
import { elasticRows } from "./green-scheduler/elastic";
import { gaiaRows, hourlyFiles } from "./green-scheduler/gaia-rows";
import { halfHours, readHours, type Series } from "./green-scheduler/intensity-files";
import { optimumRows } from "./green-scheduler/optimum";
import { paperRows, transferRows } from "./green-scheduler/paper-rows";
import { speedRows } from "./green-scheduler/speed";

/**
 * The green scheduler's plans, through the engine's own `planAll`, beside published work: Let's Wait Awhile (reproduced, then
 * beaten on the same noise, and on years and regions that nothing was looked at with), GAIA, CarbonScaler, the proven optimum of
 * small instances, and the time to plan 100,000 jobs anew. The papers' files are not part of the project: `--data` is a folder
 * with `lets-wait-awhile/*_ci.csv`, `gaia/pai_1k.csv`, `carbonscaler/nbody*.csv` and
 * `decarbonization-potential/REGION_YEAR_hourly.csv`; what is not there is left out, and said.
 */
export async function run({ data }: { data?: string } = {}): Promise<BenchRow[]> {
  const folder = data ?? join(__dirname, "../../shared/data/carbon");
  const there = (...names: string[]): boolean => {
    const missing = names.filter((name) => !existsSync(join(folder, name)));
    for (const name of missing) process.stdout.write(`${name} is not in ${folder}: its part is left out\n`);
    return missing.length === 0;
  };
  const rows: BenchRow[] = [];
  const hourly = "decarbonization-potential";
  if (there("lets-wait-awhile")) rows.push(...paperRows(join(folder, "lets-wait-awhile")));
  if (there(hourly)) rows.push(...lastYears(join(folder, hourly)).flatMap((series) => transferRows(halfHours(series))));
  if (there("gaia/pai_1k.csv", hourly)) rows.push(...gaiaRows(join(folder, "gaia/pai_1k.csv"), join(folder, hourly)));
  if (there("carbonscaler", hourly)) {
    rows.push(...elasticRows(join(folder, "carbonscaler"), lastYears(join(folder, hourly))));
  }
  rows.push(...(await optimumRows()), ...speedRows());
  return rows;
}

function lastYears(folder: string): Series[] {
  return [...hourlyFiles(folder)].map(([region, files]) => readHours(region, [files[files.length - 1]!.file]));
}
