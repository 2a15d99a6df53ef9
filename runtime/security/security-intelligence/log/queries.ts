import type { Database } from "../../../kernel/store/database";
import { type Row, type Stored, storedOf } from "./log";

/** Which events; all that is given holds. Times in milliseconds, `to` exclusive. */
export interface EventFilter {
  readonly from?: number;
  readonly to?: number;
  readonly classUid?: number;
  readonly minSeverity?: number;
  readonly user?: string;
  readonly address?: string;
  readonly session?: string;
  /** Place in the log of the last one of the page before. */
  readonly cursor?: number;
  readonly limit: number;
}

const COLUMNS = "seq, uid, class_uid, time_ms, severity, user_id, address, session, record";

/** Newest in the log first. */
export async function findEvents(database: Database, filter: EventFilter): Promise<Stored[]> {
  const conditions: string[] = [];
  const parameters: unknown[] = [];
  const where = (condition: string, value: unknown): void => {
    if (value === undefined) return;
    parameters.push(value);
    conditions.push(condition.replace("?", `$${parameters.length}`));
  };
  where("time_ms >= ?", filter.from);
  where("time_ms < ?", filter.to);
  where("class_uid = ?", filter.classUid);
  where("severity >= ?", filter.minSeverity);
  where("user_id = ?", filter.user);
  where("address = ?", filter.address);
  where("session = ?", filter.session);
  where("seq < ?", filter.cursor);
  parameters.push(filter.limit);
  const rows = await database.query<Row>(
    `SELECT ${COLUMNS} FROM si_events ${conditions.length > 0 ? `WHERE ${conditions.join(" AND ")}` : ""}
     ORDER BY seq DESC LIMIT $${parameters.length}`,
    parameters,
  );
  return rows.map(storedOf);
}

export async function eventsByUid(database: Database, uids: readonly string[]): Promise<Stored[]> {
  const rows = await database.query<Row>(`SELECT ${COLUMNS} FROM si_events WHERE uid = ANY($1::text[]) ORDER BY seq`, [
    uids,
  ]);
  return rows.map(storedOf);
}
