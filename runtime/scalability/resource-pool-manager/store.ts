import type { Database, Queryable } from "../../kernel/store/database";
import type { Decision } from "./decision";
import { leaseIdOf } from "./ids";
import type { Lease, PoolDefinition } from "./lease";
import { MIGRATIONS } from "./migrations";
import { definitionFrom, LEASE_COLUMNS, leaseFrom, type LeaseRow, type PoolRow, timeOf } from "./rows";

const PRUNE_ROWS = 1000;
/** One process at a time defines pools; the number is arbitrary and constant ("rpm1"). */
const DEFINITIONS_LOCK = 0x72706d31;

/** A pool and how it stands. */
export interface PoolState {
  definition: PoolDefinition;
  /** Slots, with those that the pool no longer has. */
  leased: number;
  leases: number;
  /** Slots of the pool that nobody has. */
  free: number;
  waiting: number;
  exhaustedSince: number | null;
}

/** Pools' definitions, and what is read without a turn (turn-store.ts). */
export class PoolStore {
  constructor(private readonly database: Database) {}

  migrate(): Promise<void> {
    return this.database.migrate("resource-pool-manager", MIGRATIONS);
  }

  /** The pool as this makes it. `limit` is how many pools there may be; undefined where one more would be too many. */
  async put(
    definition: PoolDefinition,
    limit: number,
    now: number,
  ): Promise<{ state: PoolState; isNew: boolean } | undefined> {
    const { name, kind, slots, leaseSeconds, leakAfterSeconds } = definition;
    const values = [name, kind, JSON.stringify(slots), leaseSeconds, leakAfterSeconds];
    return this.database.transaction(async (tx) => {
      // Of two that make the last pool there may be, the later one must find it, and not that there are too many.
      await tx.query(`SELECT pg_advisory_xact_lock($1)`, [DEFINITIONS_LOCK]);
      const updated = await tx.query(
        `UPDATE rpm_pools SET kind = $2, slots = $3::jsonb, lease_seconds = $4, leak_after_seconds = $5 WHERE name = $1
         RETURNING name`,
        values,
      );
      const isNew = updated.length === 0;
      if (isNew) {
        const inserted = await tx.query(
          `INSERT INTO rpm_pools (name, kind, slots, lease_seconds, leak_after_seconds, fence)
           SELECT $1, $2, $3::jsonb, $4, $5, coalesce((SELECT fence FROM rpm_fences WHERE pool = $1), 0)
           WHERE (SELECT count(*) FROM rpm_pools) < $6
           RETURNING name`,
          [...values, limit],
        );
        if (inserted.length === 0) return undefined;
      }
      // Read here: after the commit another definition may already hold.
      const [state] = await this.pools(now, name, tx);
      return { state: state!, isNew };
    });
  }

  /** Forgets the pool; "in-use" where it has leases. */
  remove(name: string): Promise<"removed" | "in-use" | "missing"> {
    return this.database.transaction(async (tx) => {
      const locked = await tx.query(`SELECT name FROM rpm_pools WHERE name = $1 FOR UPDATE`, [name]);
      if (locked.length === 0) return "missing";
      const held = await tx.query(`SELECT slot FROM rpm_holdings WHERE pool = $1 LIMIT 1`, [name]);
      if (held.length > 0) return "in-use";
      await tx.query(`DELETE FROM rpm_tickets WHERE pool = $1`, [name]);
      await tx.query(
        `WITH gone AS (DELETE FROM rpm_pools WHERE name = $1 RETURNING name, fence)
         INSERT INTO rpm_fences SELECT * FROM gone ON CONFLICT (pool) DO UPDATE SET fence = excluded.fence`,
        [name],
      );
      return "removed";
    });
  }

  /** By name; only that one where `name` is given. */
  async pools(now: number, name?: string, on: Queryable = this.database): Promise<PoolState[]> {
    const rows = await on.query<PoolRow & { leased: number; leases: number; used: number; waiting: number }>(
      `SELECT p.*, (SELECT count(*) FROM rpm_holdings h WHERE h.pool = p.name) AS leased,
         (SELECT count(DISTINCT lease_id) FROM rpm_holdings h WHERE h.pool = p.name) AS leases,
         (SELECT count(*) FROM jsonb_array_elements_text(p.slots) s (slot) JOIN rpm_holdings h ON h.slot = s.slot
          WHERE h.pool = p.name) AS used,
         (SELECT count(*) FROM rpm_tickets t WHERE t.pool = p.name AND t.present_until > $1) AS waiting
       FROM rpm_pools p WHERE $2::text IS NULL OR p.name = $2 ORDER BY p.name`,
      [timeOf(now), name ?? null],
    );
    return rows.map((row) => ({
      definition: definitionFrom(row),
      leased: row.leased,
      leases: row.leases,
      free: row.slots.length - row.used,
      waiting: row.waiting,
      exhaustedSince: row.exhausted_since?.getTime() ?? null,
    }));
  }

  async lease(id: string): Promise<Lease | undefined> {
    const [row] = await this.database.query<LeaseRow>(`SELECT ${LEASE_COLUMNS} FROM rpm_leases WHERE id = $1`, [id]);
    return row && leaseFrom(row);
  }

  /** Active leases, oldest first, from after `cursor`. */
  async leases(pool: string, limit: number, cursor = ""): Promise<Lease[]> {
    const rows = await this.database.query<LeaseRow>(
      `SELECT ${LEASE_COLUMNS} FROM rpm_leases WHERE pool = $1 AND ended_at IS NULL AND id > $2 ORDER BY id LIMIT $3`,
      [pool, cursor, limit],
    );
    return rows.map(leaseFrom);
  }

  /** Leases that expired, newest first, and active ones granted before `grantedBefore` (null: none), oldest first. */
  async suspects(
    pool: string,
    grantedBefore: number | null,
    limit: number,
  ): Promise<{ expired: Lease[]; held: Lease[] }> {
    const expired = await this.database.query<LeaseRow>(
      `SELECT ${LEASE_COLUMNS} FROM rpm_leases WHERE pool = $1 AND end_reason = 'expired' ORDER BY id DESC LIMIT $2`,
      [pool, limit],
    );
    if (grantedBefore === null) return { expired: expired.map(leaseFrom), held: [] };
    const held = await this.database.query<LeaseRow>(
      `SELECT ${LEASE_COLUMNS} FROM rpm_leases WHERE pool = $1 AND ended_at IS NULL AND granted_at < $2 ORDER BY id LIMIT $3`,
      [pool, timeOf(grantedBefore), limit],
    );
    return { expired: expired.map(leaseFrom), held: held.map(leaseFrom) };
  }

  /** Pools with leases that are over, or places in the queue that are lost. */
  async due(now: number): Promise<string[]> {
    const rows = await this.database.query<{ pool: string }>(
      `SELECT pool FROM rpm_leases WHERE ended_at IS NULL AND expires_at <= $1
       UNION SELECT pool FROM rpm_tickets WHERE kept_until <= $1`,
      [timeOf(now)],
    );
    return rows.map(({ pool }) => pool);
  }

  async decision(id: string): Promise<Decision | undefined> {
    const [row] = await this.database.query<{ decision: Decision }>(
      `SELECT decision FROM rpm_leases WHERE id = $1 UNION ALL SELECT decision FROM rpm_refusals WHERE id = $2`,
      [leaseIdOf(id), id],
    );
    return row?.decision;
  }

  /** Grants and refusals, newest first. */
  async decisions(limit: number): Promise<Decision[]> {
    const rows = await this.database.query<{ decision: Decision }>(
      `(SELECT decision, id FROM rpm_leases ORDER BY id DESC LIMIT $1)
       UNION ALL (SELECT decision, id FROM rpm_refusals ORDER BY id DESC LIMIT $1)`,
      [limit],
    );
    const newest = rows.map(({ decision }) => decision).sort((a, b) => (leaseIdOf(a.id) < leaseIdOf(b.id) ? 1 : -1));
    return newest.slice(0, limit);
  }

  /** Forgets leases that ended, and refusals, before `before`. */
  async prune(before: number): Promise<void> {
    for (const [table, column] of [
      ["rpm_leases", "ended_at"],
      ["rpm_refusals", "decided_at"],
    ] as const) {
      for (let pruned = PRUNE_ROWS; pruned === PRUNE_ROWS;) {
        const rows = await this.database.query(
          `DELETE FROM ${table} WHERE id IN (SELECT id FROM ${table} WHERE ${column} < $1 ORDER BY id LIMIT ${PRUNE_ROWS})
           RETURNING id`,
          [timeOf(before)],
        );
        pruned = rows.length;
      }
    }
  }
}
