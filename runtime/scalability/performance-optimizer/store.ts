import { enqueue } from "../../kernel/events/outbox";
import type { CloudEvent } from "../../kernel/events/cloudevent";
import type { Database } from "../../kernel/store/database";
import type { Advice } from "./advice/schemas";
import type { Experiment } from "./experiments/schemas";
import { MIGRATIONS } from "./migrations";
import { UsageHistory, type UsageCheckpoint } from "./right-sizing/usage-history";

const DAY = 24 * 3600 * 1000;
/** A workload that was not seen for as long as memory peaks count is forgotten, as the Vertical Pod Autoscaler does. */
export const USAGE_KEPT_MILLISECONDS = 8 * DAY;
/** Advice and experiments that are over are kept so long. */
const HISTORY_KEPT_MILLISECONDS = 30 * DAY;

/** The engine's tables. Times are milliseconds since the epoch. */
export class OptimizerStore {
  constructor(private readonly database: Database) {}

  async migrate(): Promise<void> {
    await this.database.migrate("performance-optimizer", MIGRATIONS);
  }

  /** Errors: MNO_CHECKPOINT_INVALID. */
  async histories(): Promise<Map<string, UsageHistory>> {
    const rows = await this.database.query<{ workload: string; checkpoint: UsageCheckpoint }>(
      "SELECT workload, checkpoint FROM po_usage ORDER BY workload",
    );
    return new Map(rows.map(({ workload, checkpoint }) => [workload, UsageHistory.load(checkpoint)]));
  }

  async saveHistories(histories: ReadonlyMap<string, UsageHistory>, now: number): Promise<void> {
    if (histories.size === 0) return;
    const rows = [...histories].map(([workload, history]) => ({ workload, checkpoint: history.save() }));
    await this.database.query(
      `INSERT INTO po_usage (workload, seen_ms, checkpoint)
       SELECT value->>'workload', $2, value->'checkpoint' FROM jsonb_array_elements($1::jsonb)
       ON CONFLICT (workload) DO UPDATE SET seen_ms = excluded.seen_ms, checkpoint = excluded.checkpoint`,
      [JSON.stringify(rows), now],
    );
  }

  /** Stores the advice with its event, in the place of the workload's open one. */
  async issue(advice: Advice, event: CloudEvent): Promise<void> {
    await this.database.transaction(async (tx) => {
      await tx.query(SUPERSEDE, [advice.workload]);
      await tx.query(
        "INSERT INTO po_advice (id, workload, state, time_ms, advice) VALUES ($1, $2, $3, $4, $5::jsonb)",
        [advice.id, advice.workload, advice.state, Date.parse(advice.time), JSON.stringify(advice)],
      );
      await enqueue(tx, [event]);
    });
  }

  /** The workload's request is about right now. */
  async supersede(workload: string): Promise<void> {
    await this.database.query(SUPERSEDE, [workload]);
  }

  async advice(id: string): Promise<Advice | undefined> {
    const [row] = await this.database.query<{ advice: Advice }>("SELECT advice FROM po_advice WHERE id = $1", [id]);
    return row?.advice;
  }

  /** Newest first. */
  async listAdvice(filter: { workload?: string; state?: string; limit: number }): Promise<Advice[]> {
    const rows = await this.database.query<{ advice: Advice }>(
      `SELECT advice FROM po_advice
       WHERE ($1::text IS NULL OR workload = $1) AND ($2::text IS NULL OR state = $2) ORDER BY id DESC LIMIT $3`,
      [filter.workload ?? null, filter.state ?? null, filter.limit],
    );
    return rows.map(({ advice }) => advice);
  }

  /** false where it is in another state by now. */
  async moveAdvice(id: string, from: Advice["state"], to: Advice["state"]): Promise<boolean> {
    const rows = await this.database.query(
      `UPDATE po_advice SET state = $3, advice = jsonb_set(advice, '{state}', to_jsonb($3::text))
       WHERE id = $1 AND state = $2 RETURNING id`,
      [id, from, to],
    );
    return rows.length > 0;
  }

  /** false where the knob has an experiment that is not over. */
  async addExperiment(experiment: Experiment): Promise<boolean> {
    const rows = await this.database.query(
      `INSERT INTO po_experiments (id, knob_url, state, begun, time_ms, experiment)
       VALUES ($1, $2, $3, false, $4, $5::jsonb) ON CONFLICT DO NOTHING RETURNING id`,
      [
        experiment.id,
        experiment.input.knob.url,
        experiment.state,
        Date.parse(experiment.startedAt),
        JSON.stringify(experiment),
      ],
    );
    return rows.length > 0;
  }

  /** Notes that the knob is about to be turned. */
  async beginExperiment(id: string): Promise<void> {
    await this.database.query("UPDATE po_experiments SET begun = true WHERE id = $1", [id]);
  }

  /** false where it is in another state by now: somebody else ended it. */
  async saveExperiment(experiment: Experiment, from: Experiment["state"]): Promise<boolean> {
    const rows = await this.database.query(
      "UPDATE po_experiments SET state = $3, experiment = $4::jsonb WHERE id = $1 AND state = $2 RETURNING id",
      [experiment.id, from, experiment.state, JSON.stringify(experiment)],
    );
    return rows.length > 0;
  }

  async experiment(id: string): Promise<Experiment | undefined> {
    const [row] = await this.database.query<{ experiment: Experiment }>(
      "SELECT experiment FROM po_experiments WHERE id = $1",
      [id],
    );
    return row?.experiment;
  }

  /** Those that are not over, oldest first. */
  openExperiments(): Promise<{ experiment: Experiment; begun: boolean }[]> {
    return this.database.query("SELECT experiment, begun FROM po_experiments WHERE state <> 'done' ORDER BY id");
  }

  /** Newest first. */
  async listExperiments(limit: number): Promise<Experiment[]> {
    const rows = await this.database.query<{ experiment: Experiment }>(
      "SELECT experiment FROM po_experiments ORDER BY id DESC LIMIT $1",
      [limit],
    );
    return rows.map(({ experiment }) => experiment);
  }

  async prune(now: number): Promise<void> {
    const oldest = now - HISTORY_KEPT_MILLISECONDS;
    await this.database.query("DELETE FROM po_usage WHERE seen_ms < $1", [now - USAGE_KEPT_MILLISECONDS]);
    await this.database.query("DELETE FROM po_advice WHERE state <> 'open' AND time_ms < $1", [oldest]);
    await this.database.query("DELETE FROM po_experiments WHERE state = 'done' AND time_ms < $1", [oldest]);
  }
}

const SUPERSEDE = `UPDATE po_advice SET state = 'superseded', advice = jsonb_set(advice, '{state}', '"superseded"')
  WHERE workload = $1 AND state = 'open'`;
