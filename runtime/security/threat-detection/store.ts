import { MnoError } from "../../exports";
import type { CloudEvent } from "../../kernel/events/cloudevent";
import { enqueue } from "../../kernel/events/outbox";
import type { Database, Queryable } from "../../kernel/store/database";
import type { Alert } from "./alerts/alert";
import { MIGRATIONS } from "./migrations";
import type { Job } from "./models/job";
import type { Manifest, Model } from "./models/manifest";
import type { PipelineSpec } from "./pipeline/fields";

const DAY = 86_400_000;
/** Alerts and jobs that are over are kept so long. */
const KEPT_MILLISECONDS = 90 * DAY;
/** Versions of a pipeline's model that are kept beside the active one. */
const VERSIONS_KEPT = 10;

interface ModelRow {
  manifest: Manifest;
  signature: Model["signature"];
  state: Model["state"];
}

/** The engine's tables. */
export class ThreatStore {
  constructor(private readonly database: Database) {}

  async migrate(): Promise<void> {
    await this.database.migrate("threat-detection", MIGRATIONS);
  }

  async pipelines(): Promise<PipelineSpec[]> {
    const rows = await this.database.query<{ spec: PipelineSpec }>("SELECT spec FROM td_pipelines ORDER BY name");
    return rows.map(({ spec }) => spec);
  }

  async savePipeline(spec: PipelineSpec): Promise<void> {
    await this.database.query(
      "INSERT INTO td_pipelines (name, spec) VALUES ($1, $2::jsonb) ON CONFLICT (name) DO UPDATE SET spec = excluded.spec",
      [spec.name, JSON.stringify(spec)],
    );
  }

  /** What an earlier process had learned under the name. */
  async state<T>(name: string): Promise<{ artifact: Uint8Array | null; state: T } | undefined> {
    const [row] = await this.database.query<{ artifact: Uint8Array | null; state: T }>(
      "SELECT artifact, state FROM td_states WHERE name = $1",
      [name],
    );
    return row;
  }

  async saveState(name: string, artifact: Uint8Array | null, state: unknown, now: number): Promise<void> {
    await this.database.query(
      `INSERT INTO td_states (name, saved_ms, artifact, state) VALUES ($1, $2, $3, $4::jsonb) ON CONFLICT (name) DO UPDATE
       SET saved_ms = excluded.saved_ms, artifact = excluded.artifact, state = excluded.state`,
      [name, now, artifact, JSON.stringify(state)],
    );
  }

  /** Stores the alert, with its event if there is one to tell. `raw` only where it is new. */
  async saveAlert(alert: Alert, raw: Uint8Array | null, event: CloudEvent | null): Promise<void> {
    await this.database.transaction(async (tx) => {
      await tx.query(
        `INSERT INTO td_alerts (id, detector, entity, state, seen_ms, raw, alert) VALUES ($1, $2, $3, $4, $5, $6, $7::jsonb)
         ON CONFLICT (id) DO UPDATE SET state = excluded.state, seen_ms = excluded.seen_ms, alert = excluded.alert`,
        [alert.id, alert.detector, alert.entity, alert.state, Date.parse(alert.lastSeen), raw, JSON.stringify(alert)],
      );
      if (event !== null) await enqueue(tx, [event]);
    });
  }

  async alert(id: string): Promise<{ alert: Alert; raw: Uint8Array | null } | undefined> {
    const [row] = await this.database.query<{ alert: Alert; raw: Uint8Array | null }>(
      "SELECT alert, raw FROM td_alerts WHERE id = $1",
      [id],
    );
    return row;
  }

  /** Newest first. */
  async alerts(filter: { state?: string; entity?: string; limit: number }): Promise<Alert[]> {
    const rows = await this.database.query<{ alert: Alert }>(
      `SELECT alert FROM td_alerts WHERE ($1::text IS NULL OR state = $1) AND ($2::text IS NULL OR entity = $2)
       ORDER BY id DESC LIMIT $3`,
      [filter.state ?? null, filter.entity ?? null, filter.limit],
    );
    return rows.map(({ alert }) => alert);
  }

  /** Open ones that were seen since, oldest first. */
  async openAlerts(since: number): Promise<Alert[]> {
    const rows = await this.database.query<{ alert: Alert }>(
      "SELECT alert FROM td_alerts WHERE state = 'open' AND seen_ms >= $1 ORDER BY id DESC LIMIT 1000",
      [since],
    );
    return rows.map(({ alert }) => alert).reverse();
  }

  async models(pipeline: string | undefined): Promise<Model[]> {
    return this.database.query<ModelRow>(
      "SELECT manifest, signature, state FROM td_models WHERE $1::text IS NULL OR pipeline = $1 ORDER BY pipeline, version DESC",
      [pipeline ?? null],
    );
  }

  async activeModels(): Promise<Manifest[]> {
    const rows = await this.database.query<{ manifest: Manifest }>(
      "SELECT manifest FROM td_models WHERE state = 'active'",
    );
    return rows.map(({ manifest }) => manifest);
  }

  /** Errors: MNO_THREAT_MODEL_NOT_FOUND. */
  async model(id: string): Promise<Model & { artifact: Uint8Array }> {
    const [row] = await this.database.query<ModelRow & { artifact: Uint8Array }>(
      "SELECT manifest, signature, state, artifact FROM td_models WHERE id = $1",
      [id],
    );
    if (row === undefined) throw new MnoError("MNO_THREAT_MODEL_NOT_FOUND", `There is no model ${id}`);
    return row;
  }

  async nextVersion(pipeline: string): Promise<number> {
    const [row] = await this.database.query<{ last: number }>(
      "SELECT coalesce(max(version), 0)::int AS last FROM td_models WHERE pipeline = $1",
      [pipeline],
    );
    return (row?.last ?? 0) + 1;
  }

  /** Stores a model as a candidate and what its job came to. */
  async finishJob(
    job: Job,
    model: { manifest: Manifest; signature: Model["signature"]; artifact: Uint8Array } | null,
  ): Promise<void> {
    await this.database.transaction(async (tx) => {
      await tx.query("UPDATE td_jobs SET state = $2, job = $3::jsonb, input = ''::bytea WHERE id = $1", [
        job.id,
        job.state,
        JSON.stringify(job),
      ]);
      if (model === null) return;
      const { manifest, signature, artifact } = model;
      await tx.query(
        `INSERT INTO td_models (id, pipeline, version, state, manifest, signature, artifact)
         VALUES ($1, $2, $3, 'candidate', $4::jsonb, $5::jsonb, $6)`,
        [
          manifest.id,
          manifest.pipeline,
          manifest.version,
          JSON.stringify(manifest),
          JSON.stringify(signature),
          artifact,
        ],
      );
      await tx.query(`DELETE FROM td_models WHERE pipeline = $1 AND state <> 'active' AND version <= $2`, [
        manifest.pipeline,
        manifest.version - VERSIONS_KEPT,
      ]);
    });
  }

  /** Makes the model the pipeline's active one. */
  async activate({ id, pipeline }: Manifest): Promise<void> {
    await this.database.transaction(async (tx: Queryable) => {
      await tx.query("UPDATE td_models SET state = 'retired' WHERE pipeline = $1 AND state = 'active'", [pipeline]);
      await tx.query("UPDATE td_models SET state = 'active' WHERE id = $1", [id]);
    });
  }

  async addJob(job: Job, input: Uint8Array): Promise<void> {
    await this.database.query("INSERT INTO td_jobs (id, state, job, input) VALUES ($1, $2, $3::jsonb, $4)", [
      job.id,
      job.state,
      JSON.stringify(job),
      input,
    ]);
  }

  async job(id: string): Promise<Job | undefined> {
    const [row] = await this.database.query<{ job: Job }>("SELECT job FROM td_jobs WHERE id = $1", [id]);
    return row?.job;
  }

  /** Those that an earlier process did not finish, oldest first. */
  unfinishedJobs(): Promise<{ job: Job; input: Uint8Array }[]> {
    return this.database.query("SELECT job, input FROM td_jobs WHERE state = 'running' ORDER BY id");
  }

  async prune(now: number): Promise<void> {
    await this.database.query("DELETE FROM td_alerts WHERE seen_ms < $1", [now - KEPT_MILLISECONDS]);
    await this.database.query(
      "DELETE FROM td_jobs WHERE state <> 'running' AND (job->>'startedAt')::timestamptz < to_timestamp($1)",
      [(now - KEPT_MILLISECONDS) / 1000],
    );
  }
}
