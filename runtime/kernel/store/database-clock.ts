import type { Clock } from "../clock";
import type { Database, Queryable } from "./database";

/**
 * The time of the database, by which replicas decide whose lease is over: their machines' clocks differ, and a lease must not end
 * at one of them while another, and the holder, take it for valid. PGlite lives in this process and nobody else uses it: there
 * the given clock is the database's.
 */
export class DatabaseClock implements Clock {
  /** Milliseconds from the given clock to the database's, as last read. */
  private offset = 0;

  constructor(
    private readonly database: Database,
    private readonly clock: Clock,
  ) {}

  /** By the offset that was read last: good for whatever is decided again inside a transaction. */
  now(): number {
    return this.clock.now() + this.offset;
  }

  sleep(milliseconds: number, signal?: AbortSignal): Promise<void> {
    return this.clock.sleep(milliseconds, signal);
  }

  /**
   * Asks the database. Inside a transaction it is called under the lock that puts decisions in order, so that their times are in the
   * same order; the transaction's own time, `now()` in SQL, is that of its begin, before it waited for the lock.
   */
  async read(tx: Queryable = this.database): Promise<number> {
    if (this.database.engine === "pglite") return this.now();
    const [row] = await tx.query<{ now: number }>(
      `SELECT floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint AS now`,
    );
    if (!row) throw new Error("the database told no time");
    // As of the answer's arrival: behind by its way here, never ahead.
    this.offset = row.now - this.clock.now();
    return row.now;
  }
}
