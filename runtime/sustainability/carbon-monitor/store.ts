import { toMicrograms, toNanoKwh } from "../../kernel/energy/exact";
import type { MeasuredPoint } from "../../kernel/energy/frequency";
import type { Database, Queryable } from "../../kernel/store/database";
import { type Filter, whereOf } from "./filter";
import { MIGRATIONS } from "./migrations";
import type { EnergyRecord } from "./record";

/** Measurements kept of each node for its calibration: the newest. */
const MEASUREMENTS_KEPT = 2000;

/** What an aggregate is made by. */
export const GROUPINGS = ["workload", "tenant", "namespace", "pod", "node", "region", "kind"] as const;
export type Grouping = (typeof GROUPINGS)[number];

/** Sums of one group and one signal; energy in 1e-9 kWh, carbon in 1e-6 g. */
export interface Sums {
  key: string | null;
  signal: "average" | "marginal";
  energy: bigint;
  idle: bigint;
  carbon: bigint;
  embodied: bigint;
  records: number;
}

/** The engine's tables of what was measured. Times are milliseconds since the epoch. */
export class EnergyStore {
  constructor(private readonly database: Database) {}

  async migrate(): Promise<void> {
    await this.database.migrate("carbon-monitor", MIGRATIONS);
  }

  transaction<T>(work: (tx: Queryable) => Promise<T>): Promise<T> {
    return this.database.transaction(work);
  }

  /** Writes the record and its parts in the caller's transaction; false where it is there already. */
  async add(tx: Queryable, record: EnergyRecord): Promise<boolean> {
    const { id, node, region, parts } = record;
    const from = Date.parse(record.from);
    const added = await tx.query(
      `INSERT INTO cm_records (id, node, region, from_ms, to_ms, record) VALUES ($1, $2, $3, $4, $5, $6::jsonb)
       ON CONFLICT (id) DO NOTHING RETURNING id`,
      [id, node, region, from, Date.parse(record.to), JSON.stringify(record)],
    );
    if (added.length === 0) return false;
    const rows = parts.map(({ energyKwh, idleKwh, gramsCo2e, embodiedGramsCo2e, ...whose }) => ({
      ...whose,
      energy: String(toNanoKwh(energyKwh)),
      idle: String(toNanoKwh(idleKwh)),
      carbon: String(toMicrograms(gramsCo2e)),
      embodied: String(toMicrograms(embodiedGramsCo2e)),
    }));
    await tx.query(
      `INSERT INTO cm_parts (record_id, from_ms, node, region, signal, kind, workload, tenant, namespace, pod, energy, idle, carbon, embodied)
       SELECT $1, $2, $3, $4, $5, kind, workload, tenant, namespace, pod, energy, idle, carbon, embodied
       FROM jsonb_to_recordset($6::jsonb) AS part (kind text, workload text, tenant text, namespace text, pod text,
         energy bigint, idle bigint, carbon bigint, embodied bigint)`,
      [id, from, node, region, record.intensity.signal, JSON.stringify(rows)],
    );
    return true;
  }

  async record(id: string): Promise<EnergyRecord | undefined> {
    const rows = await this.database.query<{ record: EnergyRecord }>("SELECT record FROM cm_records WHERE id = $1", [
      id,
    ]);
    return rows[0]?.record;
  }

  /** Raw records that begin in the period, in order of time; `after` is the id of the last one of the page before. */
  async records(from: number, to: number, limit: number, node?: string, after?: string): Promise<EnergyRecord[]> {
    const rows = await this.database.query<{ record: EnergyRecord }>(
      `SELECT record FROM cm_records WHERE from_ms >= $1 AND from_ms < $2 AND ($3::text IS NULL OR node = $3)
         AND ($4::text IS NULL OR (from_ms, id) > (SELECT from_ms, id FROM cm_records WHERE id = $4))
       ORDER BY from_ms, id LIMIT $5`,
      [from, to, node ?? null, after ?? null, limit],
    );
    return rows.map((row) => row.record);
  }

  /** Sums of the parts that begin in the period, by group and signal: what has two signals is never one figure. */
  async sums(by: Grouping | undefined, filter: Filter, target: Queryable = this.database): Promise<Sums[]> {
    const { where, parameters } = whereOf(filter);
    const rows = await target.query<Record<"energy" | "idle" | "carbon" | "embodied", string> & Omit<Sums, "energy">>(
      `SELECT ${by ?? "NULL::text"} AS key, signal, SUM(energy)::text AS energy, SUM(idle)::text AS idle,
         SUM(carbon)::text AS carbon, SUM(embodied)::text AS embodied, COUNT(DISTINCT record_id)::float8 AS records
       FROM cm_parts WHERE ${where} GROUP BY 1, 2 ORDER BY SUM(energy) DESC, 1, 2`,
      parameters,
    );
    return rows.map(({ key, signal, records, energy, idle, carbon, embodied }) => ({
      key,
      signal,
      records,
      energy: BigInt(energy),
      idle: BigInt(idle),
      carbon: BigInt(carbon),
      embodied: BigInt(embodied),
    }));
  }

  /** How many records of the period have which method, intensity source and state: what a sum rests on. */
  async provenance(filter: Filter): Promise<Provenance[]> {
    const { where, parameters } = whereOf(filter);
    return this.database.query<Provenance>(
      `SELECT record->>'method' AS method, record->>'idleRule' AS "idleRule", record->'intensity'->>'signal' AS signal,
         record->'intensity'->>'source' AS source, MIN(record->'intensity'->>'asOf') AS "oldestAsOf",
         MAX(record->'intensity'->>'asOf') AS "newestAsOf", COUNT(*)::float8 AS records,
         COUNT(*) FILTER (WHERE (record->'intensity'->>'estimated')::boolean)::float8 AS estimated,
         COUNT(*) FILTER (WHERE (record->'intensity'->>'stale')::boolean)::float8 AS stale,
         MAX((record->>'uncertaintyPercent')::float8) AS "highestUncertaintyPercent"
       FROM cm_records WHERE id IN (SELECT record_id FROM cm_parts WHERE ${where}) GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4`,
      parameters,
    );
  }

  async addMeasurement(node: string, time: number, source: string, point: MeasuredPoint): Promise<void> {
    const { utilisation, watts, frequencyShare } = point;
    await this.database.query(
      "INSERT INTO cm_measurements (node, time_ms, source, utilisation, watts, frequency_share) VALUES ($1, $2, $3, $4, $5, $6)",
      [node, time, source, utilisation, watts, frequencyShare ?? null],
    );
  }

  /** The newest measurements of the node's processors, with what they were made by. */
  async measurements(node: string): Promise<{ points: MeasuredPoint[]; sources: string[] }> {
    const rows = await this.database.query<MeasuredPoint & { source: string }>(
      'SELECT utilisation, watts, frequency_share AS "frequencyShare", source FROM cm_measurements WHERE node = $1 ORDER BY time_ms DESC LIMIT $2',
      [node, MEASUREMENTS_KEPT],
    );
    const points = rows.map((row) => ({ ...row, frequencyShare: row.frequencyShare ?? undefined }));
    return { points, sources: [...new Set(rows.map((row) => row.source))].sort() };
  }

  /** Deletes records that began before the time, and measurements beyond what is kept. */
  async prune(before: number): Promise<void> {
    await this.database.query("DELETE FROM cm_records WHERE from_ms < $1", [before]);
    await this.database.query(
      `DELETE FROM cm_measurements AS old USING (
         SELECT ctid, row_number() OVER (PARTITION BY node ORDER BY time_ms DESC) AS place FROM cm_measurements
       ) AS ranked WHERE old.ctid = ranked.ctid AND ranked.place > $1`,
      [MEASUREMENTS_KEPT],
    );
  }
}

export interface Provenance {
  method: string;
  idleRule: string;
  signal: "average" | "marginal";
  source: string;
  oldestAsOf: string;
  newestAsOf: string;
  records: number;
  estimated: number;
  stale: number;
  highestUncertaintyPercent: number | null;
}
