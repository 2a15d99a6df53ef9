import type { Database } from "../../kernel/store/database";
import type { AuditRecord } from "./audit-log";

/** A signed batch: the statement's text is what was signed. */
export interface BatchRow {
  number: number;
  firstSequence: number;
  size: number;
  statement: string;
  signature: Uint8Array;
  keyId: string;
  keyVersion: number;
}

const BATCH_COLUMNS = `number, first_sequence AS "firstSequence", size, statement, signature, key_id AS "keyId",
  key_version AS "keyVersion"`;

/** Audit records, as the exact text that is hashed, and their batches. */
export class AuditStore {
  constructor(private readonly database: Database) {}

  /** Numbers the records without a gap and keeps them. */
  append(records: readonly Omit<AuditRecord, "sequence">[]): Promise<void> {
    return this.database.transaction(async (tx) => {
      const sql = `UPDATE qc_audit_head SET records = records + $1 WHERE id = 1 RETURNING records`;
      const [head] = await tx.query<{ records: number }>(sql, [records.length]);
      const first = head!.records - records.length + 1;
      const rows = records.map((record, index) => {
        const numbered = { ...record, sequence: first + index };
        return { sequence: numbered.sequence, id: record.id, key_id: record.keyId, record: canonical(numbered) };
      });
      await tx.query(
        `INSERT INTO qc_audit_records
         SELECT * FROM jsonb_to_recordset($1::jsonb) AS r (sequence bigint, id text, key_id text, record text)`,
        [JSON.stringify(rows)],
      );
    });
  }

  /** How many records there are, and how many of them are in batches. */
  async head(): Promise<{ records: number; batched: number }> {
    const sql = `SELECT records, batched FROM qc_audit_head WHERE id = 1`;
    return (await this.database.query<{ records: number; batched: number }>(sql))[0]!;
  }

  /** False where its first record is in a batch already. */
  addBatch({ number, firstSequence, size, statement, signature, keyId, keyVersion }: BatchRow): Promise<boolean> {
    return this.database.transaction(async (tx) => {
      const sql = `UPDATE qc_audit_head SET batched = $1 WHERE id = 1 AND batched = $2 RETURNING batched`;
      if ((await tx.query(sql, [firstSequence + size - 1, firstSequence - 1])).length === 0) return false;
      await tx.query(`INSERT INTO qc_audit_batches VALUES ($1, $2, $3, $4, $5, $6, $7)`, [
        number,
        firstSequence,
        size,
        statement,
        signature,
        keyId,
        keyVersion,
      ]);
      return true;
    });
  }

  async lastBatch(): Promise<BatchRow | undefined> {
    return (
      await this.database.query<BatchRow>(`SELECT ${BATCH_COLUMNS} FROM qc_audit_batches ORDER BY number DESC LIMIT 1`)
    )[0];
  }

  async batch(number: number): Promise<BatchRow | undefined> {
    return (
      await this.database.query<BatchRow>(`SELECT ${BATCH_COLUMNS} FROM qc_audit_batches WHERE number = $1`, [number])
    )[0];
  }

  /** From after the batch with this number, in order. */
  batches(after: number, limit: number): Promise<BatchRow[]> {
    const sql = `SELECT ${BATCH_COLUMNS} FROM qc_audit_batches WHERE number > $1 ORDER BY number LIMIT $2`;
    return this.database.query<BatchRow>(sql, [after, limit]);
  }

  async batchOf(sequence: number): Promise<BatchRow | undefined> {
    const sql = `SELECT ${BATCH_COLUMNS} FROM qc_audit_batches WHERE first_sequence <= $1 ORDER BY number DESC LIMIT 1`;
    const [batch] = await this.database.query<BatchRow>(sql, [sequence]);
    return batch !== undefined && sequence < batch.firstSequence + batch.size ? batch : undefined;
  }

  /** The texts of the records with these numbers, in order. */
  texts(first: number, size: number): Promise<{ sequence: number; record: string }[]> {
    const sql = `SELECT sequence, record FROM qc_audit_records WHERE sequence >= $1 AND sequence < $2 ORDER BY sequence`;
    return this.database.query(sql, [first, first + size]);
  }

  async find(id: string): Promise<{ sequence: number; record: string } | undefined> {
    const sql = `SELECT sequence, record FROM qc_audit_records WHERE id = $1`;
    return (await this.database.query<{ sequence: number; record: string }>(sql, [id]))[0];
  }

  /** Newest first, of one key where `keyId` is given, from before `before`. */
  async list(limit: number, keyId: string | null, before: number): Promise<AuditRecord[]> {
    const rows = await this.database.query<{ record: string }>(
      `SELECT record FROM qc_audit_records WHERE sequence < $1 AND ($2::text IS NULL OR key_id = $2)
       ORDER BY sequence DESC LIMIT $3`,
      [before, keyId, limit],
    );
    return rows.map(({ record }) => JSON.parse(record) as AuditRecord);
  }

  /** Forgets the records of a batch; its statement stays. */
  async pruneBatch({ firstSequence, size }: BatchRow): Promise<void> {
    await this.database.query(`DELETE FROM qc_audit_records WHERE sequence >= $1 AND sequence < $2`, [
      firstSequence,
      firstSequence + size,
    ]);
  }

  /** Number of the oldest record that is kept; null where there is none. */
  async oldest(): Promise<number | null> {
    return (
      await this.database.query<{ oldest: number | null }>(`SELECT min(sequence) AS oldest FROM qc_audit_records`)
    )[0]!.oldest;
  }
}

/** The text of a record: members in the order of their names, no white space (what of RFC 8785 matters for these values). */
export function canonical(value: object): string {
  return JSON.stringify(Object.fromEntries(Object.entries(value).sort(([left], [right]) => (left < right ? -1 : 1))));
}
