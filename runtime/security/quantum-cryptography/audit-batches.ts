import { hash } from "node:crypto";
import { MnoError } from "../../exports";
import type { Clock } from "../../kernel/clock";
import { leafHash, MerkleTree, verifyInclusion } from "../../kernel/crypto/merkle";
import type { AuditRecord } from "./audit-log";
import { type AuditStore, type BatchRow, canonical } from "./audit-store";

/** Whose key signs and verifies batches. */
export interface BatchSigner {
  sign(message: Uint8Array): Promise<{ signature: Uint8Array; keyId: string; keyVersion: number }>;
  verify(message: Uint8Array, signature: Uint8Array, keyId: string, keyVersion: number): Promise<boolean>;
}

/** What is signed of a batch. */
export interface BatchStatement {
  batch: number;
  firstSequence: number;
  size: number;
  /** Root of the Merkle tree (RFC 9162) over the records' texts, hexadecimal. */
  root: string;
  /** SHA-256 of the statement before, hexadecimal; null of the first. */
  previous: string | null;
  time: string;
}

export interface InclusionAnswer {
  record: AuditRecord;
  /** The text that is the tree's leaf. */
  text: string;
  index: number;
  proof: string[];
  statement: BatchStatement;
  signature: string;
  keyId: string;
  keyVersion: number;
}

const LARGEST_BATCH = 4096;
const PAGE = 50;
const DAY = 86_400_000;

/** Makes batches of audit records, and finds what was altered or removed since. */
export class AuditBatches {
  constructor(
    private readonly store: AuditStore,
    private readonly signer: BatchSigner,
    private readonly clock: Pick<Clock, "now">,
    private readonly keptDays: number,
  ) {}

  /** Signs what is not in a batch yet; true where more than one batch's worth was there. */
  async sign(): Promise<boolean> {
    const { records, batched } = await this.store.head();
    const size = Math.min(records - batched, LARGEST_BATCH);
    if (size === 0) return false;
    const firstSequence = batched + 1;
    const texts = await this.store.texts(firstSequence, size);
    // Signed as it is, a gap would become the truth.
    if (texts.length !== size) {
      throw new MnoError(
        "MNO_INTERNAL",
        `Of the audit records from ${firstSequence} on, ${size - texts.length} are missing`,
      );
    }
    const last = await this.store.lastBatch();
    const statement: BatchStatement = {
      batch: (last?.number ?? 0) + 1,
      firstSequence,
      size,
      root: treeOf(texts).root.toString("hex"),
      previous: last === undefined ? null : digest(last.statement),
      time: new Date(this.clock.now()).toISOString(),
    };
    const text = canonical(statement);
    const signed = await this.signer.sign(Buffer.from(text));
    // Where another replica was faster, its batch is the one.
    const added = await this.store.addBatch({
      number: statement.batch,
      firstSequence,
      size,
      statement: text,
      ...signed,
    });
    return added && records - batched > size;
  }

  /** The record with the proof that it is in its signed batch. Errors: MNO_AUDIT_RECORD_NOT_FOUND. */
  async inclusion(id: string): Promise<InclusionAnswer> {
    const found = await this.store.find(id);
    if (found === undefined) throw new MnoError("MNO_AUDIT_RECORD_NOT_FOUND", `There is no audit record ${id}`);
    const batch = await this.store.batchOf(found.sequence);
    if (batch === undefined) {
      throw new MnoError(
        "MNO_AUDIT_RECORD_NOT_FOUND",
        `Audit record ${id} is not in a signed batch yet; ask again soon`,
      );
    }
    const statement = JSON.parse(batch.statement) as BatchStatement;
    const tree = treeOf(await this.store.texts(batch.firstSequence, batch.size));
    const index = found.sequence - batch.firstSequence;
    return {
      record: JSON.parse(found.record) as AuditRecord,
      text: found.record,
      index,
      proof: index < tree.size ? tree.inclusionProof(index).map((each) => Buffer.from(each).toString("hex")) : [],
      statement,
      signature: Buffer.from(batch.signature).toString("base64"),
      keyId: batch.keyId,
      keyVersion: batch.keyVersion,
    };
  }

  /** Whether a proof, as `inclusion` gives it, holds. */
  async verifyProof(answer: Omit<InclusionAnswer, "record">): Promise<boolean> {
    const { text, index, proof, statement, signature, keyId, keyVersion } = answer;
    const hashes = proof.map((each) => Buffer.from(each, "hex"));
    const included = verifyInclusion(
      leafHash(Buffer.from(text)),
      index,
      statement.size,
      hashes,
      Buffer.from(statement.root, "hex"),
    );
    const signed = Buffer.from(canonical(statement));
    return included && (await this.signer.verify(signed, Buffer.from(signature, "base64"), keyId, keyVersion));
  }

  /** Walks over all batches and the records after them: what is wrong, the first few; empty where nothing is. */
  async verify(): Promise<{ batches: number; records: number; faults: string[] }> {
    const faults: string[] = [];
    const head = await this.store.head();
    let last: BatchRow | undefined;
    let next = 1;
    let records = 0;
    for (
      let page = await this.store.batches(0, PAGE);
      page.length > 0;
      page = await this.store.batches(last!.number, PAGE)
    ) {
      for (const batch of page) {
        faults.push(...(await this.faultsOf(batch, last, next)));
        next = batch.firstSequence + batch.size;
        records += batch.size;
        last = batch;
        if (faults.length >= 20) return { batches: batch.number, records, faults };
      }
    }
    if (head.batched !== next - 1)
      faults.push(`batches end at record ${next - 1}; there were some up to ${head.batched}`);
    const unsigned = await this.store.texts(next, LARGEST_BATCH);
    const expected = Math.min(head.records - next + 1, LARGEST_BATCH);
    if (unsigned.length < expected) faults.push(`${expected - unsigned.length} records after ${next - 1} were removed`);
    return { batches: last?.number ?? 0, records: records + unsigned.length, faults };
  }

  /** Forgets the records of batches that are old enough; statements stay, so that the chain can still be verified. */
  async prune(): Promise<void> {
    const oldest = await this.store.oldest();
    let batch = oldest === null ? undefined : await this.store.batchOf(oldest);
    while (batch !== undefined && this.isOld(batch)) {
      await this.store.pruneBatch(batch);
      batch = await this.store.batch(batch.number + 1);
    }
  }

  private async faultsOf(batch: BatchRow, last: BatchRow | undefined, next: number): Promise<string[]> {
    const name = `batch ${batch.number}`;
    const statement = JSON.parse(batch.statement) as BatchStatement;
    if (!(await this.signer.verify(Buffer.from(batch.statement), batch.signature, batch.keyId, batch.keyVersion))) {
      return [`${name}: its signature does not verify`];
    }
    const faults: string[] = [];
    if (statement.previous !== (last === undefined ? null : digest(last.statement)))
      faults.push(`${name}: does not follow the one before`);
    if (
      statement.batch !== batch.number ||
      statement.firstSequence !== next ||
      statement.firstSequence !== batch.firstSequence
    ) {
      faults.push(`${name}: begins at record ${statement.firstSequence}, not ${next}`);
    }
    if (statement.size !== batch.size) faults.push(`${name}: has ${batch.size} records, ${statement.size} were signed`);
    const texts = await this.store.texts(statement.firstSequence, statement.size);
    if (texts.length === 0 && this.isOld(batch)) return faults;
    if (texts.length !== statement.size)
      faults.push(`${name}: ${statement.size - texts.length} of its records were removed`);
    else if (treeOf(texts).root.toString("hex") !== statement.root) faults.push(`${name}: a record of it was altered`);
    return faults;
  }

  /** By the time that was signed. */
  private isOld(batch: BatchRow): boolean {
    const { time } = JSON.parse(batch.statement) as BatchStatement;
    return this.clock.now() - Date.parse(time) > this.keptDays * DAY;
  }
}

function treeOf(texts: readonly { record: string }[]): MerkleTree {
  return new MerkleTree(texts.map(({ record }) => leafHash(Buffer.from(record))));
}

const digest = (text: string): string => hash("sha256", text, "hex");
