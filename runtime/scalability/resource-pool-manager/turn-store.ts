import type { Queryable } from "../../kernel/store/database";
import type { Changes, Situation } from "./engine";
import type { EndReason } from "./lease";
import type { Operation } from "./operations";
import {
  definitionFrom,
  LEASE_COLUMNS,
  leaseFrom,
  type LeaseRow,
  type PoolRow,
  ticketFrom,
  type TicketRow,
  timeOf,
} from "./rows";

/** What one turn of a pool reads and writes, inside its transaction. */

/** Locks the pool until the transaction ends, and reads it; undefined where there is none. */
export async function load(
  tx: Queryable,
  name: string,
  operations: readonly Operation[],
): Promise<Situation | undefined> {
  const [pool] = await tx.query<PoolRow>(`SELECT * FROM rpm_pools WHERE name = $1 FOR UPDATE`, [name]);
  if (!pool) return undefined;
  const keys = operations.flatMap((operation) => (operation.kind === "acquire" ? (operation.key?.value ?? []) : []));
  const named = operations.flatMap((operation) =>
    "leaseId" in operation && operation.kind !== "acquire" ? operation.leaseId : [],
  );
  const rows = await tx.query<LeaseRow & { idempotency_key: string | null; request_hash: string | null }>(
    `SELECT ${LEASE_COLUMNS}, idempotency_key, request_hash FROM rpm_leases
     WHERE pool = $1 AND (ended_at IS NULL OR idempotency_key = ANY($2::text[]) OR id = ANY($3::text[]))`,
    [name, keys, named],
  );
  const tickets = await tx.query<TicketRow>(`SELECT * FROM rpm_tickets WHERE pool = $1 ORDER BY position`, [name]);
  const [last] = await tx.query<{ position: number }>(
    `SELECT coalesce(max(position), 0) AS position FROM rpm_tickets WHERE pool = $1`,
    [name],
  );
  const byKey: [string, { lease: ReturnType<typeof leaseFrom>; requestHash: string }][] = rows.flatMap((row) =>
    row.idempotency_key === null
      ? []
      : [[row.idempotency_key, { lease: leaseFrom(row), requestHash: row.request_hash ?? "" }]],
  );
  const over: [string, EndReason][] = rows.flatMap(({ id, end_reason }) => (end_reason ? [[id, end_reason]] : []));
  return {
    definition: definitionFrom(pool),
    fence: pool.fence,
    exhaustedSince: pool.exhausted_since?.getTime() ?? null,
    active: rows.filter(({ ended_at }) => ended_at === null).map(leaseFrom),
    tickets: tickets.map(ticketFrom),
    lastPosition: last?.position ?? 0,
    byKey: new Map(byKey),
    over: new Map(over),
  };
}

export async function apply(tx: Queryable, name: string, before: Situation, changes: Changes): Promise<void> {
  await endLeases(tx, changes);
  await renewLeases(tx, changes);
  await insertLeases(tx, changes);
  await writeTickets(tx, name, changes);
  if (changes.refused.length > 0) {
    await tx.query(
      `INSERT INTO rpm_refusals (id, decided_at, decision)
       SELECT d->>'id', (d->>'time')::timestamptz, d FROM jsonb_array_elements($1::jsonb) AS d`,
      [JSON.stringify(changes.refused)],
    );
  }
  if (changes.fence !== before.fence || changes.exhaustedSince !== before.exhaustedSince) {
    const since = changes.exhaustedSince === null ? null : timeOf(changes.exhaustedSince);
    await tx.query(`UPDATE rpm_pools SET fence = $2, exhausted_since = $3 WHERE name = $1`, [
      name,
      changes.fence,
      since,
    ]);
  }
}

async function endLeases(tx: Queryable, { ended }: Changes): Promise<void> {
  if (ended.length === 0) return;
  const rows = ended.map(({ lease, reason }) => ({ id: lease.id, ended_at: timeOf(lease.endedAt ?? 0), reason }));
  await tx.query(
    `WITH over AS (SELECT * FROM jsonb_to_recordset($1::jsonb) AS r(id text, ended_at timestamptz, reason text)),
          gone AS (DELETE FROM rpm_holdings USING over WHERE lease_id = over.id)
     UPDATE rpm_leases AS l SET ended_at = over.ended_at, end_reason = over.reason FROM over WHERE l.id = over.id`,
    [JSON.stringify(rows)],
  );
}

async function renewLeases(tx: Queryable, { renewed }: Changes): Promise<void> {
  if (renewed.length === 0) return;
  // A lease renewed twice in one turn: the later counts.
  const latest = new Map(renewed.map(({ id, expiresAt }) => [id, timeOf(expiresAt)]));
  await tx.query(
    `UPDATE rpm_leases AS l SET expires_at = r.expires_at
     FROM jsonb_to_recordset($1::jsonb) AS r(id text, expires_at timestamptz) WHERE l.id = r.id`,
    [JSON.stringify([...latest].map(([id, expires_at]) => ({ id, expires_at })))],
  );
}

async function insertLeases(tx: Queryable, { granted }: Changes): Promise<void> {
  if (granted.length === 0) return;
  const rows = granted.map(({ lease, decision, key }) => ({
    id: lease.id,
    pool: lease.pool,
    slots: lease.slots,
    holder: lease.holder,
    site: lease.site,
    fencing_token: lease.fencingToken,
    granted_at: timeOf(lease.grantedAt),
    expires_at: timeOf(lease.expiresAt),
    idempotency_key: key?.value,
    request_hash: key?.requestHash,
    decision,
  }));
  await tx.query(
    `WITH r AS (SELECT * FROM jsonb_to_recordset($1::jsonb) AS r(id text, pool text, slots jsonb, holder text, site text,
         fencing_token bigint, granted_at timestamptz, expires_at timestamptz, idempotency_key text, request_hash text,
         decision jsonb)),
       held AS (INSERT INTO rpm_holdings (pool, slot, lease_id)
         SELECT r.pool, slot, r.id FROM r, jsonb_array_elements_text(r.slots) AS slot)
     INSERT INTO rpm_leases (id, pool, slots, holder, site, fencing_token, granted_at, expires_at, idempotency_key,
       request_hash, decision) SELECT * FROM r`,
    [JSON.stringify(rows)],
  );
}

async function writeTickets(tx: Queryable, name: string, { ticketsDropped, ticketsKept }: Changes): Promise<void> {
  if (ticketsDropped.length > 0) await tx.query(`DELETE FROM rpm_tickets WHERE id = ANY($1::text[])`, [ticketsDropped]);
  if (ticketsKept.length === 0) return;
  const rows = ticketsKept.map((ticket) => ({
    id: ticket.id,
    pool: name,
    position: ticket.position,
    count: ticket.count,
    holder: ticket.holder,
    key: ticket.key,
    request_hash: ticket.requestHash,
    asked_at: timeOf(ticket.askedAt),
    present_until: timeOf(ticket.presentUntil),
    kept_until: timeOf(ticket.keptUntil),
  }));
  await tx.query(
    `INSERT INTO rpm_tickets SELECT * FROM jsonb_to_recordset($1::jsonb) AS r(id text, pool text, position bigint,
       count bigint, holder text, key text, request_hash text, asked_at timestamptz, present_until timestamptz,
       kept_until timestamptz)
     ON CONFLICT (id) DO UPDATE SET present_until = excluded.present_until, kept_until = excluded.kept_until`,
    [JSON.stringify(rows)],
  );
}
