import type { Database, Queryable } from "../../../kernel/store/database";
import type { Assurance, ClientView, Session } from "./session";

interface Row {
  id: string;
  user_id: string;
  source: string;
  provider_session: string | null;
  attributes: Record<string, unknown>;
  parents: { type: string; id: string }[];
  assurance: Assurance;
  established_at: Date;
  authenticated_at: Date;
  seen_at: Date;
  expires_at: Date;
  client: ClientView;
  certificate: string | null;
  device: string | null;
  ended_at: Date | null;
  end_reason: string | null;
}

/** Ended sessions stay for a day, to be asked why. */
const KEPT_MILLISECONDS = 86_400_000;

/** Which sessions: one, all of a user, all that a provider's session led to, or those with an attribute. */
export type SessionSelector =
  | { id: string }
  | { userId: string }
  | { source: string; providerSession: string }
  | { source: string; email: string }
  | { device: string };

export interface SessionFilter {
  userId?: string;
  cursor?: string;
  limit: number;
}

/** The table of sessions. */
export class SessionStore {
  constructor(private readonly database: Database) {}

  transaction<T>(work: (tx: Queryable) => Promise<T>): Promise<T> {
    return this.database.transaction(work);
  }

  async find(id: string): Promise<Session | undefined> {
    const [row] = await this.database.query<Row>("SELECT * FROM ztg_sessions WHERE id = $1", [id]);
    return row && sessionOf(row);
  }

  /** The user's active sessions, oldest first; until the transaction ends nobody adds one to them. */
  async lockUser(tx: Queryable, userId: string, now: number): Promise<Session[]> {
    await tx.query("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", [`ztg-user ${userId}`]);
    const rows = await tx.query<Row>(
      "SELECT * FROM ztg_sessions WHERE user_id = $1 AND ended_at IS NULL AND expires_at > $2 ORDER BY established_at, id",
      [userId, time(now)],
    );
    return rows.map(sessionOf);
  }

  async insert(tx: Queryable, session: Session): Promise<void> {
    await tx.query(
      `INSERT INTO ztg_sessions (id, user_id, source, provider_session, attributes, parents, assurance, established_at,
         authenticated_at, seen_at, expires_at, client, certificate, device)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)`,
      [
        session.id,
        session.userId,
        session.source,
        session.providerSession,
        JSON.stringify(session.attributes),
        JSON.stringify(session.parents),
        session.assurance,
        time(session.establishedAt),
        time(session.authenticatedAt),
        time(session.seenAt),
        time(session.expiresAt),
        JSON.stringify(session.client),
        session.certificate,
        session.device,
      ],
    );
  }

  /** Ends those that are not over yet, and returns them as they are then. */
  async end(tx: Queryable, selector: SessionSelector, reason: string, now: number): Promise<Session[]> {
    const [where, parameters] = conditionOf(selector);
    const rows = await tx.query<Row>(
      `UPDATE ztg_sessions SET ended_at = $1, end_reason = $2 WHERE ended_at IS NULL AND expires_at > $1 AND ${where} RETURNING *`,
      [time(now), reason, ...parameters],
    );
    return rows.map(sessionOf);
  }

  /** Sets the assurance of those that are not over. */
  async assure(tx: Queryable, selector: SessionSelector, assurance: Assurance, now: number): Promise<Session[]> {
    const [where, parameters] = conditionOf(selector);
    const rows = await tx.query<Row>(
      `UPDATE ztg_sessions SET assurance = $2 WHERE ended_at IS NULL AND expires_at > $1 AND ${where} RETURNING *`,
      [time(now), assurance, ...parameters],
    );
    return rows.map(sessionOf);
  }

  async touch(id: string, now: number): Promise<void> {
    await this.database.query("UPDATE ztg_sessions SET seen_at = $2 WHERE id = $1 AND seen_at < $2", [id, time(now)]);
  }

  /** Active sessions used after `seenAfter`, in the order of their ids, from after `cursor`. */
  async list(filter: SessionFilter & { now: number; seenAfter: number }): Promise<Session[]> {
    const rows = await this.database.query<Row>(
      `SELECT * FROM ztg_sessions WHERE ended_at IS NULL AND expires_at > $4 AND seen_at > $5 AND id > $1
         AND ($2::text IS NULL OR user_id = $2) ORDER BY id LIMIT $3`,
      [filter.cursor ?? "", filter.userId ?? null, filter.limit, time(filter.now), time(filter.seenAfter)],
    );
    return rows.map(sessionOf);
  }

  async prune(now: number): Promise<void> {
    await this.database.query("DELETE FROM ztg_sessions WHERE expires_at < $1 OR ended_at < $1", [
      time(now - KEPT_MILLISECONDS),
    ]);
  }
}

function conditionOf(selector: SessionSelector): [where: string, parameters: string[]] {
  if ("id" in selector) return ["id = $3", [selector.id]];
  if ("userId" in selector) return ["user_id = $3", [selector.userId]];
  if ("device" in selector) return ["(device = $3 OR attributes->>'deviceId' = $3)", [selector.device]];
  if ("email" in selector) return ["source = $3 AND attributes->>'email' = $4", [selector.source, selector.email]];
  return ["source = $3 AND provider_session = $4", [selector.source, selector.providerSession]];
}

function time(milliseconds: number): string {
  return new Date(milliseconds).toISOString();
}

function sessionOf(row: Row): Session {
  return {
    id: row.id,
    userId: row.user_id,
    source: row.source,
    providerSession: row.provider_session,
    attributes: row.attributes,
    parents: row.parents,
    assurance: row.assurance,
    establishedAt: row.established_at.getTime(),
    authenticatedAt: row.authenticated_at.getTime(),
    seenAt: row.seen_at.getTime(),
    expiresAt: row.expires_at.getTime(),
    client: row.client,
    certificate: row.certificate,
    device: row.device,
    endedAt: row.ended_at?.getTime() ?? null,
    endReason: row.end_reason,
  };
}
