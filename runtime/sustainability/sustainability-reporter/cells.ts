import type { Queryable } from "../../kernel/store/database";
import { sha256 } from "./canonical";
import type { Filter } from "./filter";
import type { Period } from "./market";
import { type CellKey, DAY, HOUR, SUMS, type Sums } from "./record";
import { addSums, type Bucket, type Cell, emptySums, keyText, type Line } from "./rollup";
import { bucketMilliseconds } from "./trend";

const COLUMNS = [...SUMS, "as_of_first", "as_of_last"].join(", ");
const TYPED = SUMS.map((name) => `${name} bigint`).join(", ");
const timeOf = (milliseconds: number): string => new Date(milliseconds).toISOString();

/** Adds the cells to what is there; a sum is the same in whatever order its parts come. */
export async function addCells(tx: Queryable, table: "sr_hours" | "sr_days", cells: readonly Cell[]): Promise<void> {
  if (cells.length === 0) return;
  const rows = cells.map((cell) => ({
    hash: sha256(keyText(cell)),
    at: timeOf(cell.at),
    ...Object.fromEntries(SUMS.map((name) => [name, cell[name].toString()])),
    as_of_first: timeOf(cell.asOfFirst),
    as_of_last: timeOf(cell.asOfLast),
  }));
  // In one order everywhere, so that two writers never wait for each other in a circle.
  await tx.query(
    `INSERT INTO ${table} AS old (at, series, ${COLUMNS})
     SELECT r.at, s.id, ${COLUMNS} FROM jsonb_to_recordset($1::jsonb)
       AS r(hash text, at timestamptz, ${TYPED}, as_of_first timestamptz, as_of_last timestamptz)
     JOIN sr_series s USING (hash) ORDER BY r.at, r.hash
     ON CONFLICT (at, series) DO UPDATE SET
       ${SUMS.map((name) => `${name} = old.${name} + excluded.${name}`).join(", ")},
       as_of_first = LEAST(old.as_of_first, excluded.as_of_first),
       as_of_last = GREATEST(old.as_of_last, excluded.as_of_last)`,
    [JSON.stringify(rows)],
  );
}

export async function addSeries(tx: Queryable, keys: readonly CellKey[]): Promise<void> {
  const rows = new Map(
    keys.map((key) => {
      const { region, tenant, workload, kind, method, signal, source, idleRule } = key;
      const hash = sha256(keyText(key));
      return [hash, { hash, region, tenant, workload, kind, method, signal, source, idle_rule: idleRule }];
    }),
  );
  if (rows.size === 0) return;
  const sorted = [...rows.values()].sort((a, b) => (a.hash < b.hash ? -1 : 1));
  await tx.query(
    `INSERT INTO sr_series (hash, region, tenant, workload, kind, method, signal, source, idle_rule)
     SELECT r.* FROM jsonb_to_recordset($1::jsonb) AS r(hash text, region text, tenant text, workload text, kind text,
       method text, signal text, source text, idle_rule text)
     WHERE NOT EXISTS (SELECT FROM sr_series s WHERE s.hash = r.hash)
     ON CONFLICT (hash) DO NOTHING`,
    [JSON.stringify(sorted)],
  );
}

/** The period's cells: whole UTC days from the days, what is left at its ends from the hours. $1 to $4. */
const CELLS_OF_PERIOD = `(
  SELECT * FROM sr_days WHERE at >= $2 AND at < $3
  UNION ALL SELECT * FROM sr_hours WHERE (at >= $1 AND at < $2) OR (at >= $3 AND at < $4))`;

function boundsOf({ from, to }: Period): string[] {
  const firstDay = Math.ceil(from / DAY) * DAY;
  const lastDay = Math.floor(to / DAY) * DAY;
  return (firstDay <= lastDay ? [from, firstDay, lastDay, to] : [from, to, to, to]).map(timeOf);
}

interface SumsRow extends Record<(typeof SUMS)[number], string> {
  as_of_first: Date;
  as_of_last: Date;
}

export async function linesOf(on: Queryable, period: Period): Promise<Line[]> {
  const rows = await on.query<Omit<CellKey, "idleRule"> & { idle_rule: string } & SumsRow>(
    `SELECT region, tenant, workload, kind, method, signal, source, idle_rule, t.* FROM sr_series JOIN (
       SELECT series AS id, ${SUMS.map((name) => `sum(${name})::text AS ${name}`).join(", ")},
         min(as_of_first) AS as_of_first, max(as_of_last) AS as_of_last
       FROM ${CELLS_OF_PERIOD} c GROUP BY series) t USING (id)`,
    boundsOf(period),
  );
  return rows.map((row) => {
    const { region, tenant, workload, kind, method, signal, source, idle_rule: idleRule } = row;
    const line: Line = { region, tenant, workload, kind, method, signal, source, idleRule, ...emptySums() };
    addSums(line, sumsFrom(row));
    return line;
  });
}

function sumsFrom(row: SumsRow): Sums {
  const sums = emptySums();
  for (const name of SUMS) sums[name] = BigInt(row[name]);
  return { ...sums, asOfFirst: row.as_of_first.getTime(), asOfLast: row.as_of_last.getTime() };
}

interface BucketRow {
  at: Date;
  kind: Bucket["kind"];
  signal: Bucket["signal"];
  energy: string;
  carbon: string;
  embodied: string;
  milliseconds: string;
}

export async function bucketsOf(on: Queryable, period: Period, filter: Filter): Promise<Bucket[]> {
  const step = bucketMilliseconds(period.from, period.to);
  const bounds = step === HOUR ? [period.from, period.to, period.to, period.to].map(timeOf) : boundsOf(period);
  const rows = await on.query<BucketRow>(
    `SELECT at, kind, signal, sum(energy)::text AS energy, sum(carbon)::text AS carbon, sum(embodied)::text AS embodied,
       sum(milliseconds)::text AS milliseconds
     FROM ${CELLS_OF_PERIOD} c JOIN sr_series s ON s.id = c.series
     WHERE ($5::text IS NULL OR tenant = $5) AND ($6::text IS NULL OR workload = $6) AND ($7::text IS NULL OR region = $7)
     GROUP BY at, kind, signal`,
    [...bounds, filter.tenant ?? null, filter.workload ?? null, filter.region ?? null],
  );
  return rows.map(({ at, kind, signal, energy, carbon, embodied, milliseconds }) => ({
    at: Math.floor(at.getTime() / step) * step,
    kind,
    signal,
    energy: BigInt(energy),
    carbon: BigInt(carbon),
    embodied: BigInt(embodied),
    milliseconds: BigInt(milliseconds),
  }));
}
