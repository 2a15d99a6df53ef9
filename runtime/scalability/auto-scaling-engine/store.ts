import type { CloudEvent } from "../../kernel/events/cloudevent";
import { enqueue } from "../../kernel/events/outbox";
import type { Database, Queryable } from "../../kernel/store/database";
import type { ScalingHistory } from "./behavior";
import type { Decision } from "./decision";
import type { Memory } from "./memory";
import { MIGRATIONS } from "./migrations";
import type { ScalerSpec } from "./spec";

/** Decisions kept of each workload: the newest so many, and none older than the age. Older ones are gone for good. */
const DECISIONS_KEPT = { perWorkload: 1000, milliseconds: 24 * 3600 * 1000 } as const;
/** Ended grants are remembered this long, so that an event delivered late cannot bring them back. */
const ENDED_GRANTS_KEPT_MILLISECONDS = 7 * 24 * 3600 * 1000;

/** What an evaluation starts from. */
export interface ScalerState {
  spec: ScalerSpec;
  revision: number;
  history: ScalingHistory;
}

/** The engine's tables. Times are milliseconds since the epoch. */
export class ScalerStore {
  constructor(private readonly database: Database) {}

  async migrate(): Promise<void> {
    await this.database.migrate("auto-scaling-engine", MIGRATIONS);
  }

  /** Creates or replaces; resolves to whether it was created. */
  put(spec: ScalerSpec): Promise<boolean> {
    return upsert(this.database, spec, false);
  }

  /** Makes the declared scalers exactly these; scalers made through the API stay, unless one of these has their name. */
  async declare(specs: readonly ScalerSpec[]): Promise<void> {
    await this.database.transaction(async (tx) => {
      await tx.query("DELETE FROM ase_scalers WHERE declared AND NOT workload = ANY($1::text[])", [
        specs.map((spec) => spec.workload),
      ]);
      for (const spec of specs) await upsert(tx, spec, true);
    });
  }

  async get(workload: string): Promise<ScalerSpec | undefined> {
    const rows = await this.database.query<{ spec: ScalerSpec }>("SELECT spec FROM ase_scalers WHERE workload = $1", [
      workload,
    ]);
    return rows[0]?.spec;
  }

  async list(): Promise<ScalerSpec[]> {
    const rows = await this.database.query<{ spec: ScalerSpec }>("SELECT spec FROM ase_scalers ORDER BY workload");
    return rows.map((row) => row.spec);
  }

  /** Forgets the scaler and its history; its decisions stay until they are too old. Resolves to whether there was one. */
  async delete(workload: string): Promise<boolean> {
    const rows = await this.database.query("DELETE FROM ase_scalers WHERE workload = $1 RETURNING workload", [
      workload,
    ]);
    return rows.length > 0;
  }

  async load(workload: string): Promise<ScalerState | undefined> {
    const [row] = await this.database.query<{ spec: ScalerSpec; revision: number; memory: Memory }>(
      "SELECT spec, revision, memory FROM ase_scalers WHERE workload = $1",
      [workload],
    );
    if (!row) return undefined;
    const recommendations = await this.database.query<{ time: number; replicas: number }>(
      `SELECT time_ms AS time, replicas FROM ase_recommendations
       WHERE workload = $1 ORDER BY time_ms`,
      [workload],
    );
    const scaleEvents = await this.database.query<{ time: number; change: number }>(
      `SELECT time_ms AS time, change FROM ase_scale_events
       WHERE workload = $1 ORDER BY time_ms`,
      [workload],
    );
    const { spec, revision, memory } = row;
    return { spec, revision, history: { recommendations, scaleEvents, memory } };
  }

  /**
   * Takes the turn of an evaluation and stores its decision and the history it leaves; false where another process evaluated
   * the same workload meanwhile, or its scaler was changed or deleted: the evaluation is then void. A change that has yet to
   * be carried out is pending until `confirm` or `withdraw`: its scale event counts already, its decision is not listed yet.
   */
  claim(state: ScalerState, history: ScalingHistory, decision: Decision): Promise<boolean> {
    const { workload } = state.spec;
    return this.database.transaction(async (tx) => {
      const claimed = await tx.query(
        `UPDATE ase_scalers SET revision = nextval('ase_revision'), memory = $3::jsonb,
           served = COALESCE($4::bigint, served), served_ms = COALESCE($5::bigint, served_ms)
         WHERE workload = $1 AND revision = $2 RETURNING workload`,
        [workload, state.revision, JSON.stringify(history.memory ?? {}), ...servedBy(decision)],
      );
      if (claimed.length === 0) return false;
      const known = new Set(state.history.recommendations);
      const kept = history.recommendations.filter((past) => known.has(past));
      const oldest = kept.length > 0 ? Math.min(...kept.map((past) => past.time)) : Number.MAX_SAFE_INTEGER;
      await tx.query("DELETE FROM ase_recommendations WHERE workload = $1 AND time_ms < $2", [workload, oldest]);
      for (const { time, replicas } of history.recommendations.filter((past) => !known.has(past))) {
        await tx.query("INSERT INTO ase_recommendations (workload, time_ms, replicas) VALUES ($1, $2, $3)", [
          workload,
          time,
          replicas,
        ]);
      }
      const past = new Set(state.history.scaleEvents);
      for (const { time, change } of history.scaleEvents.filter((event) => !past.has(event))) {
        const oldest = Math.min(...history.scaleEvents.map((event) => event.time));
        await tx.query("DELETE FROM ase_scale_events WHERE workload = $1 AND time_ms < $2", [workload, oldest]);
        await insertScaleEvent(tx, decision, time, change);
      }
      await insertDecision(tx, decision, decision.action === "scaled");
      return true;
    });
  }

  /** The replicas that scalers with `act: "serve"` have the cluster's own autoscaler take; null before the first decision. */
  async served(workload: string): Promise<{ replicas: number | null; time: number | null } | undefined> {
    const rows = await this.database.query<{ replicas: number | null; time: number | null }>(
      "SELECT served AS replicas, served_ms AS time FROM ase_scalers WHERE workload = $1 AND spec->>'act' = 'serve'",
      [workload],
    );
    return rows[0];
  }

  /** The changes of which it is not known yet whether they were carried out, oldest first. */
  async pending(workload?: string): Promise<Decision[]> {
    const rows = await this.database.query<{ decision: Decision }>(
      "SELECT decision FROM ase_decisions WHERE pending AND ($1::text IS NULL OR workload = $1) ORDER BY id",
      [workload ?? null],
    );
    return rows.map((row) => row.decision);
  }

  /**
   * The pending change was carried out: lists its decision and enqueues the event, once; false where that was done before.
   * It also puts right a change that another process took for not carried out while this one was still at it.
   */
  confirm(decision: Decision, event: CloudEvent): Promise<boolean> {
    const { id, workload, time, desiredReplicas, inputs } = decision;
    return this.database.transaction(async (tx) => {
      const confirmed = await tx.query(
        `UPDATE ase_decisions SET pending = false, decision = $2::jsonb
         WHERE id = $1 AND (pending OR decision->>'action' <> 'scaled') RETURNING id`,
        [id, JSON.stringify(decision)],
      );
      if (confirmed.length === 0) return false;
      await enqueue(tx, [event]);
      const known = await tx.query("SELECT 1 FROM ase_scale_events WHERE workload = $1 AND decision_id = $2", [
        workload,
        id,
      ]);
      if (known.length === 0) {
        await insertScaleEvent(tx, decision, Date.parse(time), desiredReplicas - inputs.currentReplicas);
      }
      return true;
    });
  }

  /** The pending change was not carried out: lists what became of it; false where it is not pending any more. */
  withdraw(decision: Decision): Promise<boolean> {
    return this.database.transaction(async (tx) => {
      const withdrawn = await tx.query(
        "UPDATE ase_decisions SET pending = false, decision = $2::jsonb WHERE id = $1 AND pending RETURNING id",
        [decision.id, JSON.stringify(decision)],
      );
      if (withdrawn.length === 0) return false;
      await tx.query("DELETE FROM ase_scale_events WHERE decision_id = $1", [decision.id]);
      return true;
    });
  }

  async addDecision(decision: Decision): Promise<void> {
    await insertDecision(this.database, decision, false);
  }

  async decision(id: string): Promise<Decision | undefined> {
    const rows = await this.database.query<{ decision: Decision }>(
      "SELECT decision FROM ase_decisions WHERE id = $1 AND NOT pending",
      [id],
    );
    return rows[0]?.decision;
  }

  /** Newest first. */
  async decisions(workload: string | undefined, limit: number): Promise<Decision[]> {
    const rows = await this.database.query<{ decision: Decision }>(
      `SELECT decision FROM ase_decisions WHERE NOT pending AND ($1::text IS NULL OR workload = $1) ORDER BY id DESC LIMIT $2`,
      [workload ?? null, limit],
    );
    return rows.map((row) => row.decision);
  }

  /** Records a grant once; a grant that has already ended stays ended. */
  async grant(allocationId: string, workload: string, replicas: number): Promise<void> {
    await this.database.query(
      "INSERT INTO ase_grants (allocation_id, workload, replicas) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
      [allocationId, workload, replicas],
    );
  }

  /** Ends a grant, also one whose beginning comes later or never. */
  async endGrant(allocationId: string, workload: string, replicas: number, now: number): Promise<void> {
    await this.database.query(
      `INSERT INTO ase_grants (allocation_id, workload, replicas, ended_ms) VALUES ($1, $2, $3, $4)
       ON CONFLICT (allocation_id) DO UPDATE SET ended_ms = COALESCE(ase_grants.ended_ms, excluded.ended_ms)`,
      [allocationId, workload, replicas, now],
    );
  }

  /** Replicas granted to the workload at present. */
  async granted(workload: string): Promise<number> {
    const [row] = await this.database.query<{ sum: number }>(
      "SELECT COALESCE(SUM(replicas), 0)::float8 AS sum FROM ase_grants WHERE workload = $1 AND ended_ms IS NULL",
      [workload],
    );
    return row?.sum ?? 0;
  }

  /** Deletes what is beyond retention. */
  async prune(now: number): Promise<void> {
    await this.database.query(
      `DELETE FROM ase_decisions WHERE NOT pending AND (time_ms < $1 OR id IN (
         SELECT id FROM (SELECT id, row_number() OVER (PARTITION BY workload ORDER BY id DESC) AS place FROM ase_decisions) AS ranked
         WHERE place > $2))`,
      [now - DECISIONS_KEPT.milliseconds, DECISIONS_KEPT.perWorkload],
    );
    await this.database.query("DELETE FROM ase_grants WHERE ended_ms < $1", [now - ENDED_GRANTS_KEPT_MILLISECONDS]);
  }
}

async function upsert(target: Queryable, spec: ScalerSpec, declared: boolean): Promise<boolean> {
  // A row that this statement inserted was never updated: PostgreSQL says so in its xmax.
  const [row] = await target.query<{ created: boolean }>(
    `INSERT INTO ase_scalers (workload, spec, declared, revision) VALUES ($1, $2::jsonb, $3, nextval('ase_revision'))
     ON CONFLICT (workload) DO UPDATE
       SET spec = excluded.spec, declared = excluded.declared, revision = excluded.revision
     RETURNING xmax = 0 AS created`,
    [spec.workload, JSON.stringify(spec), declared],
  );
  return row?.created === true;
}

async function insertDecision(target: Queryable, decision: Decision, pending: boolean): Promise<void> {
  await target.query(
    "INSERT INTO ase_decisions (id, workload, time_ms, decision, pending) VALUES ($1, $2, $3, $4::jsonb, $5)",
    [decision.id, decision.workload, Date.parse(decision.time), JSON.stringify(decision), pending],
  );
}

/** A decision that could not conclude anything leaves what was served before. */
function servedBy({ inputs, action, desiredReplicas, time }: Decision): [number | null, number | null] {
  if (inputs.scaler.act !== "serve" || action === "skipped") return [null, null];
  return [desiredReplicas, Date.parse(time)];
}

/** The scaler may have been deleted by another process meanwhile; its history goes with it. */
async function insertScaleEvent(target: Queryable, decision: Decision, time: number, change: number): Promise<void> {
  await target.query(
    `INSERT INTO ase_scale_events (workload, time_ms, change, decision_id)
     SELECT workload, $2::bigint, $3::bigint, $4::text FROM ase_scalers WHERE workload = $1`,
    [decision.workload, time, change, decision.id],
  );
}
