import type { Intensity, IntensitySeries } from "../../../kernel/intensity/intensity";
import { iso } from "./declaration";
import { type Account, type JobRecord, ranSeconds, type Run } from "./record";

const HOUR = 3_600_000;

/** Energy is kept in whole 1e-9 kWh and carbon in whole 1e-6 g, so that sums of them are exact. */
const wholeKwh = (kwh: number): number => Math.round(kwh * 1e9) / 1e9;
const wholeGrams = (grams: number): number => Math.round(grams * 1e6) / 1e6;

/** Mean intensity over [from, to), weighted by time, of what the series covers; undefined where it covers none. */
function meanOver({ points }: Pick<IntensitySeries, "points">, from: number, to: number): number | undefined {
  let sum = 0;
  let covered = 0;
  for (const point of points) {
    const share = Math.min(point.to, to) - Math.max(point.from, from);
    if (share <= 0) continue;
    sum += share * point.gramsPerKwh;
    covered += share;
  }
  return covered > 0 ? sum / covered : undefined;
}

/**
 * Pure: what an ended job emitted by the intensity that was, and what the same energy at the same power would have emitted
 * from a start at once in the first region. `watts` is its power while it ran. undefined where the history has a hole over a run
 * of it.
 */
export function accountOf(
  record: JobRecord,
  watts: number,
  region: string,
  series: ReadonlyMap<string, IntensitySeries>,
): Account | undefined {
  const finishedAt = record.finishedAt ?? 0;
  const seconds = ranSeconds(record, finishedAt);
  const energyKwh = ((watts / 1000) * seconds) / 3600;
  const kwhOf = (run: Run): number => ((watts / 1000) * ((run.to ?? finishedAt) - run.from)) / HOUR;
  const runs = record.runs.filter((run) => kwhOf(run) > 0);
  let grams = 0;
  for (const run of runs) {
    const mean = meanOver(series.get(run.region) ?? { points: [] }, run.from, run.to ?? finishedAt);
    if (mean === undefined) return undefined;
    grams += kwhOf(run) * mean;
  }
  const home = series.get(runs[0]?.region ?? region) ?? series.get(region);
  const [from, to] = baselineSpan(record);
  const baseline = meanOver(series.get(region) ?? { points: [] }, from, to);
  if (baseline === undefined || !home) return undefined;
  const used = [...series.values()];
  return {
    region: runs[0]?.region ?? region,
    energyKwh: wholeKwh(energyKwh),
    gramsCo2e: wholeGrams(grams),
    baselineGramsCo2e: wholeGrams(energyKwh * baseline),
    deadlineMet: record.state === "succeeded" && finishedAt <= (record.declaration?.deadline ?? Infinity),
    intensity: {
      gramsPerKwh: energyKwh > 0 ? grams / energyKwh : baseline,
      signal: home.signal,
      source: home.source,
      asOf: iso(Math.min(...used.map(({ asOf }) => asOf))),
      estimated: used.some(({ points }) => points.some(({ estimated }) => estimated)),
      stale: used.some(({ stale }) => stale),
    },
    method: `${watts.toFixed(1)} W as declared or by cores x ${seconds.toFixed(0)} s, by the intensity that was; baseline: the same from ${iso(from)} in ${region}`,
  };
}

/** The stretch in which it would have run from a start at once; of a job that never ran, the hour before its end. */
function baselineSpan(record: JobRecord): [from: number, to: number] {
  const finishedAt = record.finishedAt ?? 0;
  const ran = ranSeconds(record, finishedAt) * 1000;
  if (ran <= 0) return [finishedAt - HOUR, finishedAt];
  const from = Math.max(record.submittedAt, record.declaration?.releaseAt ?? 0);
  return [from, from + ran];
}

/**
 * The account of an ended job from the history of intensity.
 * Errors: those of the intensity; undefined where the history does not cover it (yet).
 */
export async function settle(
  record: JobRecord,
  watts: number,
  region: string,
  intensity: Pick<Intensity, "history">,
): Promise<Account | undefined> {
  const [from, to] = baselineSpan(record);
  const begin = Math.min(from, ...record.runs.map((run) => run.from));
  const end = Math.max(to, record.finishedAt ?? 0);
  const regions = [...new Set([region, ...record.runs.map((run) => run.region)])];
  const read = async (one: string) => [one, await intensity.history(one, begin, end)] as const;
  return accountOf(record, watts, region, new Map(await Promise.all(regions.map(read))));
}
