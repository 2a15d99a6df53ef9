import type { CloudEvent } from "../../kernel/events/cloudevent";
import { enqueue } from "../../kernel/events/outbox";
import type { Database, Queryable } from "../../kernel/store/database";
import type { SeenRun } from "./engine";
import type { Decision } from "./jobs/decision";
import { isOver, type JobRecord } from "./jobs/record";
import { MIGRATIONS } from "./migrations";

/** Run times kept of one recurring job: older ones say little of the next one. */
const RUN_TIMES_KEPT = 200;

/** A record with the revision that it was read at; 0 of one that was never stored. */
export interface Stored {
  record: JobRecord;
  revision: number;
}

/** What one change comes to; it is stored whole or not at all. */
export interface Change extends Stored {
  decision?: Decision;
  event?: CloudEvent;
  /** How long a run took that is to be learned from. */
  runSeconds?: { key: string; seconds: number };
}

export interface SavingsRow {
  region: string;
  signal: string;
  source: string;
  jobs: number;
  energyKwh: number;
  gramsCo2e: number;
  baselineGramsCo2e: number;
  /** Of jobs that emitted more than from a start at once: how much more. */
  lostGramsCo2e: number;
  /** Of jobs that saved less by the kWh than their plan promised: how much less. */
  unkeptGramsCo2e: number;
  /** Jobs that ended after their deadline, or failed. */
  missedDeadlines: number;
  /** Jobs that ran without a plan: the declaration was not valid, or no feed could be trusted. */
  unplanned: number;
}

export class SchedulerStore {
  constructor(private readonly database: Database) {}

  async migrate(): Promise<void> {
    await this.database.migrate("green-scheduler", MIGRATIONS);
  }

  /** Jobs that are not over, or whose accounts are open; oldest first. */
  unsettled(): Promise<Stored[]> {
    return this.database.query<{ record: JobRecord; revision: number }>(
      "SELECT record, revision FROM gs_jobs WHERE NOT settled ORDER BY id",
    );
  }

  /** The newest of that name. */
  async job(name: string): Promise<Stored | undefined> {
    const [row] = await this.database.query<{ record: JobRecord; revision: number }>(
      "SELECT record, revision FROM gs_jobs WHERE name = $1 ORDER BY id DESC LIMIT 1",
      [name],
    );
    return row;
  }

  /** Newest first. */
  async list(filter: { state?: string; limit: number }): Promise<JobRecord[]> {
    const rows = await this.database.query<{ record: JobRecord }>(
      "SELECT record FROM gs_jobs WHERE ($1::text IS NULL OR record->>'state' = $1) ORDER BY id DESC LIMIT $2",
      [filter.state ?? null, filter.limit],
    );
    return rows.map(({ record }) => record);
  }

  /**
   * Stores the record with its decision, its event and its run time in one transaction. undefined where somebody else changed
   * the job meanwhile, or has an open one of its name; nothing is stored then.
   */
  save(change: Change): Promise<Stored | undefined> {
    return this.database.transaction(async (tx) => {
      if (!(await put(tx, change))) return undefined;
      const { decision, event, runSeconds, record } = change;
      if (decision) {
        await tx.query("INSERT INTO gs_decisions (id, job, time_ms, decision) VALUES ($1, $2, $3, $4::jsonb)", [
          decision.id,
          decision.job,
          decision.time,
          JSON.stringify(decision),
        ]);
      }
      if (runSeconds) {
        await tx.query(
          "INSERT INTO gs_run_times (key, job, time_ms, seconds) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING",
          [runSeconds.key, record.id, record.finishedAt, runSeconds.seconds],
        );
      }
      if (event) await enqueue(tx, [event]);
      return { record, revision: change.revision + 1 };
    });
  }

  async decision(id: string): Promise<Decision | undefined> {
    const [row] = await this.database.query<{ decision: Decision }>("SELECT decision FROM gs_decisions WHERE id = $1", [
      id,
    ]);
    return row?.decision;
  }

  /** The latest runs, by recurring key. */
  async runTimes(keys: readonly string[]): Promise<Map<string, SeenRun[]>> {
    const times = new Map<string, SeenRun[]>();
    if (keys.length === 0) return times;
    const rows = await this.database.query<{ key: string; seconds: number }>(
      `SELECT key, seconds FROM (
         SELECT key, seconds, time_ms, row_number() OVER (PARTITION BY key ORDER BY time_ms DESC, job DESC) AS place
         FROM gs_run_times WHERE key IN (SELECT jsonb_array_elements_text($1::jsonb))
       ) latest WHERE place <= $2 ORDER BY key, place`,
      [JSON.stringify(keys), RUN_TIMES_KEPT],
    );
    for (const { key, seconds } of rows) times.set(key, [...(times.get(key) ?? []), { seconds, finished: true }]);
    return times;
  }

  /** Sums over the jobs that ended in [from, to), by region, signal and source. */
  async savings(from: number, to: number): Promise<SavingsRow[]> {
    const rows = await this.database.query<
      Record<"region" | "signal" | "source" | "kwh" | "grams" | "baseline" | "lost" | "unkept", string> &
        Record<"jobs" | "late" | "unplanned", number>
    >(
      `SELECT region, signal, source, count(*)::int AS jobs,
         sum(energy_e9)::text AS kwh, sum(grams_e6)::text AS grams, sum(baseline_e6)::text AS baseline,
         sum(greatest(grams_e6 - baseline_e6, 0))::text AS lost,
         sum(greatest(coalesce(round((record->>'promisedGramsPerKwh')::numeric * energy_e9 / 1e3), 0) - (baseline_e6 - grams_e6), 0))::text AS unkept,
         (count(*) FILTER (WHERE record->>'state' <> 'deleted' AND NOT (record->'account'->>'deadlineMet')::boolean))::int AS late,
         (count(*) FILTER (WHERE record->'plan' = 'null'::jsonb))::int AS unplanned
       FROM gs_jobs WHERE settled AND finished_ms >= $1 AND finished_ms < $2
       GROUP BY region, signal, source ORDER BY region, signal, source`,
      [from, to],
    );
    return rows.map(({ region, signal, source, jobs, kwh, grams, baseline, lost, unkept, late, unplanned }) => ({
      region,
      signal,
      source,
      jobs,
      energyKwh: Number(kwh) / 1e9,
      gramsCo2e: Number(grams) / 1e6,
      baselineGramsCo2e: Number(baseline) / 1e6,
      lostGramsCo2e: Number(lost) / 1e6,
      unkeptGramsCo2e: Number(unkept) / 1e6,
      missedDeadlines: late,
      unplanned,
    }));
  }

  /** Forgets settled jobs that ended before `oldest`, decisions as old, and run times beyond those that are read. */
  async prune(oldest: number): Promise<void> {
    await this.database.query("DELETE FROM gs_jobs WHERE settled AND finished_ms < $1", [oldest]);
    await this.database.query(
      `DELETE FROM gs_decisions WHERE time_ms < $1
       AND NOT EXISTS (SELECT 1 FROM gs_jobs WHERE gs_jobs.record->>'decisionId' = gs_decisions.id)`,
      [oldest],
    );
    await this.database.query(
      `DELETE FROM gs_run_times WHERE (key, job) IN (SELECT key, job FROM (
         SELECT key, job, row_number() OVER (PARTITION BY key ORDER BY time_ms DESC, job DESC) AS place FROM gs_run_times
       ) latest WHERE place > $1)`,
      [RUN_TIMES_KEPT],
    );
  }
}

async function put(tx: Queryable, { record, revision }: Stored): Promise<boolean> {
  const { account } = record;
  const columns = [
    isOver(record) && account !== null,
    record.finishedAt,
    account?.region ?? null,
    account?.intensity.signal ?? null,
    account?.intensity.source ?? null,
    account && Math.round(account.energyKwh * 1e9),
    account && Math.round(account.gramsCo2e * 1e6),
    account && Math.round(account.baselineGramsCo2e * 1e6),
    JSON.stringify(record),
  ];
  const rows =
    revision === 0
      ? await tx.query(
          `INSERT INTO gs_jobs (id, name, revision, settled, finished_ms, region, signal, source, energy_e9, grams_e6, baseline_e6, record)
           VALUES ($1, $2, 1, $3, $4, $5, $6, $7, $8, $9, $10, $11::jsonb) ON CONFLICT DO NOTHING RETURNING id`,
          [record.id, record.name, ...columns],
        )
      : await tx.query(
          `UPDATE gs_jobs SET revision = revision + 1, settled = $3, finished_ms = $4, region = $5, signal = $6, source = $7,
             energy_e9 = $8, grams_e6 = $9, baseline_e6 = $10, record = $11::jsonb
           WHERE id = $1 AND revision = $2 RETURNING id`,
          [record.id, revision, ...columns],
        );
  return rows.length > 0;
}
