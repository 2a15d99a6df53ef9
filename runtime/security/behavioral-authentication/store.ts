import type { Database, Queryable } from "../../kernel/store/database";
import { type Dimension, type Paths, valuesOf } from "./history/history";
import { MIGRATIONS } from "./migrations";
import type { Outcome } from "./schemas";
import type { Label } from "./trust/calibration";

/** Whose attempts are counted: all that count, or confirmed frauds. */
export type Population = "all" | "fraud";

export interface CountRow {
  population: Population;
  dimension: Dimension;
  key: string;
  weight: number;
  time: number;
}

export interface AssessmentRow {
  id: string;
  userId: string;
  time: number;
  score: number;
  outcome: Outcome | null;
  sealed: string;
}

/** One user's attempts must not set everybody's thresholds. */
const LABELS_PER_USER = 20;
/** Outcomes that are looked at, and of them those that are used. */
const LATEST_OUTCOMES = 50_000;
const MOST_LABELS = 10_000;
const NOW = "(extract(epoch FROM clock_timestamp()) * 1000)::bigint";
/** Rows below it say nothing any more. */
const LEAST_WEIGHT = 0.01;
/** Values kept of each dimension's population. */
const MOST_COUNTS = 100_000;
const HALF_LIVES = 1000;

/** The engine's tables. Users are pseudonyms here; what is sealed is opened by whoever has the vault. */
export class BehaviourStore {
  constructor(private readonly database: Database) {}

  migrate(): Promise<void> {
    return this.database.migrate("behavioral-authentication", MIGRATIONS);
  }

  transaction<T>(work: (tx: Queryable) => Promise<T>): Promise<T> {
    return this.database.transaction(work);
  }

  /** What is kept under the name, and first put there where nothing is. */
  async meta(name: string, value: string): Promise<string> {
    await this.database.query("INSERT INTO ba_meta (name, value) VALUES ($1, $2) ON CONFLICT DO NOTHING", [
      name,
      value,
    ]);
    const [row] = await this.database.query<{ value: string }>("SELECT value FROM ba_meta WHERE name = $1", [name]);
    return row!.value;
  }

  /** Sealed profile; no other transaction changes this user until this one ends, whether or not there is one already. */
  async lockUser(tx: Queryable, id: string): Promise<string | undefined> {
    await tx.query("SELECT pg_advisory_xact_lock(hashtextextended('ba/' || $1, 0))", [id]);
    const [row] = await tx.query<{ sealed: string }>("SELECT sealed FROM ba_users WHERE id = $1", [id]);
    return row?.sealed;
  }

  async putUser(tx: Queryable, id: string, logins: number, sealed: string): Promise<void> {
    await tx.query(
      `INSERT INTO ba_users (id, touched_ms, logins, sealed) VALUES ($1, ${NOW}, $2, $3)
       ON CONFLICT (id) DO UPDATE SET touched_ms = excluded.touched_ms, logins = excluded.logins, sealed = excluded.sealed`,
      [id, logins, sealed],
    );
  }

  async templates(tx: Queryable, user: string): Promise<Map<string, string>> {
    const rows = await tx.query<{ kind: string; sealed: string }>(
      "SELECT kind, sealed FROM ba_templates WHERE user_id = $1 ORDER BY touched_ms DESC",
      [user],
    );
    return new Map(rows.map(({ kind, sealed }) => [kind, sealed]));
  }

  /** Keeps the user's `most` templates that were touched last. */
  async putTemplate(tx: Queryable, user: string, kind: string, sealed: string, most: number): Promise<void> {
    await tx.query(
      `INSERT INTO ba_templates (user_id, kind, touched_ms, sealed) VALUES ($1, $2, ${NOW}, $3)
       ON CONFLICT (user_id, kind) DO UPDATE SET touched_ms = excluded.touched_ms, sealed = excluded.sealed`,
      [user, kind, sealed],
    );
    await tx.query(
      `DELETE FROM ba_templates WHERE user_id = $1 AND kind NOT IN (
         SELECT kind FROM ba_templates WHERE user_id = $1 ORDER BY touched_ms DESC, kind LIMIT $2)`,
      [user, most],
    );
  }

  async addAssessment(tx: Queryable, { id, userId, time, score, sealed }: AssessmentRow): Promise<void> {
    await tx.query("INSERT INTO ba_assessments (id, user_id, time_ms, score, sealed) VALUES ($1, $2, $3, $4, $5)", [
      id,
      userId,
      time,
      score,
      sealed,
    ]);
  }

  async assessment(id: string, on: Queryable = this.database): Promise<AssessmentRow | undefined> {
    const [row] = await on.query<AssessmentRow>(`SELECT ${ASSESSMENT} FROM ba_assessments WHERE id = $1`, [id]);
    return row;
  }

  async assessmentsOf(user: string, limit: number): Promise<AssessmentRow[]> {
    return this.database.query<AssessmentRow>(
      `SELECT ${ASSESSMENT} FROM ba_assessments WHERE user_id = $1 ORDER BY id DESC LIMIT $2`,
      [user, limit],
    );
  }

  async settle(tx: Queryable, id: string, outcome: Outcome, sealed: string): Promise<void> {
    await tx.query(`UPDATE ba_assessments SET outcome = $2, sealed = $3, settled_ms = ${NOW} WHERE id = $1`, [
      id,
      outcome,
      sealed,
    ]);
  }

  /** Adds to what replicas have in common; in any order the sums are the same. */
  async addCounts(
    tx: Queryable,
    population: Population,
    paths: Paths,
    { weight, time, halfLife }: { weight: number; time: number; halfLife: number },
  ): Promise<void> {
    const fade = (from: string, to: string): string =>
      `power(0.5::float8, least(greatest(${from} - ${to}, 0)::float8 / $4::float8, ${String(HALF_LIVES)}))`;
    // In the order of the keys: two transactions that have some in common do not wait for each other crosswise.
    await tx.query(
      `INSERT INTO ba_counts (population, dimension, key, weight, time_ms, touched_ms)
       SELECT $1, r.dimension, r.key, $2, $3, ${NOW}
       FROM jsonb_to_recordset($5::jsonb) AS r(dimension text, key text) ORDER BY r.dimension, r.key
       ON CONFLICT (population, dimension, key) DO UPDATE SET
         weight = greatest(0, ba_counts.weight * ${fade("excluded.time_ms", "ba_counts.time_ms")}
           + excluded.weight * ${fade("ba_counts.time_ms", "excluded.time_ms")}),
         time_ms = greatest(ba_counts.time_ms, excluded.time_ms), touched_ms = excluded.touched_ms`,
      [population, weight, time, halfLife, JSON.stringify(valuesOf(paths))],
    );
  }

  /** What was added to since, and the database's time of this look. */
  async countsSince(touched: number): Promise<{ now: number; rows: CountRow[] }> {
    const [at] = await this.database.query<{ now: number }>(`SELECT ${NOW} AS now`);
    const rows = await this.database.query<CountRow>(
      `SELECT population, dimension, key, weight, time_ms AS time FROM ba_counts WHERE touched_ms >= $1`,
      [touched],
    );
    return { now: at!.now, rows };
  }

  /** Users that have a history. */
  async users(): Promise<number> {
    const [row] = await this.database.query<{ count: number }>(
      "SELECT count(*) AS count FROM ba_users WHERE logins > 0.5",
    );
    return Number(row!.count);
  }

  /** The latest labels, a few of each user, and how many outcomes each kind stands for. */
  async labels(): Promise<{ labels: Label[]; genuine: number; fraud: number }> {
    const rows = await this.database.query<Label & { kind_count: number }>(
      `WITH latest AS (
         SELECT id, user_id, score, outcome = 'confirmed-fraud' AS fraud FROM ba_assessments
         WHERE settled_ms IS NOT NULL AND outcome IN ('success', 'step-up-passed', 'confirmed-fraud')
         ORDER BY settled_ms DESC LIMIT ${String(LATEST_OUTCOMES)}),
       few AS (SELECT *, row_number() OVER (PARTITION BY user_id, fraud ORDER BY id DESC) AS of_user,
         count(*) OVER (PARTITION BY fraud) AS kind_count FROM latest)
       SELECT score, fraud, kind_count FROM few WHERE of_user <= ${String(LABELS_PER_USER)}
       ORDER BY id DESC LIMIT ${String(MOST_LABELS)}`,
    );
    const count = (fraud: boolean): number => Number(rows.find((row) => row.fraud === fraud)?.kind_count ?? 0);
    return { labels: rows.map(({ score, fraud }) => ({ score, fraud })), genuine: count(false), fraud: count(true) };
  }

  /** Forgets the user; what was counted over all users has no name. Resolves to whether anything was known. */
  async deleteUser(id: string): Promise<boolean> {
    return this.database.transaction(async (tx) => {
      await this.lockUser(tx, id);
      const gone = await Promise.all(
        ["ba_users WHERE id", "ba_templates WHERE user_id", "ba_assessments WHERE user_id"].map((rows) =>
          tx.query(`DELETE FROM ${rows} = $1 RETURNING 1`, [id]),
        ),
      );
      return gone.some((rows) => rows.length > 0);
    });
  }

  /** Deletes what is beyond retention, and of the counts what has faded or is too much. */
  async prune(times: { assessments: number; users: number; now: number }, halfLife: number): Promise<void> {
    await this.database.query("DELETE FROM ba_assessments WHERE time_ms < $1", [times.assessments]);
    await this.database.query("DELETE FROM ba_templates WHERE touched_ms < $1", [times.users]);
    await this.database.query("DELETE FROM ba_users WHERE touched_ms < $1", [times.users]);
    const faded = `weight * power(0.5::float8, least(greatest($1::bigint - time_ms, 0)::float8 / $2::float8, ${String(HALF_LIVES)}))`;
    await this.database.query(
      `DELETE FROM ba_counts USING (
         SELECT population, dimension, key, ${faded} AS left_over,
           row_number() OVER (PARTITION BY population, dimension ORDER BY ${faded} DESC) AS place FROM ba_counts) AS ranked
       WHERE ba_counts.population = ranked.population AND ba_counts.dimension = ranked.dimension
         AND ba_counts.key = ranked.key AND (left_over < $3 OR place > $4)`,
      [times.now, halfLife, LEAST_WEIGHT, MOST_COUNTS],
    );
  }
}

const ASSESSMENT = `id, user_id AS "userId", time_ms AS time, score, outcome, sealed`;
