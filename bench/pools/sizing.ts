import { ManualClock } from "../../runtime/kernel/clock";
import { PoolSizer } from "../../runtime/kernel/pool/sizer";
import { type BenchRow, median, spread } from "../contract";
import { FakeDatabase, percentile, type Service } from "./database";
import { seeded } from "../../runtime/kernel/random";
import { openOurs } from "./libraries";

const KNEES = [3, 5, 8, 12, 20];
/** None of these was used while the sizer was made. */
const SEEDS = [101, 102, 103, 104, 105];
const BORROWERS = 64;
const MAXIMUM = 48;
const FIXED = [4, 8, 32];
const SEARCH_MILLISECONDS = 30_000;
const MEASURE_MILLISECONDS = 30_000;

interface Run {
  size: number;
  perSecond: number;
  queryP99: number;
}

/**
 * What the sizer finds without being told, and what fixed sizes come to. In simulated time: exact, whatever the
 * machine does.
 */
export async function sizing(): Promise<BenchRow[]> {
  const rows: BenchRow[] = [];
  for (const service of ["even", "exponential"] as const) {
    for (const knee of KNEES) {
      const runs = await repeat((seed) => measure(knee, service, seed));
      const found = runs.map(({ size }) => size);
      const work = workOf(service, knee);
      rows.push(row(work, "size_found", "connections", "lower", found, {}, knee));
      const worst = Math.max(...found.map((size) => Math.abs(size - knee)));
      rows.push(row(work, "size_error_worst", "connections", "lower", [worst], {}, 0));
      if (knee === 8) rows.push(...(await besideFixed(service, runs)));
    }
  }
  return rows;
}

const workOf = (service: Service, knee: number): string =>
  `auto-size (simulated): database's knee at ${knee}, service times ${service}, ${BORROWERS} borrowers`;

async function besideFixed(service: Service, runs: readonly Run[]): Promise<BenchRow[]> {
  const fixed: [string, Run[]][] = [];
  for (const size of FIXED) {
    fixed.push([`fixed ${size}`, await repeat((seed) => measure(8, service, seed, size))]);
  }
  const compare = (
    metric: string,
    unit: string,
    better: BenchRow["better"],
    figure: (run: Run) => number,
  ): BenchRow => {
    const peers = Object.fromEntries(fixed.map(([name, all]) => [name, median(all.map(figure))]));
    return row(workOf(service, 8), metric, unit, better, runs.map(figure), peers);
  };
  return [
    compare("queries_per_second", "1/s", "higher", ({ perSecond }) => perSecond),
    compare("query_p99_ms", "ms", "lower", ({ queryP99 }) => queryP99),
  ];
}

async function repeat(run: (seed: number) => Promise<Run>): Promise<Run[]> {
  const runs: Run[] = [];
  for (const seed of SEEDS) runs.push(await run(seed));
  return runs;
}

function row(
  work: string,
  metric: string,
  unit: string,
  better: BenchRow["better"],
  samples: number[],
  peers: Record<string, number>,
  bound?: number,
): BenchRow {
  const middle = median(samples);
  const width = middle === 0 ? 0 : spread(samples);
  return { work, metric, unit, better, ours: middle, spread: width, peers, ...(bound !== undefined && { bound }) };
}

/** Half a minute to find the size (where none is fixed), then half a minute in which probing goes on, measured. */
async function measure(knee: number, service: Service, seed: number, fixed?: number): Promise<Run> {
  const clock = new ManualClock();
  const database = new FakeDatabase(knee, seeded(seed), (milliseconds) => clock.sleep(milliseconds), service);
  const pool = openOurs({ create: () => database.connect(), maximum: fixed ?? MAXIMUM }, clock);
  const sizer = new PoolSizer(pool, { minimum: 1, maximum: MAXIMUM }, clock);
  if (fixed === undefined) sizer.start();
  let isRunning = true;
  let took: number[] = [];
  const borrow = async (): Promise<void> => {
    while (isRunning) {
      await pool.use(async () => {
        const start = clock.now();
        await database.query();
        took.push(clock.now() - start);
      });
    }
  };
  const all = Array.from({ length: BORROWERS }, borrow);
  await clock.advance(SEARCH_MILLISECONDS);
  took = [];
  await clock.advance(MEASURE_MILLISECONDS);
  const figures = { perSecond: (took.length * 1000) / MEASURE_MILLISECONDS, queryP99: percentile(took, 0.99) };
  const size = fixed ?? Math.round(sizer.why().knee ?? 0);
  isRunning = false;
  await clock.advance(1000);
  await Promise.all(all);
  await sizer.stop();
  await pool.close();
  return { size, ...figures };
}
