import { existsSync } from "node:fs";
import { join } from "node:path";
import type { BenchRow } from "./contract";
import { gaiaRows } from "./green-scheduler/gaia-rows";
import { optimumRows } from "./green-scheduler/optimum";
import { paperRows } from "./green-scheduler/paper-rows";
import { speedRows } from "./green-scheduler/speed";

/**
 * The green scheduler's plans, through the engine's own `planAll`, beside published work: Let's Wait Awhile (reproduced, then
 * beaten on the same noise), GAIA, the proven optimum of small instances, and the time to plan 100,000 jobs anew. The two
 * papers' files are not part of the project: `--data` is a folder with `lets-wait-awhile/*_ci.csv`, `gaia/pai_1k.csv` and
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
  if (there("lets-wait-awhile")) rows.push(...paperRows(join(folder, "lets-wait-awhile")));
  if (there("gaia/pai_1k.csv", "decarbonization-potential")) {
    rows.push(...gaiaRows(join(folder, "gaia/pai_1k.csv"), join(folder, "decarbonization-potential")));
  }
  rows.push(...(await optimumRows()), ...speedRows());
  return rows;
}
