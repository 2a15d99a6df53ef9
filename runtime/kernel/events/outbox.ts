import type { Logger } from "pino";
import type { Clock } from "../clock";
import type { Database, Migration, Queryable } from "../store/database";
import type { EventBus } from "./bus";
import type { CloudEvent } from "./cloudevent";
import { validateEvent } from "./codec";
import { defaultBackoff } from "./dispatcher";
import { Wakeup } from "./wakeup";

/** The set "outbox" for `database.migrate`. */
export const OUTBOX_MIGRATIONS: readonly Migration[] = [
  { name: "0001-outbox", sql: "CREATE TABLE outbox (id bigserial PRIMARY KEY, event jsonb NOT NULL)" },
];

/**
 * Writes the events in the caller's transaction: they are published if, and only if, it commits. One statement however many
 * events; ids ascend in the order of the array. Of transactions that wait for each other (for a row lock, say) the events
 * are published in their order; transactions that know nothing of each other have none.
 * Errors: MNO_EVENT_INVALID, MNO_EVENT_TYPE_UNKNOWN, here rather than when it could no longer be mended.
 */
export async function enqueue(tx: Queryable, events: readonly CloudEvent[]): Promise<void> {
  if (events.length === 0) return;
  for (const event of events) validateEvent(event);
  await tx.query(
    "INSERT INTO outbox (event) SELECT value FROM jsonb_array_elements($1::jsonb) WITH ORDINALITY ORDER BY ordinality",
    [JSON.stringify(events)],
  );
}

/** Makes the table where it is missing, and begins to relay. One per process: every engine's events go through it. */
export async function openOutbox(
  database: Database,
  bus: EventBus,
  deps: { clock: Clock; log: Logger },
): Promise<OutboxRelay> {
  await database.migrate("outbox", OUTBOX_MIGRATIONS);
  const relay = new OutboxRelay(database, bus, deps);
  relay.start();
  return relay;
}

/** What an engine does with the outbox beside `enqueue`. */
export type Outbox = Pick<OutboxRelay, "nudge">;

export interface OutboxRelayOptions {
  /** Events published and deleted together. Default 500. */
  batchSize?: number;
  /** How often the table is looked at without a nudge, in milliseconds. Default 1000. */
  pollMilliseconds?: number;
}

/** Any constant serves, as long as every process has the same. */
const RELAY_LOCK = 4_600_001;

/**
 * Moves events from the outbox to the bus in the order of their ids, and deletes them once they are durable there. A crash
 * in between publishes them again with the same ids. Of several processes on one PostgreSQL one relays at a time.
 */
export class OutboxRelay {
  private readonly wakeup = new Wakeup();
  private stopping: AbortController | undefined;
  private running: Promise<void> = Promise.resolve();
  private readonly batchSize: number;
  private readonly pollMilliseconds: number;

  constructor(
    private readonly database: Database,
    private readonly bus: EventBus,
    private readonly deps: { clock: Clock; log: Logger },
    options: OutboxRelayOptions = {},
  ) {
    this.batchSize = options.batchSize ?? 500;
    this.pollMilliseconds = options.pollMilliseconds ?? 1000;
  }

  /** Starts relaying in the background, beginning with what an earlier process left. Idempotent. */
  start(): void {
    if (this.stopping) return;
    this.stopping = new AbortController();
    this.running = this.run(this.stopping.signal);
  }

  /** Something was enqueued and committed: do not wait for the next poll. */
  nudge(): void {
    this.wakeup.wake();
  }

  /** Waits for the batch under way. What is left stays in the table. Idempotent. */
  async stop(): Promise<void> {
    this.stopping?.abort();
    this.wakeup.wake();
    await this.running;
    this.stopping = undefined;
  }

  private async run(signal: AbortSignal): Promise<void> {
    for (let faults = 0; !signal.aborted;) {
      try {
        const relayed = await this.relayBatch();
        faults = 0;
        if (relayed < this.batchSize) await this.pause(signal);
      } catch (error) {
        const retryInMilliseconds = defaultBackoff(++faults);
        this.deps.log.warn({ err: error, retryInMilliseconds }, "the outbox could not be relayed; trying again");
        await this.deps.clock.sleep(retryInMilliseconds, signal).catch(() => undefined);
      }
    }
  }

  private relayBatch(): Promise<number> {
    // PGlite is in this process alone and has one connection: a transaction around the publish would only hold others up.
    if (this.database.engine === "pglite") return this.move(this.database);
    return this.database.transaction(async (tx) => {
      const [lock] = await tx.query<{ held: boolean }>("SELECT pg_try_advisory_xact_lock($1) AS held", [RELAY_LOCK]);
      return lock?.held ? this.move(tx) : 0;
    });
  }

  private async move(queryable: Queryable): Promise<number> {
    const rows = await queryable.query<{ id: string; event: CloudEvent }>(
      "SELECT id::text AS id, event FROM outbox ORDER BY outbox.id LIMIT $1",
      [this.batchSize],
    );
    if (rows.length === 0) return 0;
    await this.bus.publish(rows.map(({ event }) => event));
    // By id, not by range: a lower id may have been committed meanwhile.
    await queryable.query("DELETE FROM outbox WHERE id IN (SELECT jsonb_array_elements_text($1::jsonb)::bigint)", [
      JSON.stringify(rows.map(({ id }) => id)),
    ]);
    return rows.length;
  }

  /** Until the next poll, a nudge or the stop. */
  private async pause(signal: AbortSignal): Promise<void> {
    const woken = new AbortController();
    const timer = this.deps.clock.sleep(this.pollMilliseconds, AbortSignal.any([signal, woken.signal]));
    void timer.then(
      () => this.wakeup.wake(),
      () => undefined,
    );
    await this.wakeup.wait();
    woken.abort();
  }
}
