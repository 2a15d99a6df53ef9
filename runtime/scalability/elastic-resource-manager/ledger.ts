import type { Clock } from "../../kernel/clock";
import { enqueue } from "../../kernel/events/outbox";
import type { Database, Queryable } from "../../kernel/store/database";
import type { Allocation } from "./allocation";
import { Batch, type BatchOptions, type BatchState } from "./batch";
import { Capacity } from "./capacity";
import type { Operation, Outcome } from "./operations";
import type { AllocationStore } from "./store";

export interface LedgerOptions extends Pick<BatchOptions, "nextDecisionId" | "weights"> {
  database: Database;
  store: AllocationStore;
  clock: Clock;
}

/**
 * Who holds what. The store is the truth; memory is its cache, brought up to date inside each transaction with whatever
 * other processes committed since (their batches' versions are larger than the last one seen here). Calls of `commit` must
 * not overlap: the batcher sees to that.
 */
export class Ledger {
  readonly capacity = Capacity.of();
  private readonly allocations = new Map<string, Allocation>();
  /** Of the last batch that memory knows; 0 before the first load. */
  private version = 0;

  constructor(private readonly options: LedgerOptions) {}

  /** Active allocations by id. */
  get active(): ReadonlyMap<string, Allocation> {
    return this.allocations;
  }

  /**
   * Decides and commits one batch, all or nothing; with no operations it reads what others committed. Memory changes only
   * after the commit. A commit whose end is unknown (the connection broke) is read back by the next one.
   */
  async commit(operations: readonly Operation[]): Promise<Outcome[]> {
    const { database, store, clock, nextDecisionId, weights } = this.options;
    const { version, batch } = await database.transaction(async (tx) => {
      const version = await store.begin(tx);
      await this.catchUp(tx, version);
      const known = await this.lookUp(tx, operations);
      const now = clock.now();
      const batch = new Batch({ capacity: this.capacity, active: this.allocations, ...known }, operations, {
        now,
        nextDecisionId,
        weights,
      });
      await this.write(tx, version, now, batch);
      return { version, batch };
    });
    for (const { allocation } of batch.grants) this.put(allocation);
    for (const allocation of batch.renewals.values()) this.put(allocation);
    for (const id of batch.releases.keys()) this.remove(id);
    this.version = version;
    return batch.outcomes;
  }

  /** Ids of active allocations whose lease has ended. */
  due(now: number): string[] {
    const ids: string[] = [];
    for (const { id, expiresAt } of this.allocations.values()) if (expiresAt !== null && expiresAt <= now) ids.push(id);
    return ids;
  }

  /** Versions follow one another; a gap means that another process, or a batch of ours with an unknown end, came between. */
  private async catchUp(tx: Queryable, version: number): Promise<void> {
    if (this.version > 0 && version === this.version + 1) return;
    const { store } = this.options;
    const changed = this.version === 0 ? await store.active(tx) : await store.changedSince(tx, this.version);
    for (const allocation of changed) {
      if (allocation.releasedAt === null) this.put(allocation);
      else this.remove(allocation.id);
    }
    this.version = version - 1;
  }

  /** What the operations refer to and memory does not hold. */
  private async lookUp(
    tx: Queryable,
    operations: readonly Operation[],
  ): Promise<Pick<BatchState, "granted" | "inactive">> {
    const { store } = this.options;
    const keys = new Set<string>();
    const ids = new Set<string>();
    for (const operation of operations) {
      if (operation.kind === "allocate" && operation.key) keys.add(operation.key.value);
      const named = operation.kind === "release" || operation.kind === "renew";
      if (named && !this.allocations.has(operation.id)) ids.add(operation.id);
    }
    const found = ids.size > 0 ? await store.find([...ids], tx) : [];
    return {
      granted: keys.size > 0 ? await store.granted(tx, [...keys]) : new Map(),
      inactive: new Map(found.map((allocation) => [allocation.id, allocation])),
    };
  }

  private async write(tx: Queryable, version: number, now: number, batch: Batch): Promise<void> {
    const { store } = this.options;
    const releases = [...batch.releases].map(([id, { reason }]) => ({ id, reason }));
    const renewals = [...batch.renewals].map(([id, { expiresAt }]) => ({ id, expiresAt }));
    if (batch.grants.length > 0) await store.insert(tx, version, batch.grants);
    if (releases.length > 0) await store.release(tx, version, now, releases);
    if (renewals.length > 0) await store.renew(tx, version, renewals);
    if (batch.events.length > 0) await enqueue(tx, batch.events);
  }

  private put(allocation: Allocation): void {
    this.remove(allocation.id);
    this.allocations.set(allocation.id, allocation);
    this.capacity.take(allocation);
  }

  private remove(id: string): void {
    const held = this.allocations.get(id);
    if (!held) return;
    this.allocations.delete(id);
    this.capacity.give(held);
  }
}
