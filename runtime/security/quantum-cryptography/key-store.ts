import type { Database, Queryable } from "../../kernel/store/database";
import type { Grant, Key, KeyPurpose, KeyState, KeyVersion } from "./key";
import { MIGRATIONS } from "./migrations";

/** One process at a time makes keys, so that the limit holds; the number is arbitrary and constant ("qck1"). */
const CREATION_LOCK = 0x71636b31;

interface KeyRow {
  id: string;
  alias: string | null;
  purpose: KeyPurpose;
  state: KeyState;
  current_version: number;
  suite: string;
  rotation_days: number | null;
  grants: Grant[];
  created_at: number;
  rotated_at: number;
  destroy_at: number | null;
}
interface VersionRow {
  key_id: string;
  version: number;
  suite: string;
  public_key: Uint8Array | null;
  sealed: Uint8Array | null;
  created_at: number;
  destroyed_at: number | null;
}

/** Keys and their versions; private material as the vault sealed it. */
export class KeyStore {
  constructor(private readonly database: Database) {}

  migrate(): Promise<void> {
    return this.database.migrate("quantum-cryptography", MIGRATIONS);
  }

  transaction<T>(work: (tx: Queryable) => Promise<T>): Promise<T> {
    return this.database.transaction(work);
  }

  /** The wrapped master key: the one given where there is none yet. */
  async master(
    candidate: () => Promise<{ rootId: string; wrapped: Uint8Array }>,
  ): Promise<{ rootId: string; wrapped: Uint8Array }> {
    const read = async (): Promise<{ rootId: string; wrapped: Uint8Array } | undefined> => {
      const sql = `SELECT root_id AS "rootId", wrapped FROM qc_master WHERE id = 1`;
      return (await this.database.query<{ rootId: string; wrapped: Uint8Array }>(sql))[0];
    };
    const found = await read();
    if (found) return found;
    const { rootId, wrapped } = await candidate();
    await this.database.query(`INSERT INTO qc_master VALUES (1, $1, $2) ON CONFLICT DO NOTHING`, [rootId, wrapped]);
    return (await read())!;
  }

  /** "limit" where there are too many keys, "alias" where another has the alias. */
  async insert(tx: Queryable, key: Key, version: KeyVersion, limit: number): Promise<"inserted" | "limit" | "alias"> {
    await tx.query(`SELECT pg_advisory_xact_lock($1)`, [CREATION_LOCK]);
    const [count] = await tx.query<{ keys: number }>(`SELECT count(*) AS keys FROM qc_keys WHERE state <> 'destroyed'`);
    if (count!.keys >= limit) return "limit";
    if (key.alias !== null && (await this.find(key.alias, tx)) !== undefined) return "alias";
    await tx.query(`INSERT INTO qc_keys VALUES ($1, $2, $3, $4, $5, $6, $7, $8::jsonb, $9, $10, $11)`, valuesOf(key));
    await this.insertVersion(tx, version);
    return "inserted";
  }

  async insertVersion(
    tx: Queryable,
    { keyId, version, suite, publicKey, sealed, createdAt }: KeyVersion,
  ): Promise<void> {
    await tx.query(`INSERT INTO qc_key_versions VALUES ($1, $2, $3, $4, $5, $6, NULL)`, [
      keyId,
      version,
      suite,
      publicKey,
      sealed,
      createdAt,
    ]);
  }

  async update(tx: Queryable, key: Key): Promise<void> {
    await tx.query(
      `UPDATE qc_keys SET alias = $2, purpose = $3, state = $4, current_version = $5, suite = $6, rotation_days = $7,
         grants = $8::jsonb, created_at = $9, rotated_at = $10, destroy_at = $11 WHERE id = $1`,
      valuesOf(key),
    );
  }

  /** By id or alias, locked until the transaction ends. */
  async lock(tx: Queryable, idOrAlias: string): Promise<Key | undefined> {
    const [row] = await tx.query<KeyRow>(`SELECT * FROM qc_keys WHERE id = $1 OR alias = $1 FOR UPDATE`, [idOrAlias]);
    return row && keyFrom(row);
  }

  async find(idOrAlias: string, on: Queryable = this.database): Promise<Key | undefined> {
    const [row] = await on.query<KeyRow>(`SELECT * FROM qc_keys WHERE id = $1 OR alias = $1`, [idOrAlias]);
    return row && keyFrom(row);
  }

  async list(limit: number, cursor = ""): Promise<Key[]> {
    const rows = await this.database.query<KeyRow>(`SELECT * FROM qc_keys WHERE id > $1 ORDER BY id LIMIT $2`, [
      cursor,
      limit,
    ]);
    return rows.map(keyFrom);
  }

  async version(keyId: string, version: number): Promise<KeyVersion | undefined> {
    const sql = `SELECT * FROM qc_key_versions WHERE key_id = $1 AND version = $2`;
    const [row] = await this.database.query<VersionRow>(sql, [keyId, version]);
    return row && versionFrom(row);
  }

  async versions(keyId: string): Promise<KeyVersion[]> {
    const sql = `SELECT * FROM qc_key_versions WHERE key_id = $1 ORDER BY version`;
    return (await this.database.query<VersionRow>(sql, [keyId])).map(versionFrom);
  }

  /** Forgets private material: of one version, or of all. */
  async destroyVersions(tx: Queryable, keyId: string, now: number, version: number | null = null): Promise<void> {
    await tx.query(
      `UPDATE qc_key_versions SET sealed = NULL, destroyed_at = $2
       WHERE key_id = $1 AND destroyed_at IS NULL AND ($3::integer IS NULL OR version = $3)`,
      [keyId, now, version],
    );
  }

  /** Suites in use, with how many undestroyed versions and keys have each. */
  suites(): Promise<{ suite: string; purpose: KeyPurpose; current: number; versions: number }[]> {
    return this.database.query(
      `SELECT v.suite, k.purpose, count(*) FILTER (WHERE v.version = k.current_version) AS current, count(*) AS versions
       FROM qc_key_versions v JOIN qc_keys k ON k.id = v.key_id WHERE v.destroyed_at IS NULL
       GROUP BY v.suite, k.purpose ORDER BY v.suite, k.purpose`,
    );
  }
}

function valuesOf(key: Key): unknown[] {
  const { id, alias, purpose, state, currentVersion, suite, rotationDays, grants, createdAt, rotatedAt, destroyAt } =
    key;
  const grantsJson = JSON.stringify(grants);
  return [id, alias, purpose, state, currentVersion, suite, rotationDays, grantsJson, createdAt, rotatedAt, destroyAt];
}

function keyFrom(row: KeyRow): Key {
  return {
    id: row.id,
    alias: row.alias,
    purpose: row.purpose,
    state: row.state,
    currentVersion: row.current_version,
    suite: row.suite,
    rotationDays: row.rotation_days,
    grants: row.grants,
    createdAt: row.created_at,
    rotatedAt: row.rotated_at,
    destroyAt: row.destroy_at,
  };
}

function versionFrom(row: VersionRow): KeyVersion {
  return {
    keyId: row.key_id,
    version: row.version,
    suite: row.suite,
    publicKey: row.public_key,
    sealed: row.sealed,
    createdAt: row.created_at,
    destroyedAt: row.destroyed_at,
  };
}
