import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pino from "pino";
import type { Database } from "../runtime/kernel/store/database";
import { openDatabase } from "../runtime/kernel/store/open";
import { kwhText, sum } from "../runtime/sustainability/sustainability-reporter/amounts";
import { buildReport } from "../runtime/sustainability/sustainability-reporter/engine";
import type { Filter } from "../runtime/sustainability/sustainability-reporter/filter";
import { type Format, render } from "../runtime/sustainability/sustainability-reporter/formats";
import type { Period } from "../runtime/sustainability/sustainability-reporter/market";
import { DAY, energyRecord, HOUR } from "../runtime/sustainability/sustainability-reporter/record";
import { rollUp } from "../runtime/sustainability/sustainability-reporter/rollup";
import { RollUpStore } from "../runtime/sustainability/sustainability-reporter/store";
import { type BenchRow, median, spread } from "./contract";
import { loadCells, loadPresence } from "./reporter/load";
import { dayOf, minuteEvent, minuteRecord, nodesOf, type Plant, shifted, YEAR_START } from "./reporter/year";

const DAYS = 365;
const REPETITIONS = 5;
const RAW_REPETITIONS = 3;
const INGEST_MINUTES = 40;
/** Outside the year that is reported. */
const INGEST_FROM = 400 * 1440;
const DEFAULT: Plant = { workloads: 1000, workloadsPerNode: 20, tenants: 25 };
const RULES = {
  boundary: "cloud-customer" as const,
  regionBoundaries: {},
  instruments: [],
  residualMixes: [],
  credits: [],
};
const SOURCE =
  "timed: one report from the roll-ups in PGlite to its text. NOT in it: taking in and rolling up the year's records, which " +
  "happens as they arrive; the rows below have what that takes. Every minute record of one synthetic day is rolled up for " +
  "real; the year's roll-ups are that day's, 365 times. Hours are loaded for the first and the last day only: a report " +
  "reads no others";

/**
 * A year of minute records of 1,000 workloads, reported from its roll-ups; what the same year takes from its raw records, and
 * how fast records are taken in. `data` may hold `plant.json`, with
 * `workloads`, `workloadsPerNode` and `tenants` of another size. Throws where a total is not the records' sum.
 */
export async function run({ data }: { data?: string } = {}): Promise<BenchRow[]> {
  const file = data === undefined ? undefined : join(data, "plant.json");
  const plant: Plant = {
    ...DEFAULT,
    ...(file !== undefined && existsSync(file) && (JSON.parse(readFileSync(file, "utf8")) as Partial<Plant>)),
  };
  const folder = mkdtempSync(join(tmpdir(), "mno-bench-reporter-"));
  const database = await openDatabase(`pglite:${folder}`, { log: pino({ level: "silent" }) });
  try {
    const store = new RollUpStore(database);
    await store.migrate();
    const expected = await loadYear(database, plant);
    return [...(await reports(store, plant, expected)), fromRaw(plant, expected), ...(await ingestion(store, plant))];
  } finally {
    await database.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Returns the year's energy in 1e-9 kWh, summed from the day's records apart from the roll-up. */
async function loadYear(database: Database, plant: Plant): Promise<bigint> {
  const first = dayOf(plant, 0);
  for (let day = 0; day < DAYS; day += 1) {
    const { hours, days, presence } = shifted(first, day);
    await loadCells(database, "sr_days", days);
    if (day === 0 || day === DAYS - 1) await loadCells(database, "sr_hours", hours);
    await loadPresence(database, presence);
  }
  await database.query("ANALYZE");
  let energy = 0n;
  for (let node = 0; node < nodesOf(plant); node += 1) {
    for (let minute = 0; minute < 1440; minute += 1) {
      energy += sum(minuteRecord(plant, node, minute).parts.map(({ sums }) => sums.energy));
    }
  }
  return energy * BigInt(DAYS);
}

async function reports(store: RollUpStore, plant: Plant, expected: bigint): Promise<BenchRow[]> {
  const year: Period = { from: YEAR_START, to: YEAR_START + DAYS * DAY };
  const edges: Period = { from: year.from + 7 * HOUR, to: year.to - 7 * HOUR };
  const cases: { name: string; period: Period; filter: Filter; format: Exclude<Format, "carbon-txt"> }[] = [
    { name: "JSON", period: year, filter: {}, format: "json" },
    { name: "HTML page", period: year, filter: {}, format: "html" },
    { name: "Impact Framework manifest", period: year, filter: {}, format: "impact-framework" },
    { name: "one tenant, JSON", period: year, filter: { tenant: "tenant-1" }, format: "json" },
    { name: "7 h less at either end (days and hours), JSON", period: edges, filter: {}, format: "json" },
  ];
  const rows: BenchRow[] = [];
  for (const { name, period, filter, format } of cases) {
    const seconds: number[] = [];
    for (let repetition = 0; repetition < REPETITIONS; repetition += 1) {
      const start = performance.now();
      const body = buildReport(await store.material(period, filter, RULES));
      render(format, body, null);
      seconds.push((performance.now() - start) / 1000);
      const { energyKwh } = body.totals;
      if (period === year && filter.tenant === undefined && energyKwh !== kwhText(expected)) {
        throw new Error(`the report says ${energyKwh} kWh; the records sum to ${kwhText(expected)} kWh`);
      }
    }
    rows.push({
      work: `a year of minute data, ${plant.workloads} workloads: ${name}`,
      metric: "report_seconds",
      unit: "s",
      better: "lower",
      ours: median(seconds),
      spread: spread(seconds),
      peers: {},
      source: SOURCE,
    });
  }
  return rows;
}

/**
 * The year without roll-ups made before: events checked, made exact and added up, in memory on one core. One day of all nodes
 * is timed, and stands for 365. Throws where it is not the records' sum.
 */
function fromRaw(plant: Plant, expected: bigint): BenchRow {
  const nodes = nodesOf(plant);
  const seconds: number[] = [];
  let records = 0;
  for (let repetition = 0; repetition < RAW_REPETITIONS; repetition += 1) {
    let [spent, energy] = [0, 0n];
    records = 0;
    for (let node = 0; node < nodes; node += 1) {
      const events = Array.from({ length: 1440 }, (_, minute) => minuteEvent(plant, node, minute));
      const start = performance.now();
      const { days } = rollUp(events.map(([id, data]) => energyRecord(id, data)));
      spent += performance.now() - start;
      energy += sum(days.map((cell) => cell.energy));
      records += Number(sum(days.map((cell) => cell.records)));
    }
    if (energy * BigInt(DAYS) !== expected) throw new Error(`${energy} is not a day of ${expected} x 1e-9 kWh`);
    seconds.push((spent / 1000) * DAYS);
  }
  return {
    work: `the same year from its ${((records * DAYS) / 1e6).toFixed(1)} million raw records, none rolled up before (one day x ${DAYS})`,
    metric: "raw_year_seconds",
    unit: "s",
    better: "lower",
    ours: median(seconds),
    spread: spread(seconds),
    peers: {},
    source:
      "timed: events checked, made exact and added up to cells, in memory on one core, without database and bus; one day of " +
      "all nodes, times 365. This is why the engine rolls up as records arrive",
  };
}

/** Records through the store, a minute of all nodes in each transaction, as the bus hands them over; and the sums alone. */
async function ingestion(store: RollUpStore, plant: Plant): Promise<BenchRow[]> {
  const nodes = nodesOf(plant);
  const stored: number[] = [];
  const alone: number[] = [];
  for (let repetition = 0; repetition < REPETITIONS; repetition += 1) {
    const minutes = Array.from(
      { length: INGEST_MINUTES },
      (_, index) => INGEST_FROM + repetition * INGEST_MINUTES + index,
    );
    const batches = minutes.map((minute) =>
      Array.from({ length: nodes }, (_, node) => minuteRecord(plant, node, minute)),
    );
    const parts = sum(batches.flat().map((record) => BigInt(record.parts.length)));
    let start = performance.now();
    rollUp(batches.flat());
    alone.push(Number(parts) / ((performance.now() - start) / 1000));
    start = performance.now();
    for (const records of batches) await store.add({ records, savings: [] });
    stored.push(Number(parts) / ((performance.now() - start) / 1000));
  }
  const yearly = plant.workloads * DAYS * 1440;
  const row = (work: string, values: readonly number[]): BenchRow => ({
    work,
    metric: "records_per_second",
    unit: "1/s",
    better: "higher",
    ours: median(values),
    spread: spread(values),
    peers: {},
    source:
      `a record is one workload's minute; ${plant.workloads} workloads make ${Math.round((plant.workloads / 60) * 10) / 10} ` +
      `a second. At this rate a whole year (${(yearly / 1e6).toFixed(1)} million) takes ${(yearly / median(values) / 3600).toFixed(2)} h`,
  });
  return [
    row(`taken in: ${nodes} nodes' events in each transaction, PGlite in a folder`, stored),
    row("rolled up in memory, no database", alone),
  ];
}
