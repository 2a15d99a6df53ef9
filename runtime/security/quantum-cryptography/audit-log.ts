import { MnoError } from "../../exports";
import type { Clock } from "../../kernel/clock";
import type { AuditStore } from "./audit-store";
import { newId } from "./ids";
import type { Refusal } from "./refusals";

/** What was asked, what was decided and why. Never plaintext, ciphertext, keys or a context's values. */
export interface AuditRecord {
  id: string;
  /** Without a gap, from 1. */
  sequence: number;
  time: string;
  caller: string;
  operation: string;
  keyId: string | null;
  keyVersion: number | null;
  suite: string | null;
  outcome: "done" | "refused" | "failed";
  /** The error's code where there was one. */
  code: string | null;
  reasons: string[];
}

export type AuditEntry = Omit<AuditRecord, "id" | "sequence" | "time">;

const LARGEST_FLUSH = 1000;
/** Operations that wait for their records: more are refused, for the database does not keep up. */
const MOST_WAITING = 20_000;

interface Waiting {
  record: Omit<AuditRecord, "sequence">;
  resolve: (id: string) => void;
  reject: (error: unknown) => void;
}

/**
 * Writes records durably before the operation answers: an operation that cannot be recorded fails. Those that come while a
 * write is under way share the next one.
 */
export class AuditLog {
  private waiting: Waiting[] = [];
  private writing: Promise<void> | undefined;

  constructor(
    private readonly store: AuditStore,
    private readonly clock: Pick<Clock, "now">,
    /** Told of what came to nothing, once that is durable. */
    readonly onRefused: (refusal: Omit<Refusal, "traceId">) => void = () => undefined,
  ) {}

  /** Resolves with the record's id once it is durable. */
  record(entry: AuditEntry): Promise<string> {
    if (this.waiting.length >= MOST_WAITING) {
      return Promise.reject(
        new MnoError("MNO_STORE_UNAVAILABLE", `${MOST_WAITING} operations wait for their audit records`),
      );
    }
    const now = this.clock.now();
    const record = { id: newId("aud", now), time: new Date(now).toISOString(), ...entry };
    return new Promise((resolve, reject) => {
      this.waiting.push({ record, resolve, reject });
      this.writing ??= this.write();
    });
  }

  async drain(): Promise<void> {
    while (this.writing !== undefined) await this.writing;
  }

  private async write(): Promise<void> {
    // Those of the same turn of the event loop come along.
    await Promise.resolve();
    while (this.waiting.length > 0) {
      const batch = this.waiting.splice(0, LARGEST_FLUSH);
      try {
        await this.store.append(batch.map(({ record }) => record));
        for (const { resolve, record } of batch) resolve(record.id);
      } catch (error) {
        for (const { reject } of batch) reject(error);
      }
    }
    // In the turn in which none was seen to wait: what comes in the next one begins a write of its own.
    this.writing = undefined;
  }
}
