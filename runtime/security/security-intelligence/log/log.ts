import { MerkleFrontier } from "../../../kernel/crypto/merkle";
import type { Clock } from "../../../kernel/clock";
import type { Database, Queryable } from "../../../kernel/store/database";
import { renamedOf } from "./identity";
import { type LogRecord, makeBlock, NO_BLOCK, packKinds, packLeaves } from "./block";

/** A record where it stands in the log. */
export interface Stored extends LogRecord {
  readonly seq: number;
}

export interface Appended {
  /** Records that were not there yet, in order. */
  readonly stored: readonly Stored[];
  /** What each of them was given as. */
  readonly sources: readonly LogRecord[];
  readonly duplicates: number;
}

/** What the next append goes on from. */
export interface Head {
  readonly nextSeq: number;
  readonly nextBlock: number;
  readonly hash: string;
  readonly frontier: MerkleFrontier;
}

interface HeadRow {
  next_seq: number;
  next_block: number;
  hash: string;
  frontier: string;
}

/**
 * The append-only log of events. One append is one transaction and one block; an event that is there already is left out, so that
 * sending twice is the same as sending once. Another event under the uid of one that is there gets a uid of its own: who can
 * choose an id (a client of Kubernetes its Audit-ID) cannot keep an event out by taking it first. Replicas take turns at the row
 * of the head.
 */
export class EventLog {
  constructor(
    private readonly database: Database,
    private readonly clock: Clock,
  ) {}

  async append(records: readonly LogRecord[]): Promise<Appended> {
    if (records.length === 0) return { stored: [], sources: [], duplicates: 0 };
    return this.database.transaction(async (tx) => {
      const head = await lockHead(tx);
      const texts = await textsOf(tx, [...new Set(records.map(({ uid }) => uid))]);
      const renamed = renamedOf(records, texts);
      const others = await textsOf(
        tx,
        [...renamed.values()].map(({ uid }) => uid),
      );
      const fresh = new Map<string, { record: LogRecord; source: LogRecord }>();
      for (const source of records) {
        const record = renamed.get(source) ?? source;
        if (texts.has(record.uid) || others.has(record.uid) || fresh.has(record.uid)) continue;
        fresh.set(record.uid, { record, source });
      }
      const taken = [...fresh.values()];
      const stored = taken.map(({ record }, index) => ({ ...record, seq: head.nextSeq + index }));
      if (stored.length > 0) await this.write(tx, head, stored);
      return {
        stored,
        sources: taken.map(({ source }) => source),
        duplicates: records.length - stored.length,
      };
    });
  }

  async head(on: Queryable = this.database): Promise<Head> {
    const [row] = await on.query<HeadRow>("SELECT next_seq, next_block, hash, frontier FROM si_head");
    return headOf(row);
  }

  /** Records from a place on, in order. */
  async read(from: number, limit: number): Promise<Stored[]> {
    const rows = await this.database.query<Row>(
      `SELECT seq, uid, class_uid, time_ms, severity, user_id, address, session, record
       FROM si_events WHERE seq >= $1 ORDER BY seq LIMIT $2`,
      [from, limit],
    );
    return rows.map(storedOf);
  }

  private async write(tx: Queryable, head: Head, stored: readonly Stored[]): Promise<void> {
    const createdAt = this.clock.now();
    const block = makeBlock({ number: head.nextBlock, firstSeq: head.nextSeq, createdAt, previous: head.hash }, stored);
    for (const leaf of block.leaves) head.frontier.append(leaf);
    const column = <T>(of: (record: Stored) => T): T[] => stored.map(of);
    await tx.query(
      `INSERT INTO si_events (seq, uid, class_uid, time_ms, severity, user_id, address, session, record)
       SELECT * FROM unnest($1::bigint[], $2::text[], $3::integer[], $4::bigint[], $5::smallint[], $6::text[],
         $7::text[], $8::text[], $9::text[])`,
      [
        column(({ seq }) => seq),
        column(({ uid }) => uid),
        column(({ classUid }) => classUid),
        column(({ time }) => time),
        column(({ severity }) => severity),
        column(({ user }) => user),
        column(({ address }) => address),
        column(({ session }) => session),
        column(({ text }) => text),
      ],
    );
    await tx.query(
      `INSERT INTO si_blocks (number, first_seq, count, created_ms, leaves, kinds, previous, hash)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
      [
        block.number,
        block.firstSeq,
        block.count,
        createdAt,
        packLeaves(block.leaves),
        packKinds(block.kinds),
        block.previous,
        block.hash,
      ],
    );
    await tx.query(`UPDATE si_head SET next_seq = $1, next_block = $2, hash = $3, frontier = $4`, [
      head.nextSeq + stored.length,
      head.nextBlock + 1,
      block.hash,
      frontierText(head.frontier),
    ]);
  }
}

/** Texts of the events with these uids that are there, by uid. */
async function textsOf(tx: Queryable, uids: readonly string[]): Promise<Map<string, string>> {
  if (uids.length === 0) return new Map();
  const rows = await tx.query<{ uid: string; record: string }>(
    "SELECT uid, record FROM si_events WHERE uid = ANY($1::text[])",
    [uids],
  );
  return new Map(rows.map(({ uid, record }) => [uid, record]));
}

export interface Row {
  seq: number;
  uid: string;
  class_uid: number;
  time_ms: number;
  severity: number;
  user_id: string | null;
  address: string | null;
  session: string | null;
  record: string;
}

export function storedOf(row: Row): Stored {
  return {
    seq: row.seq,
    uid: row.uid,
    classUid: row.class_uid,
    time: row.time_ms,
    severity: row.severity,
    user: row.user_id,
    address: row.address,
    session: row.session,
    text: row.record,
  };
}

async function lockHead(tx: Queryable): Promise<Head> {
  await tx.query(
    `INSERT INTO si_head (next_seq, next_block, hash, frontier) VALUES (0, 0, $1, $2) ON CONFLICT DO NOTHING`,
    [NO_BLOCK, frontierText(new MerkleFrontier())],
  );
  const [row] = await tx.query<HeadRow>("SELECT next_seq, next_block, hash, frontier FROM si_head FOR UPDATE");
  return headOf(row);
}

function headOf(row: HeadRow | undefined): Head {
  if (!row) return { nextSeq: 0, nextBlock: 0, hash: NO_BLOCK, frontier: new MerkleFrontier() };
  const { size, peaks } = JSON.parse(row.frontier) as { size: number; peaks: string[] };
  return {
    nextSeq: row.next_seq,
    nextBlock: row.next_block,
    hash: row.hash,
    frontier: new MerkleFrontier(
      size,
      peaks.map((peak) => Buffer.from(peak, "hex")),
    ),
  };
}

function frontierText(frontier: MerkleFrontier): string {
  return JSON.stringify({
    size: frontier.size,
    peaks: frontier.hashes.map((peak) => Buffer.from(peak).toString("hex")),
  });
}
