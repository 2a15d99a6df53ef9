import type { Logger } from "pino";
import { MnoError } from "../../exports";
import { enqueue } from "../../kernel/events/outbox";
import type { Database } from "../../kernel/store/database";
import type { DatabaseClock } from "../../kernel/store/database-clock";
import type { Tracer } from "../../kernel/telemetry/traces";
import type { Decision } from "./decision";
import { Desk } from "./desk";
import { takeTurn, type Timing } from "./engine";
import { eventsOf } from "./events";
import { newId } from "./ids";
import type { AcquireResult, Instruments } from "./instruments";
import type { Lease, LeaseRequest, PoolDefinition } from "./lease";
import type { IdempotencyKey, Operation, Outcome } from "./operations";
import type { PoolState, PoolStore } from "./store";
import { apply, load } from "./turn-store";

export interface ManagerOptions {
  database: Database;
  store: PoolStore;
  instruments: Instruments;
  tracer: Tracer;
  clock: DatabaseClock;
  random: () => number;
  log: Logger;
  pollMilliseconds: number;
  timing: Timing;
  maximumPools: number;
  /** Aborted when this replica drains: who waits is sent to another. */
  signal: AbortSignal;
  /** Events are durable in the outbox. */
  onCommit: () => void;
}

/** The engine's use cases: what HTTP and the loops call. */
export class PoolManager {
  private readonly desks = new Map<string, Desk>();

  constructor(private readonly options: ManagerOptions) {}

  /**
   * Leases what the request asks for, within `waitSeconds`, or returns what the key was granted before (`created` false).
   * `gone` is aborted when the caller no longer listens.
   * Errors: MNO_POOL_EXHAUSTED with the decision's id and the holders, MNO_POOL_QUEUE_FULL, MNO_POOL_NOT_FOUND, MNO_IDEMPOTENCY_KEY_REUSED,
   * MNO_REQUEST_INVALID, MNO_AGENT_UNAVAILABLE while this replica drains.
   */
  acquire(
    pool: string,
    request: LeaseRequest,
    key: IdempotencyKey | null,
    waitSeconds: number,
    gone: AbortSignal,
  ): Promise<{ lease: Lease; created: boolean }> {
    const { tracer, clock, instruments } = this.options;
    return tracer.span("acquire lease", { attributes: { "mno.pool": pool } }, async (span) => {
      const askedAt = clock.now();
      let result: AcquireResult = "failed";
      try {
        const outcome = await this.ask(pool, request, key, askedAt, waitSeconds, gone);
        span.setAttribute("mno.outcome", outcome.kind);
        if (outcome.kind === "refused") {
          result = "refused";
          throw exhausted(outcome.decision, outcome.placeKept);
        }
        result = outcome.created ? "granted" : "existing";
        return outcome;
      } finally {
        instruments.answered(result, Math.max(0, clock.now() - askedAt) / 1000);
      }
    });
  }

  /**
   * Starts the lease anew from now, for as long as the pool has it or as is given. Errors: MNO_LEASE_NOT_FOUND,
   * MNO_LEASE_OVER.
   */
  async renew(leaseId: string, leaseSeconds: number | null): Promise<Lease> {
    const { pool } = await this.lease(leaseId);
    return (await this.submit(pool, { kind: "renew", leaseId, leaseSeconds }, "renewed")).lease;
  }

  /**
   * Again is the same. Errors: MNO_LEASE_NOT_FOUND; MNO_LEASE_OVER where it had expired before: its holder was not
   * alone.
   */
  async release(leaseId: string): Promise<void> {
    const { pool } = await this.lease(leaseId);
    await this.submit(pool, { kind: "release", leaseId }, "done");
  }

  async lease(id: string): Promise<Lease> {
    const lease = await this.options.store.lease(id);
    if (lease) return lease;
    throw new MnoError("MNO_LEASE_NOT_FOUND", `There is no lease ${id}; those that ended are kept for a while only`);
  }

  /** Creates or replaces a pool: as it then is, and whether it is new. Leases of slots that it no longer has go on to their end. */
  async define(definition: PoolDefinition): Promise<{ state: PoolState; isNew: boolean }> {
    const { store, clock, maximumPools } = this.options;
    const defined = await store.put(definition, maximumPools, clock.now());
    if (defined) return defined;
    const detail = `There are ${maximumPools} pools already, and no more may be (MNO_RPM_MAXIMUM_POOLS)`;
    throw new MnoError("MNO_POOL_INVALID", detail);
  }

  /** Errors: MNO_POOL_NOT_FOUND, MNO_POOL_IN_USE. */
  async remove(name: string): Promise<void> {
    const result = await this.options.store.remove(name);
    if (result === "missing") throw noPool(name);
    if (result === "in-use") throw new MnoError("MNO_POOL_IN_USE", `Pool ${name} has leases; release them first`);
  }

  async pool(name: string): Promise<PoolState> {
    const [found] = await this.options.store.pools(this.options.clock.now(), name);
    if (!found) throw noPool(name);
    return found;
  }

  async decision(id: string): Promise<Decision> {
    const decision = await this.options.store.decision(id);
    if (decision) return decision;
    throw new MnoError("MNO_DECISION_NOT_FOUND", `There is no decision ${id}; they are kept as long as ended leases`);
  }

  /** Ends every lease that is over, whoever waits for it. */
  async expire(): Promise<void> {
    const { store, clock } = this.options;
    for (const pool of await store.due(clock.now())) await this.submit(pool, { kind: "expire" }, "done");
  }

  async observe(): Promise<void> {
    const { instruments, store, clock } = this.options;
    instruments.observe(await store.pools(clock.now()));
  }

  /** Resolves when everything asked for so far has its answer. */
  async drain(): Promise<void> {
    await Promise.all([...this.desks.values()].map((desk) => desk.idle()));
  }

  private async ask(
    pool: string,
    request: LeaseRequest,
    key: IdempotencyKey | null,
    askedAt: number,
    waitSeconds: number,
    gone: AbortSignal,
  ): Promise<Extract<Outcome, { kind: "granted" | "refused" }>> {
    const { random, signal, log } = this.options;
    const ticket = newId("tkt", askedAt, random);
    const ask = { kind: "acquire", ticket, leaseId: newId("lse", askedAt, random), request, key, askedAt } as const;
    const outcome = await this.desk(pool).acquire(
      ask,
      askedAt + waitSeconds * 1000,
      AbortSignal.any([signal, gone]),
      ({ lease }) => {
        // Granted to nobody. With a key the caller can still come for it; without one it would lie idle until it expires.
        if (key !== null) return;
        this.release(lease.id).catch((error: unknown) =>
          log.warn({ err: error, lease: lease.id }, "a lease whose caller had gone expires by itself"),
        );
      },
    );
    return expectKind(outcome, "granted", "refused");
  }

  private async submit<K extends Outcome["kind"]>(
    pool: string,
    operation: Operation,
    kind: K,
  ): Promise<Extract<Outcome, { kind: K }>> {
    return expectKind(await this.desk(pool).submit(operation), kind);
  }

  private desk(pool: string): Desk {
    const existing = this.desks.get(pool);
    if (existing) return existing;
    const desk = new Desk({
      clock: this.options.clock,
      pollMilliseconds: this.options.pollMilliseconds,
      turn: (operations) => this.turn(pool, operations),
      onIdle: () => this.desks.delete(pool),
    });
    this.desks.set(pool, desk);
    return desk;
  }

  private async turn(pool: string, operations: readonly Operation[]): Promise<readonly Outcome[]> {
    const { database, clock, tracer, timing, instruments, onCommit } = this.options;
    const { outcomes, events, expired } = await database.transaction(async (tx) => {
      const situation = await load(tx, pool, operations);
      if (!situation) throw noPool(pool);
      // Under the lock: whoever had it before looked at the time before.
      const now = await clock.read(tx);
      const { outcomes, changes } = takeTurn(situation, operations, now, timing);
      await apply(tx, pool, situation, changes);
      const events = eventsOf(situation.definition, changes, now, tracer.carrier());
      await enqueue(tx, events);
      return { outcomes, events, expired: changes.ended.filter(({ reason }) => reason === "expired").length };
    });
    instruments.leasesExpired(pool, expired);
    if (events.length > 0) onCommit();
    return outcomes;
  }
}

function expectKind<K extends Outcome["kind"]>(outcome: Outcome, ...kinds: K[]): Extract<Outcome, { kind: K }> {
  if (outcome.kind === "failed") throw outcome.error;
  if (!(kinds as string[]).includes(outcome.kind)) throw new Error(`it came to ${outcome.kind}, not ${kinds.join()}`);
  return outcome as Extract<Outcome, { kind: K }>;
}

function noPool(name: string): MnoError {
  return new MnoError("MNO_POOL_NOT_FOUND", `There is no pool ${name}; PUT it first`);
}

function exhausted(decision: Decision, placeKept: boolean): MnoError {
  const kept = placeKept ? "; asked again soon under the same key, the request keeps its place" : "";
  const { id, waitedSeconds, ahead, free, holders } = decision;
  return new MnoError(
    "MNO_POOL_EXHAUSTED",
    `Pool ${decision.pool} had nothing for ${decision.request.holder} within ${waitedSeconds} s: ${decision.reasons.join("; ")}${kept}`,
    { extensions: { decisionId: id, waitedSeconds, ahead, free, holders, placeKept } },
  );
}
