import type { Database, Queryable } from "../../kernel/store/database";
import type { Allocation, ReleaseReason } from "./allocation";
import type { Decision } from "./decision";
import { type DecisionRow, packDecision, unpackDecision } from "./decision-row";
import { allocationIdOf, decisionIdOf, earliestAllocationId } from "./ids";
import { MIGRATIONS } from "./migrations";
import type { StrategyName } from "./demand";

/** A grant as it is written: allocation, decision and key in one row. */
export interface Grant {
  allocation: Allocation;
  decision: Decision;
  key?: IdempotencyKey;
}

export interface IdempotencyKey {
  value: string;
  /** Of the request that came with it; another request under the same key is refused. */
  requestHash: string;
}

/** One process at a time changes allocations; the number is arbitrary and constant ("erm1"). */
const LEDGER_LOCK = 0x65726d31;

const COLUMNS = `id, tenant, workload, cpu_milli, memory_bytes, gpu_milli, custom, nodes, devices, strategy, priority, preemptible, gang, reserved_from, created_at, expires_at, released_at, release_reason`;

interface Row {
  id: string;
  tenant: string;
  workload: string | null;
  cpu_milli: number;
  memory_bytes: number;
  gpu_milli: number;
  custom: Record<string, number> | null;
  nodes: string[];
  devices: number[][] | null;
  strategy: StrategyName;
  priority: number | null;
  preemptible: boolean;
  gang: string | null;
  reserved_from: Date | null;
  created_at: Date;
  expires_at: Date | null;
  released_at: Date | null;
  release_reason: ReleaseReason | null;
}

const PRUNE_ROWS = 1000;

/** The allocations' table. What changes it runs inside the ledger's transaction and takes that transaction. */
export class AllocationStore {
  constructor(private readonly database: Database) {}

  migrate(): Promise<void> {
    return this.database.migrate("elastic-resource-manager", MIGRATIONS);
  }

  /** Waits until no other process changes allocations, until `tx` ends, and draws the batch's version. */
  async begin(tx: Queryable): Promise<number> {
    // In one statement, yet in this order. What the next statements read includes what the lock waited for (READ COMMITTED).
    const [row] = await tx.query<{ version: number }>(
      `WITH locked AS MATERIALIZED (SELECT pg_advisory_xact_lock($1))
       SELECT nextval('erm_version') AS version FROM locked`,
      [LEDGER_LOCK],
    );
    return (row as { version: number }).version;
  }

  /** Every active allocation. */
  async active(tx: Queryable): Promise<Allocation[]> {
    return (await tx.query<Row>(`SELECT ${COLUMNS} FROM erm_allocations WHERE released_at IS NULL`)).map(
      allocationFrom,
    );
  }

  /** What was granted, renewed or released after `version`, as it is now. */
  async changedSince(tx: Queryable, version: number): Promise<Allocation[]> {
    return (await tx.query<Row>(`SELECT ${COLUMNS} FROM erm_allocations WHERE version > $1`, [version])).map(
      allocationFrom,
    );
  }

  async insert(tx: Queryable, version: number, grants: readonly Grant[]): Promise<void> {
    const rows = grants.map(({ allocation, decision, key }) => ({
      id: allocation.id,
      tenant: allocation.tenant,
      workload: allocation.workload,
      cpu_milli: allocation.amount.cpuMilli,
      memory_bytes: allocation.amount.memoryBytes,
      gpu_milli: allocation.amount.gpuMilli ?? 0,
      custom: allocation.amount.custom,
      nodes: allocation.nodes,
      devices: allocation.devices,
      strategy: allocation.strategy,
      priority: allocation.priority,
      preemptible: allocation.preemptible ?? false,
      gang: allocation.gangId,
      reserved_from: timeOf(allocation.reservedFrom ?? null),
      created_at: timeOf(allocation.createdAt),
      expires_at: timeOf(allocation.expiresAt),
      idempotency_key: key?.value,
      request_hash: key?.requestHash,
      decision: packDecision(decision),
    }));
    await tx.query(
      `INSERT INTO erm_allocations (version, id, tenant, workload, cpu_milli, memory_bytes, gpu_milli, custom, nodes,
         devices, strategy, priority, preemptible, gang, reserved_from, created_at, expires_at, idempotency_key, request_hash, decision)
       SELECT $1::bigint, r.* FROM jsonb_to_recordset($2::jsonb) AS r(id text, tenant text, workload text,
         cpu_milli bigint, memory_bytes bigint, gpu_milli bigint, custom jsonb, nodes jsonb, devices jsonb, strategy text,
         priority integer, preemptible boolean, gang text, reserved_from timestamptz, created_at timestamptz,
         expires_at timestamptz, idempotency_key text, request_hash text, decision jsonb)`,
      [version, JSON.stringify(rows)],
    );
  }

  async release(
    tx: Queryable,
    version: number,
    now: number,
    releases: readonly { id: string; reason: ReleaseReason }[],
  ): Promise<void> {
    await tx.query(
      `UPDATE erm_allocations AS a SET released_at = $2, release_reason = r.reason, version = $1
       FROM jsonb_to_recordset($3::jsonb) AS r(id text, reason text) WHERE a.id = r.id AND a.released_at IS NULL`,
      [version, timeOf(now), JSON.stringify(releases)],
    );
  }

  async renew(
    tx: Queryable,
    version: number,
    renewals: readonly { id: string; expiresAt: number | null }[],
  ): Promise<void> {
    const rows = renewals.map(({ id, expiresAt }) => ({ id, expires_at: timeOf(expiresAt) }));
    await tx.query(
      `UPDATE erm_allocations AS a SET expires_at = r.expires_at, version = $1
       FROM jsonb_to_recordset($2::jsonb) AS r(id text, expires_at timestamptz) WHERE a.id = r.id`,
      [version, JSON.stringify(rows)],
    );
  }

  /** What is left of reservations that were drawn from. */
  async shrink(tx: Queryable, version: number, left: readonly Allocation[]): Promise<void> {
    await tx.query(
      `UPDATE erm_allocations AS a SET nodes = r.nodes, devices = r.devices, version = $1
       FROM jsonb_to_recordset($2::jsonb) AS r(id text, nodes jsonb, devices jsonb) WHERE a.id = r.id`,
      [version, JSON.stringify(left.map(({ id, nodes, devices }) => ({ id, nodes, devices })))],
    );
  }

  /** What was granted under these keys before, by key. */
  async granted(
    tx: Queryable,
    keys: readonly string[],
  ): Promise<Map<string, { allocation: Allocation; requestHash: string }>> {
    const rows = await tx.query<Row & { idempotency_key: string; request_hash: string }>(
      `SELECT ${COLUMNS}, idempotency_key, request_hash FROM erm_allocations WHERE idempotency_key = ANY($1::text[])`,
      [keys],
    );
    return new Map(
      rows.map((row) => [row.idempotency_key, { allocation: allocationFrom(row), requestHash: row.request_hash }]),
    );
  }

  /** Its members, active or released, in the order they were asked for. */
  async gang(id: string): Promise<Allocation[]> {
    const rows = await this.database.query<Row>(`SELECT ${COLUMNS} FROM erm_allocations WHERE gang = $1 ORDER BY id`, [
      id,
    ]);
    return rows.map(allocationFrom);
  }

  /** Active or released, as long as it is kept. */
  async find(ids: readonly string[], on: Queryable = this.database): Promise<Allocation[]> {
    const rows = await on.query<Row>(`SELECT ${COLUMNS} FROM erm_allocations WHERE id = ANY($1::text[])`, [ids]);
    return rows.map(allocationFrom);
  }

  /** Active allocations in the order of their ids, from after `cursor`. */
  async list(filter: { tenant?: string; workload?: string; cursor?: string; limit: number }): Promise<Allocation[]> {
    const rows = await this.database.query<Row>(
      `SELECT ${COLUMNS} FROM erm_allocations WHERE released_at IS NULL AND id > $1
         AND ($2::text IS NULL OR tenant = $2) AND ($3::text IS NULL OR workload = $3) ORDER BY id LIMIT $4`,
      [filter.cursor ?? "", filter.tenant ?? null, filter.workload ?? null, filter.limit],
    );
    return rows.map(allocationFrom);
  }

  async decision(id: string): Promise<Decision | undefined> {
    const [row] = await this.database.query<Row & { decision: DecisionRow }>(
      `SELECT ${COLUMNS}, decision FROM erm_allocations WHERE id = $1`,
      [allocationIdOf(id)],
    );
    return row && unpackDecision(allocationFrom(row), row.decision);
  }

  /** The latest grants, newest first. */
  async decisions(limit: number): Promise<Decision[]> {
    const rows = await this.database.query<Row & { decision: DecisionRow }>(
      `SELECT ${COLUMNS}, decision FROM erm_allocations ORDER BY id DESC LIMIT $1`,
      [limit],
    );
    return rows.map((row) => unpackDecision(allocationFrom(row), row.decision));
  }

  /** Forgets what was released before `releasedBefore` (milliseconds), keys and decisions included; returns how many. */
  async prune(releasedBefore: number): Promise<number> {
    let pruned = 0;
    for (;;) {
      const rows = await this.database.query(
        `DELETE FROM erm_allocations WHERE id IN (SELECT id FROM erm_allocations
           WHERE id < $1 AND released_at < $2 ORDER BY id LIMIT ${PRUNE_ROWS}) RETURNING id`,
        [earliestAllocationId(releasedBefore), timeOf(releasedBefore)],
      );
      pruned += rows.length;
      if (rows.length < PRUNE_ROWS) return pruned;
    }
  }
}

function timeOf(milliseconds: number): string;
function timeOf(milliseconds: number | null): string | null;
function timeOf(milliseconds: number | null): string | null {
  return milliseconds === null ? null : new Date(milliseconds).toISOString();
}

function allocationFrom(row: Row): Allocation {
  return {
    id: row.id,
    decisionId: decisionIdOf(row.id),
    tenant: row.tenant,
    workload: row.workload,
    amount: {
      cpuMilli: row.cpu_milli,
      memoryBytes: row.memory_bytes,
      ...(row.gpu_milli > 0 && { gpuMilli: row.gpu_milli }),
      ...(row.custom && { custom: row.custom }),
    },
    nodes: row.nodes,
    ...(row.devices && { devices: row.devices }),
    strategy: row.strategy,
    ...(row.priority !== null && { priority: row.priority }),
    ...(row.preemptible && { preemptible: true }),
    ...(row.gang !== null && { gangId: row.gang }),
    ...(row.reserved_from !== null && { reservedFrom: row.reserved_from.getTime() }),
    createdAt: row.created_at.getTime(),
    expiresAt: row.expires_at?.getTime() ?? null,
    releasedAt: row.released_at?.getTime() ?? null,
    releaseReason: row.release_reason,
  };
}
