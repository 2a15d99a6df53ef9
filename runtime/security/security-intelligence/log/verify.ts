import { leafHash, MerkleFrontier } from "../../../kernel/crypto/merkle";
import type { Database } from "../../../kernel/store/database";
import { type Block, blockHash, NO_BLOCK, unpackKinds, unpackLeaves } from "./block";
import { type Checkpoint, type CheckpointRow, checkpointOf, checkpointText } from "./checkpoint";
import { type Pruned, PRUNED_CLASS, prunedOf } from "./retention";
import type { Signer } from "./signer";

/** Something that is not as it was written. */
export interface LogFault {
  readonly kind: "altered" | "removed" | "added" | "block" | "checkpoint" | "truncated";
  /** Of the record, or of the first that may be concerned. */
  readonly seq: number;
  readonly uid: string | null;
  readonly what: string;
}

export interface Verification {
  readonly intact: boolean;
  readonly records: number;
  readonly blocks: number;
  readonly checkpoints: number;
  /** Records that are gone because their time was up, as the log itself says. */
  readonly pruned: number;
  /** The first MAX_FAULTS; `moreFaults` says how many there are beyond. */
  readonly faults: readonly LogFault[];
  readonly moreFaults: number;
}

interface BlockRow {
  number: number;
  first_seq: number;
  count: number;
  created_ms: number;
  leaves: string;
  kinds: string;
  previous: string;
  hash: string;
}

const BLOCKS_AT_ONCE = 20;
const MAX_FAULTS = 100;

/**
 * Reads the whole log again and compares: each record with its hash, each block with its own and the one before, all of it with
 * every signed checkpoint, and with one that somebody kept elsewhere, where given. Names what does not fit.
 */
export async function verifyLog(database: Database, signer: Signer, kept?: Checkpoint): Promise<Verification> {
  return new Verifier(database, signer).run(kept);
}

class Verifier {
  private readonly faults: LogFault[] = [];
  private moreFaults = 0;
  private readonly frontier = new MerkleFrontier();
  private readonly pruned: Pruned[] = [];
  /** Records that are not there: whether the log says why is known at its end only. */
  private readonly missing: { seq: number; classUid: number; time: number }[] = [];
  private records = 0;

  constructor(
    private readonly database: Database,
    private readonly signer: Signer,
  ) {}

  async run(kept?: Checkpoint): Promise<Verification> {
    const checkpoints = await this.checkpoints();
    const due = new Set([...checkpoints, ...(kept ? [kept] : [])].map(({ size }) => size));
    const expected = kept ? [...checkpoints, kept] : checkpoints;
    let [next, nextSeq, previous] = [0, 0, NO_BLOCK];
    for (;;) {
      const rows = await this.database.query<BlockRow>(
        `SELECT number, first_seq, count, created_ms, leaves, kinds, previous, hash FROM si_blocks
         WHERE number >= $1 ORDER BY number LIMIT ${BLOCKS_AT_ONCE}`,
        [next],
      );
      if (rows.length === 0) break;
      const records = await this.read(rows);
      for (const row of rows) {
        const block = blockOf(row);
        this.checkBlock(block, next, nextSeq, previous);
        this.checkRecords(block, records);
        for (const [index, leaf] of block.leaves.entries()) {
          this.frontier.append(leaf);
          if (due.delete(block.firstSeq + index + 1)) this.compare(expected, block.firstSeq + index + 1);
        }
        [next, nextSeq, previous] = [block.number + 1, block.firstSeq + block.count, block.hash];
      }
    }
    for (const size of due) {
      if (size <= nextSeq)
        this.fault("checkpoint", 0, null, `the log has no place at which it was ${size} records long`);
    }
    for (const one of expected) {
      if (one.size > nextSeq) this.fault("truncated", nextSeq, null, `a checkpoint speaks of ${one.size} records`);
    }
    await this.checkStrays(nextSeq);
    const pruned = this.explainMissing();
    return {
      intact: this.faults.length === 0,
      records: this.records,
      blocks: next,
      checkpoints: checkpoints.length,
      pruned,
      faults: this.faults.sort((a, b) => a.seq - b.seq),
      moreFaults: this.moreFaults,
    };
  }

  private async checkpoints(): Promise<Checkpoint[]> {
    const rows = await this.database.query<CheckpointRow & { size: number }>(
      "SELECT size, checkpoint, key_id, signature FROM si_checkpoints ORDER BY size",
    );
    const genuine: Checkpoint[] = [];
    for (const row of rows) {
      const text = Buffer.from(row.checkpoint);
      const signed = await this.signer.verify(text, row.key_id, Buffer.from(row.signature, "base64"));
      const checkpoint = signed ? checkpointOf(row) : undefined;
      if (checkpoint?.size === row.size && checkpointText(checkpoint) === row.checkpoint) genuine.push(checkpoint);
      else this.fault("checkpoint", row.size, null, `the signature of the checkpoint by ${row.key_id} does not hold`);
    }
    return genuine;
  }

  private async read(rows: readonly BlockRow[]): Promise<Map<number, { uid: string; record: string }>> {
    const last = rows.at(-1)!;
    const found = await this.database.query<{ seq: number; uid: string; record: string }>(
      "SELECT seq, uid, record FROM si_events WHERE seq >= $1 AND seq < $2",
      [rows[0]!.first_seq, last.first_seq + last.count],
    );
    this.records += found.length;
    return new Map(found.map(({ seq, uid, record }) => [seq, { uid, record }]));
  }

  private checkBlock(block: Block, next: number, nextSeq: number, previous: string): void {
    const { number, firstSeq, leaves, kinds, count } = block;
    const broken = (what: string): void => this.fault("block", firstSeq, null, `block ${number}: ${what}`);
    if (number !== next) broken(`blocks ${next} to ${number - 1} are missing before it`);
    if (firstSeq !== nextSeq) broken(`begins with record ${firstSeq}, not ${nextSeq}`);
    if (block.previous !== previous) broken("does not go on from the block before");
    if (leaves.length !== count || kinds.length !== count) broken(`has ${leaves.length} hashes for ${count} records`);
    if (blockHash(block) !== block.hash) broken("does not have the hash that it says");
  }

  private checkRecords(block: Block, records: Map<number, { uid: string; record: string }>): void {
    for (const [index, leaf] of block.leaves.entries()) {
      const seq = block.firstSeq + index;
      const found = records.get(seq);
      const kind = block.kinds[index];
      if (!found) {
        this.missing.push({ seq, classUid: kind?.classUid ?? 0, time: kind?.time ?? 0 });
        continue;
      }
      if (!leafHash(Buffer.from(found.record, "utf8")).equals(leaf)) {
        this.fault("altered", seq, found.uid, "the record does not have the hash that it was written with");
        continue;
      }
      if (!found.record.includes(JSON.stringify(found.uid))) {
        this.fault("altered", seq, found.uid, "the row's uid is not the record's");
      }
      if (kind?.classUid === PRUNED_CLASS) {
        const pruned = prunedOf(found.record);
        if (pruned) this.pruned.push(pruned);
      }
    }
  }

  private compare(expected: readonly Checkpoint[], size: number): void {
    const root = this.frontier.root.toString("hex");
    for (const one of expected) {
      if (one.size === size && one.root !== root) {
        this.fault(
          "checkpoint",
          0,
          null,
          `the first ${size} records are not those that the checkpoint of ${one.time} is of`,
        );
      }
    }
  }

  /** Rows that no block speaks of. */
  private async checkStrays(nextSeq: number): Promise<void> {
    const rows = await this.database.query<{ seq: number; uid: string }>(
      `SELECT seq, uid FROM si_events WHERE seq >= $1 OR seq < 0 ORDER BY seq LIMIT ${MAX_FAULTS}`,
      [nextSeq],
    );
    for (const { seq, uid } of rows) this.fault("added", seq, uid, "no block speaks of the record");
  }

  private explainMissing(): number {
    let pruned = 0;
    for (const { seq, classUid, time } of this.missing) {
      if (this.pruned.some((one) => one.classUid === classUid && time < one.before)) pruned++;
      else
        this.fault(
          "removed",
          seq,
          null,
          `the record, of class ${classUid} at ${new Date(time).toISOString()}, is gone`,
        );
    }
    return pruned;
  }

  private fault(kind: LogFault["kind"], seq: number, uid: string | null, what: string): void {
    if (this.faults.length < MAX_FAULTS) this.faults.push({ kind, seq, uid, what });
    else this.moreFaults++;
  }
}

function blockOf(row: BlockRow): Block {
  return {
    number: row.number,
    firstSeq: row.first_seq,
    count: row.count,
    createdAt: row.created_ms,
    leaves: unpackLeaves(row.leaves),
    kinds: unpackKinds(row.kinds),
    previous: row.previous,
    hash: row.hash,
  };
}
