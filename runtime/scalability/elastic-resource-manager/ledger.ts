import { enqueue } from "../../kernel/events/outbox";
import type { Database, Queryable } from "../../kernel/store/database";
import type { DatabaseClock } from "../../kernel/store/database-clock";
import type { Allocation } from "./allocation";
import { Batch, type BatchOptions, type BatchState } from "./batch";
import { Capacity } from "./capacity";
import type { Operation, Outcome } from "./operations";
import { readQuotas, writeQuotas } from "./quota-store";
import type { Quota } from "./quotas";
import { RequestMix } from "./request-mix";
import type { AllocationStore } from "./store";

export interface LedgerOptions extends Pick<BatchOptions, "nextDecisionId" | "weights" | "quotas"> {
  database: Database;
  store: AllocationStore;
  clock: DatabaseClock;
}

/** A batch is decided this often at the most while nodes vanish under it. */
const ATTEMPTS = 5;

class NodesLost extends Error {
  constructor(nodes: ReadonlySet<string>) {
    super(`Nodes ${[...nodes].join(", ")} vanished while capacity was granted on them; ask again`);
  }
}

/**
 * Who holds what. The store is the truth; memory is its cache, brought up to date inside each transaction with whatever
 * other processes committed since (their batches' versions are larger than the last one seen here). Calls of `commit` must
 * not overlap: the batcher sees to that.
 */
export class Ledger {
  readonly capacity = Capacity.of();
  /** What has been asked of this process; at its start, what was active then. */
  readonly mix = new RequestMix();
  private readonly allocations = new Map<string, Allocation>();
  /** Set over HTTP, by tenant. */
  private setQuotas = new Map<string, Quota>();
  /** Of the last batch that memory knows; 0 before the first load. */
  private version = 0;

  constructor(private readonly options: LedgerOptions) {}

  /** Active allocations by id. */
  get active(): ReadonlyMap<string, Allocation> {
    return this.allocations;
  }

  /** Quotas set over HTTP, by tenant. */
  get quotas(): ReadonlyMap<string, Quota> {
    return this.setQuotas;
  }

  /**
   * Decides and commits one batch, all or nothing; with no operations it reads what others committed. Memory changes only
   * after the commit. Where a node that something was granted on vanished meanwhile, the batch is decided anew. A commit whose end is unknown (the connection broke) is read back by the next one.
   */
  async commit(operations: readonly Operation[]): Promise<Outcome[]> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.commitOnce(operations);
      } catch (error) {
        if (!(error instanceof NodesLost) || attempt === ATTEMPTS) throw error;
      }
    }
  }

  private async commitOnce(operations: readonly Operation[]): Promise<Outcome[]> {
    const { database, store, clock, nextDecisionId, weights, quotas } = this.options;
    const { version, batch } = await database.transaction(async (tx) => {
      const version = await store.begin(tx);
      await this.catchUp(tx, version);
      const known = await this.lookUp(tx, operations);
      // Under the lock that `begin` takes.
      const now = await clock.read(tx);
      const state = { capacity: this.capacity, active: this.allocations, quotas: this.setQuotas, ...known };
      const batch = new Batch(state, operations, {
        now,
        nextDecisionId,
        weights,
        mix: this.mix,
        quotas,
      });
      await this.write(tx, version, now, batch);
      this.checkNodes(batch);
      return { version, batch };
    });
    for (const { allocation } of batch.grants) this.put(allocation);
    for (const allocation of batch.renewals.values()) this.put(allocation);
    for (const allocation of batch.drawnFrom.values()) this.put(allocation);
    for (const id of batch.releases.keys()) this.remove(id);
    for (const { demand, outcome } of batch.asked) this.mix.observe(demand, outcome);
    for (const [tenant, quota] of batch.quotas) {
      if (quota === null) this.setQuotas.delete(tenant);
      else this.setQuotas.set(tenant, quota);
    }
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
    const first = this.version === 0;
    const changed = first ? await store.active(tx) : await store.changedSince(tx, this.version);
    for (const allocation of changed) {
      if (allocation.releasedAt === null) this.put(allocation);
      else this.remove(allocation.id);
      if (first) this.mix.observe({ ...allocation, replicas: allocation.nodes.length });
    }
    this.setQuotas = await readQuotas(tx);
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
    const left = [...batch.drawnFrom.values()].filter(({ id }) => !batch.releases.has(id));
    if (left.length > 0) await store.shrink(tx, version, left);
    if (renewals.length > 0) await store.renew(tx, version, renewals);
    if (batch.quotas.size > 0) await writeQuotas(tx, batch.quotas);
    if (batch.events.length > 0) await enqueue(tx, batch.events);
  }

  /** The cluster is read while a batch is written: what was granted on a node that is gone by now must not be committed. */
  private checkNodes({ grants }: Batch): void {
    const lost = new Set(
      grants.flatMap(({ allocation }) => allocation.nodes).filter((node) => !this.capacity.node(node)?.ready),
    );
    if (lost.size > 0) throw new NodesLost(lost);
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
