import { MnoError } from "../../../exports";
import type { Clock } from "../../../kernel/clock";
import type { Database } from "../../../kernel/store/database";
import type { EventLog } from "./log";
import type { Signer } from "./signer";

/** A signed statement of what the log was: whoever kept one can show that it was cut or rewritten since. */
export interface Checkpoint {
  /** Records, from the first; the Merkle root is of all of them (RFC 9162, signed tree head). */
  readonly size: number;
  readonly blocks: number;
  readonly root: string;
  /** Hash of the last block. */
  readonly head: string;
  /** RFC 3339. */
  readonly time: string;
}

export interface SignedCheckpoint extends Checkpoint {
  readonly keyId: string;
  /** Base64, over the checkpoint as `checkpointText` writes it. */
  readonly signature: string;
}

export function checkpointText({ size, blocks, root, head, time }: Checkpoint): string {
  return ["mno-log-checkpoint", size, blocks, root, head, time].join("\n");
}

export class Checkpoints {
  constructor(
    private readonly database: Database,
    private readonly log: EventLog,
    private readonly signer: Signer,
    private readonly clock: Clock,
  ) {}

  /** Signs the log as it is; undefined where it is as it was, or empty. */
  async sign(): Promise<SignedCheckpoint | undefined> {
    const { nextSeq, nextBlock, hash, frontier } = await this.log.head();
    const latest = await this.latest();
    if (nextSeq === 0 || latest?.size === nextSeq) return undefined;
    const checkpoint: Checkpoint = {
      size: nextSeq,
      blocks: nextBlock,
      root: frontier.root.toString("hex"),
      head: hash,
      time: new Date(this.clock.now()).toISOString(),
    };
    const text = checkpointText(checkpoint);
    const { keyId, signature } = await this.signer.sign(Buffer.from(text));
    const encoded = Buffer.from(signature).toString("base64");
    await this.database.query(
      `INSERT INTO si_checkpoints (size, checkpoint, key_id, signature) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING`,
      [nextSeq, text, keyId, encoded],
    );
    return { ...checkpoint, keyId, signature: encoded };
  }

  async latest(): Promise<SignedCheckpoint | undefined> {
    const [row] = await this.database.query<CheckpointRow>(
      "SELECT checkpoint, key_id, signature FROM si_checkpoints ORDER BY size DESC LIMIT 1",
    );
    return row && checkpointOf(row);
  }
}

export interface CheckpointRow {
  checkpoint: string;
  key_id: string;
  signature: string;
}

export function checkpointOf({ checkpoint, key_id, signature }: CheckpointRow): SignedCheckpoint {
  const [kind, size, blocks, root, head, time] = checkpoint.split("\n");
  if (kind !== "mno-log-checkpoint" || root === undefined || head === undefined || time === undefined) {
    throw new MnoError("MNO_SECURITY_LOG_TAMPERED", "A checkpoint of the log is none");
  }
  return { size: Number(size), blocks: Number(blocks), root, head, time, keyId: key_id, signature };
}
