import type { EndReason, Lease, PoolDefinition, Ticket } from "./lease";

/** Between the tables' rows and the engine's own forms. */

export const LEASE_COLUMNS = `id, pool, slots, holder, site, fencing_token, granted_at, expires_at, ended_at, end_reason`;

export interface PoolRow {
  name: string;
  kind: PoolDefinition["kind"];
  slots: string[];
  lease_seconds: number;
  leak_after_seconds: number | null;
  fence: number;
  exhausted_since: Date | null;
}

export interface LeaseRow {
  id: string;
  pool: string;
  slots: string[];
  holder: string;
  site: string | null;
  fencing_token: number;
  granted_at: Date;
  expires_at: Date;
  ended_at: Date | null;
  end_reason: EndReason | null;
}

export interface TicketRow {
  id: string;
  position: number;
  count: number;
  holder: string;
  key: string | null;
  request_hash: string | null;
  asked_at: Date;
  present_until: Date;
  kept_until: Date;
}

export function definitionFrom(row: PoolRow): PoolDefinition {
  return {
    name: row.name,
    slots: row.slots,
    kind: row.kind,
    leaseSeconds: row.lease_seconds,
    leakAfterSeconds: row.leak_after_seconds,
  };
}

export function leaseFrom(row: LeaseRow): Lease {
  return {
    id: row.id,
    pool: row.pool,
    slots: row.slots,
    holder: row.holder,
    site: row.site,
    fencingToken: row.fencing_token,
    grantedAt: row.granted_at.getTime(),
    expiresAt: row.expires_at.getTime(),
    endedAt: row.ended_at?.getTime() ?? null,
    endReason: row.end_reason,
  };
}

export function ticketFrom(row: TicketRow): Ticket {
  return {
    id: row.id,
    position: row.position,
    count: row.count,
    holder: row.holder,
    key: row.key,
    requestHash: row.request_hash,
    askedAt: row.asked_at.getTime(),
    presentUntil: row.present_until.getTime(),
    keptUntil: row.kept_until.getTime(),
  };
}

export const timeOf = (milliseconds: number): string => new Date(milliseconds).toISOString();
