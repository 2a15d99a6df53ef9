import { MnoError } from "../../../exports";
import type { Database, Queryable } from "../../../kernel/store/database";
import type { Alert } from "../detection/alert";
import type { Incident, IncidentStatus } from "./incident";

/** Alerts and incidents. */
export class IncidentStore {
  constructor(private readonly database: Database) {}

  /** Which of the alerts are there already. */
  async known(ids: readonly string[]): Promise<Set<string>> {
    if (ids.length === 0) return new Set();
    const rows = await this.database.query<{ id: string }>("SELECT id FROM si_alerts WHERE id = ANY($1::text[])", [
      ids,
    ]);
    return new Set(rows.map(({ id }) => id));
  }

  async addAlert(tx: Queryable, incident: string, alert: Alert): Promise<void> {
    await tx.query(
      `INSERT INTO si_alerts (id, incident, time_ms, alert) VALUES ($1, $2, $3, $4::jsonb) ON CONFLICT DO NOTHING`,
      [alert.id, incident, alert.time, JSON.stringify(alert)],
    );
  }

  async put(tx: Queryable, incident: Incident): Promise<void> {
    await tx.query(
      `INSERT INTO si_incidents (id, status, last_ms, incident) VALUES ($1, $2, $3, $4::jsonb)
       ON CONFLICT (id) DO UPDATE SET status = $2, last_ms = $3, incident = $4::jsonb`,
      [incident.id, incident.status, incident.lastTime, JSON.stringify(incident)],
    );
  }

  /** What was found to be part of another incident is that one's from now on. */
  async absorb(tx: Queryable, into: string, absorbed: readonly Incident[]): Promise<void> {
    if (absorbed.length === 0) return;
    const ids = absorbed.map(({ id }) => id);
    await tx.query("UPDATE si_alerts SET incident = $1 WHERE incident = ANY($2::text[])", [into, ids]);
    await tx.query("UPDATE si_responses SET incident = $1 WHERE incident = ANY($2::text[])", [into, ids]);
    await tx.query("DELETE FROM si_incidents WHERE id = ANY($1::text[])", [ids]);
  }

  async get(id: string, on: Queryable = this.database, lock = false): Promise<Incident> {
    const [row] = await on.query<{ incident: Incident }>(
      `SELECT incident FROM si_incidents WHERE id = $1${lock ? " FOR UPDATE" : ""}`,
      [id],
    );
    if (!row) throw new MnoError("MNO_INCIDENT_UNKNOWN", `There is no incident ${id}; it may be part of another now`);
    return row.incident;
  }

  /** Newest first, from after the cursor; the quiet ones are those that are only watched. */
  async list(filter: {
    statuses: readonly IncidentStatus[];
    cursor?: { lastTime: number; id: string };
    limit: number;
  }): Promise<Incident[]> {
    const rows = await this.database.query<{ incident: Incident }>(
      `SELECT incident FROM si_incidents WHERE status = ANY($1::text[])
         AND ($2::bigint IS NULL OR (last_ms, id) < ($2::bigint, $3::text)) ORDER BY last_ms DESC, id DESC LIMIT $4`,
      [filter.statuses, filter.cursor?.lastTime ?? null, filter.cursor?.id ?? "", filter.limit],
    );
    return rows.map(({ incident }) => incident);
  }

  /** Those that further alerts may join, the one that is quiet for longest first. */
  async active(limit: number): Promise<Incident[]> {
    const rows = await this.database.query<{ incident: Incident }>(
      `SELECT incident FROM si_incidents WHERE status IN ('watching', 'open', 'in_progress', 'contained')
       ORDER BY last_ms DESC LIMIT $1`,
      [limit],
    );
    return rows.map(({ incident }) => incident).reverse();
  }

  /** Of one incident, oldest first. */
  async alerts(incident: string, limit: number): Promise<Alert[]> {
    const rows = await this.database.query<{ alert: Alert }>(
      "SELECT alert FROM si_alerts WHERE incident = $1 ORDER BY time_ms, id LIMIT $2",
      [incident, limit],
    );
    return rows.map(({ alert }) => alert);
  }

  async alert(id: string): Promise<{ alert: Alert; incident: string } | undefined> {
    const [row] = await this.database.query<{ alert: Alert; incident: string }>(
      "SELECT alert, incident FROM si_alerts WHERE id = $1",
      [id],
    );
    return row;
  }

  async prune(before: number): Promise<void> {
    await this.database.query("DELETE FROM si_alerts WHERE time_ms < $1", [before]);
    await this.database.query(
      "DELETE FROM si_incidents WHERE last_ms < $1 AND status IN ('watching', 'resolved', 'false_positive')",
      [before],
    );
  }
}
