import { MnoError } from "../../../exports";
import type { Database, Queryable } from "../../../kernel/store/database";
import type { Response, ResponseStatus } from "./response";

export class ResponseStore {
  constructor(private readonly database: Database) {}

  /** Keeps the new ones among them, and returns those. */
  async propose(tx: Queryable, responses: readonly Response[]): Promise<Response[]> {
    const fresh: Response[] = [];
    for (const response of responses) {
      const rows = await tx.query(
        `INSERT INTO si_responses (id, incident, status, changed_ms, response) VALUES ($1, $2, $3, $4, $5::jsonb)
         ON CONFLICT (id) DO NOTHING RETURNING id`,
        parametersOf(response),
      );
      if (rows.length > 0) fresh.push(response);
    }
    return fresh;
  }

  async put(tx: Queryable, response: Response): Promise<void> {
    await tx.query(
      `UPDATE si_responses SET incident = $2, status = $3, changed_ms = $4, response = $5::jsonb, expires_ms = $6
       WHERE id = $1`,
      [...parametersOf(response), response.status === "executed" ? (response.expiresAt ?? null) : null],
    );
  }

  async get(id: string, on: Queryable = this.database, lock = false): Promise<Response> {
    const [row] = await on.query<{ response: Response; incident: string }>(
      `SELECT response, incident FROM si_responses WHERE id = $1${lock ? " FOR UPDATE" : ""}`,
      [id],
    );
    if (!row) throw new MnoError("MNO_RESPONSE_UNKNOWN", `There is no response ${id}`);
    return { ...row.response, incident: row.incident };
  }

  /** Newest first. */
  async list(filter: { incident?: string; statuses: readonly ResponseStatus[]; limit: number }): Promise<Response[]> {
    const rows = await this.database.query<{ response: Response; incident: string }>(
      `SELECT response, incident FROM si_responses WHERE status = ANY($1::text[])
         AND ($2::text IS NULL OR incident = $2) ORDER BY changed_ms DESC, id LIMIT $3`,
      [filter.statuses, filter.incident ?? null, filter.limit],
    );
    return rows.map(({ response, incident }) => ({ ...response, incident }));
  }

  /** Approved ones whose turn it is, oldest first. */
  async due(before: number, limit: number): Promise<Response[]> {
    const rows = await this.database.query<{ response: Response; incident: string }>(
      `SELECT response, incident FROM si_responses WHERE status = 'approved' AND changed_ms <= $1
       ORDER BY changed_ms LIMIT $2`,
      [before, limit],
    );
    return rows.map(({ response, incident }) => ({ ...response, incident }));
  }

  /** Executed ones whose time is over, oldest first. */
  async expired(before: number, limit: number): Promise<Response[]> {
    const rows = await this.database.query<{ response: Response; incident: string }>(
      "SELECT response, incident FROM si_responses WHERE expires_ms <= $1 ORDER BY expires_ms LIMIT $2",
      [before, limit],
    );
    return rows.map(({ response, incident }) => ({ ...response, incident }));
  }
}

function parametersOf(response: Response): unknown[] {
  return [response.id, response.incident, response.status, response.changedAt, JSON.stringify(response)];
}
