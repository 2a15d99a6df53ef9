import type { Database } from "../../runtime/kernel/store/database";
import { addCells, addSeries } from "../../runtime/sustainability/sustainability-reporter/cells";
import type { Cell, Presence } from "../../runtime/sustainability/sustainability-reporter/rollup";

const ROWS = 10_000;

/** Writes roll-ups as the engine's own statements write them, a part at a time. */
export async function loadCells(
  database: Database,
  table: "sr_hours" | "sr_days",
  cells: readonly Cell[],
): Promise<void> {
  await addSeries(database, cells);
  for (let at = 0; at < cells.length; at += ROWS) await addCells(database, table, cells.slice(at, at + ROWS));
}

export async function loadPresence(database: Database, presence: readonly Presence[]): Promise<void> {
  const rows = presence.map(({ hour, node, region, milliseconds, first, last }) => ({
    hour: new Date(hour).toISOString(),
    node,
    region,
    milliseconds,
    first_at: new Date(first).toISOString(),
    last_at: new Date(last).toISOString(),
  }));
  await database.query(
    `INSERT INTO sr_presence SELECT r.* FROM jsonb_to_recordset($1::jsonb) AS r(hour timestamptz, node text, region text,
       milliseconds bigint, first_at timestamptz, last_at timestamptz)`,
    [JSON.stringify(rows)],
  );
}
