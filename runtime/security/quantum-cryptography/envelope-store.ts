import { hash } from "node:crypto";
import { MnoError } from "../../exports";
import type { Database, Queryable } from "../../kernel/store/database";
import type { EncryptionContext } from "../../kernel/crypto/context";
import { WRAPPED_KEY_TAIL } from "../../kernel/crypto/wrapped-key";

/** A registered envelope: the wrapped data key as it is now, and its encryption context. */
export interface RegisteredEnvelope {
  id: string;
  keyId: string;
  version: number;
  wrappedKey: Uint8Array;
  context: EncryptionContext;
}

/** A wrapping in place of the one with `previousTail`. */
export interface Rewrapped {
  id: string;
  version: number;
  wrappedKey: Uint8Array;
  previous: Uint8Array;
}

export interface RewrapJob {
  keyId: string;
  targetVersion: number;
  /** Id of the last envelope that was looked at. */
  cursor: string;
  /** Envelopes of the key when it began. */
  total: number;
  done: number;
  /** That could not be opened, and stay as they are. */
  failed: number;
  startedAt: number;
  finishedAt: number | null;
}

const JOB_COLUMNS = `key_id AS "keyId", target_version AS "targetVersion", cursor, total, done, failed,
  started_at AS "startedAt", finished_at AS "finishedAt"`;

/** The registry of wrapped data keys, and how far each key's is wrapped anew. */
export class EnvelopeStore {
  constructor(private readonly database: Database) {}

  transaction<T>(work: (tx: Queryable) => Promise<T>): Promise<T> {
    return this.database.transaction(work);
  }

  /** Registers them, in one statement for each table; one with an older version than its key's is rewrapped soon. */
  async insert(envelopes: readonly RegisteredEnvelope[], now: number): Promise<void> {
    await this.database.transaction(async (tx) => {
      const ids = await encapsulationIds(tx, envelopes);
      const rows = envelopes.map(({ id, keyId, version, wrappedKey, context }) => {
        const { digest, tail } = split(wrappedKey);
        return { id, key_id: keyId, version, encapsulation: ids.get(digest), tail, context };
      });
      await tx.query(
        `INSERT INTO qc_envelopes SELECT id, key_id, version, encapsulation, decode(tail, 'base64'), context
         FROM jsonb_to_recordset($1::jsonb)
           AS e (id text, key_id text, version integer, encapsulation bigint, tail text, context jsonb)`,
        [JSON.stringify(rows)],
      );
      for (const keyId of new Set(envelopes.map((each) => each.keyId))) {
        const versions = envelopes.filter((each) => each.keyId === keyId).map(({ version }) => version);
        await this.settle(tx, keyId, [...new Set(versions)], now);
      }
    });
  }

  /** Under a lock that a destruction waits for. Errors: MNO_KEY_UNUSABLE where a version was destroyed meanwhile. */
  private async settle(tx: Queryable, keyId: string, versions: number[], now: number): Promise<void> {
    const sql = `SELECT current_version AS current FROM qc_keys WHERE id = $1 FOR SHARE`;
    const [key] = await tx.query<{ current: number }>(sql, [keyId]);
    const [there] = await tx.query<{ count: number }>(
      `SELECT count(*) AS count FROM qc_key_versions WHERE key_id = $1 AND sealed IS NOT NULL
         AND version IN (SELECT value::integer FROM jsonb_array_elements_text($2::jsonb))`,
      [keyId, JSON.stringify(versions)],
    );
    if (key === undefined || there!.count !== versions.length) {
      throw new MnoError("MNO_KEY_UNUSABLE", `A version of key ${keyId} that an envelope needs was destroyed`);
    }
    if (Math.min(...versions) < key.current) await this.startJob(tx, keyId, key.current, now);
  }

  async find(id: string): Promise<RegisteredEnvelope | undefined> {
    const [row] = await this.database.query<
      Omit<RegisteredEnvelope, "wrappedKey"> & { head: Uint8Array; tail: Uint8Array }
    >(
      `SELECT e.id, e.key_id AS "keyId", e.version, e.context, c.head, e.tail
       FROM qc_envelopes e JOIN qc_encapsulations c ON c.id = e.encapsulation WHERE e.id = $1`,
      [id],
    );
    if (row === undefined) return undefined;
    const { head, tail, ...rest } = row;
    return { ...rest, wrappedKey: Buffer.concat([head, tail]) };
  }

  async remove(id: string): Promise<boolean> {
    return (await this.database.query(`DELETE FROM qc_envelopes WHERE id = $1 RETURNING id`, [id])).length > 0;
  }

  /** The key's envelopes from after the cursor, in the order of their ids. */
  async page(keyId: string, cursor: string, limit: number): Promise<RegisteredEnvelope[]> {
    const rows = await this.database.query<{
      id: string;
      version: number;
      encapsulation: number;
      tail: Uint8Array;
      context: EncryptionContext;
    }>(
      `SELECT id, version, encapsulation, tail, context FROM qc_envelopes WHERE key_id = $1 AND id > $2 ORDER BY id LIMIT $3`,
      [keyId, cursor, limit],
    );
    const wanted = [...new Set(rows.map(({ encapsulation }) => encapsulation))];
    const heads = new Map(
      (
        await this.database.query<{ id: number; head: Uint8Array }>(
          `SELECT id, head FROM qc_encapsulations WHERE id IN (SELECT value::bigint FROM jsonb_array_elements_text($1::jsonb))`,
          [JSON.stringify(wanted)],
        )
      ).map(({ id, head }) => [id, head]),
    );
    return rows.map(({ encapsulation, tail, ...rest }) => ({
      ...rest,
      keyId,
      wrappedKey: Buffer.concat([heads.get(encapsulation)!, tail]),
    }));
  }

  /** Exchanges wrappings that are still those that were read; how many were. */
  async exchange(tx: Queryable, rewrapped: readonly Rewrapped[], keyId: string): Promise<number> {
    if (rewrapped.length === 0) return 0;
    const ids = await encapsulationIds(
      tx,
      rewrapped.map((each) => ({ ...each, keyId })),
    );
    const rows = rewrapped.map(({ id, version, wrappedKey, previous }) => {
      const { digest, tail } = split(wrappedKey);
      return { id, version, encapsulation: ids.get(digest), tail, previous: split(previous).tail };
    });
    const updated = await tx.query(
      `UPDATE qc_envelopes e SET version = u.version, encapsulation = u.encapsulation, tail = decode(u.tail, 'base64')
       FROM jsonb_to_recordset($1::jsonb) AS u (id text, version integer, encapsulation bigint, tail text, previous text)
       WHERE e.id = u.id AND e.tail = decode(u.previous, 'base64') RETURNING e.id`,
      [JSON.stringify(rows)],
    );
    return updated.length;
  }

  /** Envelopes that still use the version, or any before it. */
  async countUsing(keyId: string, version: number, on: Queryable = this.database): Promise<number> {
    const sql = `SELECT count(*) AS count FROM qc_envelopes WHERE key_id = $1 AND version = $2`;
    return (await on.query<{ count: number }>(sql, [keyId, version]))[0]!.count;
  }

  /** Registered envelopes by suite. */
  bySuite(): Promise<{ suite: string; envelopes: number }[]> {
    return this.database.query(
      `SELECT v.suite, sum(e.envelopes)::bigint AS envelopes
       FROM (SELECT key_id, version, count(*) AS envelopes FROM qc_envelopes GROUP BY key_id, version) e
       JOIN qc_key_versions v ON v.key_id = e.key_id AND v.version = e.version GROUP BY v.suite ORDER BY v.suite`,
    );
  }

  /** Begins anew to wrap all of the key's envelopes under the version. */
  async startJob(tx: Queryable, keyId: string, targetVersion: number, now: number): Promise<void> {
    await tx.query(
      `INSERT INTO qc_rewraps
       SELECT $1, $2, '', (SELECT count(*) FROM qc_envelopes WHERE key_id = $1 AND version < $2), 0, 0, $3, NULL
       ON CONFLICT (key_id) DO UPDATE SET target_version = excluded.target_version, cursor = '', total = excluded.total,
         done = 0, failed = 0, started_at = excluded.started_at, finished_at = NULL`,
      [keyId, targetVersion, now],
    );
  }

  async advanceJob(tx: Queryable, job: RewrapJob): Promise<void> {
    await tx.query(
      `UPDATE qc_rewraps SET cursor = $3, done = $4, failed = $5, finished_at = $6 WHERE key_id = $1 AND target_version = $2
         AND started_at = $7`,
      [job.keyId, job.targetVersion, job.cursor, job.done, job.failed, job.finishedAt, job.startedAt],
    );
  }

  async job(keyId: string): Promise<RewrapJob | undefined> {
    return (
      await this.database.query<RewrapJob>(`SELECT ${JOB_COLUMNS} FROM qc_rewraps WHERE key_id = $1`, [keyId])
    )[0];
  }

  jobs(limit: number): Promise<RewrapJob[]> {
    return this.database.query(`SELECT ${JOB_COLUMNS} FROM qc_rewraps ORDER BY started_at DESC LIMIT $1`, [limit]);
  }

  /** The oldest that can go on: a disabled key's waits until it is enabled. */
  async nextJob(): Promise<RewrapJob | undefined> {
    const sql = `SELECT ${JOB_COLUMNS} FROM qc_rewraps WHERE finished_at IS NULL
      AND key_id IN (SELECT id FROM qc_keys WHERE state IN ('enabled', 'destroyed')) ORDER BY started_at LIMIT 1`;
    return (await this.database.query<RewrapJob>(sql))[0];
  }

  /** Forgets the encapsulations of a version that no envelope uses, or of all versions. */
  async forgetEncapsulations(tx: Queryable, keyId: string, version: number | null): Promise<void> {
    const sql = `DELETE FROM qc_encapsulations WHERE key_id = $1 AND ($2::integer IS NULL OR version = $2)`;
    await tx.query(sql, [keyId, version]);
  }
}

/** A wrapped key's shared part, the digest that finds it, and the part of its own in base64. */
function split(wrappedKey: Uint8Array): { head: string; digest: string; tail: string } {
  const bytes = Buffer.from(wrappedKey.buffer, wrappedKey.byteOffset, wrappedKey.byteLength);
  const at = bytes.length - WRAPPED_KEY_TAIL;
  const head = bytes.subarray(0, at);
  return {
    head: head.toString("base64"),
    digest: hash("sha256", head, "hex"),
    tail: bytes.subarray(at).toString("base64"),
  };
}

/** Ids of the encapsulations by digest, made where they are new. */
async function encapsulationIds(
  tx: Queryable,
  envelopes: readonly Pick<RegisteredEnvelope, "keyId" | "version" | "wrappedKey">[],
): Promise<Map<string, number>> {
  const fresh = new Map(
    envelopes.map(({ keyId, version, wrappedKey }) => {
      const { head, digest } = split(wrappedKey);
      return [digest, { digest, key_id: keyId, version, head }];
    }),
  );
  const rows = JSON.stringify([...fresh.values()]);
  await tx.query(
    `INSERT INTO qc_encapsulations (digest, key_id, version, head)
     SELECT digest, key_id, version, decode(head, 'base64')
     FROM jsonb_to_recordset($1::jsonb) AS c (digest text, key_id text, version integer, head text) ON CONFLICT DO NOTHING`,
    [rows],
  );
  const found = await tx.query<{ id: number; digest: string }>(
    `SELECT id, digest FROM qc_encapsulations WHERE digest IN (SELECT value FROM jsonb_array_elements_text($1::jsonb))`,
    [JSON.stringify([...fresh.keys()])],
  );
  return new Map(found.map(({ id, digest }) => [digest, id]));
}
