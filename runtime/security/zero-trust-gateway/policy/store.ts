import { MnoError } from "../../../exports";
import type { Database, Queryable } from "../../../kernel/store/database";
import type { EntityRecord, EntityRef } from "../contracts";
import { type Bundle, EMPTY_BUNDLE } from "./bundle";
import { MIGRATIONS } from "./migrations";

export interface StoredVersion {
  /** 0 before the first change. */
  readonly number: number;
  readonly bundle: Bundle;
}

export interface VersionRow {
  readonly number: number;
  readonly createdAt: string;
  readonly reason: string;
  /** Of the stored bundle: SHA-256, hexadecimal, the first 16 digits. */
  readonly digest: string;
}

/** One process at a time changes policies or entities; the number is arbitrary and constant ("ztg1"). */
const LOCK = 0x7a746731;
const VERSIONS_KEPT = 200;

/** Policies and entities in the database. */
export class PolicyStore {
  constructor(private readonly database: Database) {}

  migrate(): Promise<void> {
    return this.database.migrate("zero-trust-gateway-policy", MIGRATIONS);
  }

  /** Runs `work` while no other process changes policies or entities. */
  exclusively<T>(work: (tx: Queryable) => Promise<T>): Promise<T> {
    return this.database.transaction(async (tx) => {
      await tx.query("SELECT pg_advisory_xact_lock($1)", [LOCK]);
      return work(tx);
    });
  }

  /** Numbers that change when something does: of the version in use and of the entities. */
  async marks(on: Queryable = this.database): Promise<{ version: number; revision: number }> {
    const [row] = await on.query<{ version: number; revision: number }>(
      `SELECT (SELECT coalesce(max(number), 0) FROM ztg_policy_versions) AS version,
              (SELECT revision FROM ztg_policy_entity_revision) AS revision`,
    );
    return row as { version: number; revision: number };
  }

  async current(on: Queryable = this.database): Promise<StoredVersion> {
    const [row] = await on.query<{ number: number; bundle: Bundle }>(
      "SELECT number, bundle FROM ztg_policy_versions ORDER BY number DESC LIMIT 1",
    );
    return row ?? { number: 0, bundle: EMPTY_BUNDLE };
  }

  /** Errors: MNO_POLICY_NOT_FOUND. */
  async bundleOf(number: number, on: Queryable): Promise<Bundle> {
    if (number === 0) return EMPTY_BUNDLE;
    const [row] = await on.query<{ bundle: Bundle }>("SELECT bundle FROM ztg_policy_versions WHERE number = $1", [
      number,
    ]);
    if (!row) throw new MnoError("MNO_POLICY_NOT_FOUND", `There is no version ${number}, or it is no longer kept`);
    return row.bundle;
  }

  /** Makes a bundle the version in use, and forgets the oldest beyond those that are kept. */
  async add(tx: Queryable, bundle: Bundle, digest: string, reason: string): Promise<number> {
    const [row] = await tx.query<{ number: number }>(
      "INSERT INTO ztg_policy_versions (reason, digest, bundle) VALUES ($1, $2, $3::jsonb) RETURNING number",
      [reason, digest, JSON.stringify(bundle)],
    );
    const { number } = row as { number: number };
    await tx.query("DELETE FROM ztg_policy_versions WHERE number <= $1", [number - VERSIONS_KEPT]);
    return number;
  }

  /** Newest first. */
  async versions(): Promise<VersionRow[]> {
    const rows = await this.database.query<{ number: number; created_at: Date; reason: string; digest: string }>(
      "SELECT number, created_at, reason, digest FROM ztg_policy_versions ORDER BY number DESC",
    );
    return rows.map(({ created_at, ...row }) => ({ ...row, createdAt: created_at.toISOString() }));
  }

  async entities(on: Queryable = this.database): Promise<EntityRecord[]> {
    const rows = await on.query<{ record: EntityRecord }>("SELECT record FROM ztg_policy_entities ORDER BY type, id");
    return rows.map(({ record }) => record);
  }

  /** Puts some entities in the place of those of their names, after removing some, or `"all"`. */
  async change(tx: Queryable, put: readonly EntityRecord[], remove: readonly EntityRef[] | "all"): Promise<number> {
    if (remove === "all") await tx.query("DELETE FROM ztg_policy_entities");
    else
      await tx.query(
        `DELETE FROM ztg_policy_entities AS e USING jsonb_to_recordset($1::jsonb) AS r(type text, id text)
         WHERE e.type = r.type AND e.id = r.id`,
        [JSON.stringify(remove)],
      );
    await tx.query(
      `INSERT INTO ztg_policy_entities (type, id, record)
       SELECT r->>'type', r->>'id', r FROM jsonb_array_elements($1::jsonb) AS r
       ON CONFLICT (type, id) DO UPDATE SET record = excluded.record`,
      [JSON.stringify(put)],
    );
    const [row] = await tx.query<{ revision: number }>(
      "UPDATE ztg_policy_entity_revision SET revision = revision + 1 RETURNING revision",
    );
    return (row as { revision: number }).revision;
  }
}
