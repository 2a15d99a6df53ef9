import type { PGlite } from "@electric-sql/pglite";
import type { Logger } from "pino";

/** Statements between two looks at the WAL and the tables. A look takes about 2 ms. */
const STATEMENTS_BETWEEN_LOOKS = 256;
/** WAL since the last checkpoint that makes one due: two segments, so that a checkpoint writes little at a time. */
const WAL_BYTES = 32 * 1024 * 1024;

/**
 * What a server's checkpointer and autovacuum processes do. PGlite runs PostgreSQL in single-user mode, which has neither:
 * left alone, the WAL grows for ever and dead rows are never reclaimed. Thresholds are autovacuum's defaults.
 */
export class PgliteUpkeep {
  private statements = 0;
  private running = false;

  constructor(
    private readonly pglite: Pick<PGlite, "query" | "exec" | "closed">,
    private readonly log: Logger,
  ) {}

  /** To be called after every statement or transaction; never throws and never waits. */
  noteStatement(): void {
    this.statements += 1;
    if (this.statements < STATEMENTS_BETWEEN_LOOKS || this.running) return;
    this.statements = 0;
    this.running = true;
    void this.look()
      .catch((error: unknown) => {
        if (!this.pglite.closed)
          this.log.warn({ err: error }, "upkeep of the embedded database failed; it is tried again");
      })
      .finally(() => (this.running = false));
  }

  private async look(): Promise<void> {
    const wal = await this.pglite.query<{ bytes: string }>(
      "SELECT pg_current_wal_lsn() - redo_lsn AS bytes FROM pg_control_checkpoint()",
    );
    if (Number(wal.rows[0]?.bytes) > WAL_BYTES) await this.pglite.exec("CHECKPOINT");
    const due = await this.pglite.query<{ name: string; vacuum: boolean }>(`
      SELECT format('%I.%I', schemaname, relname) AS name, n_dead_tup > 50 + 0.2 * n_live_tup AS vacuum
      FROM pg_stat_user_tables
      WHERE n_dead_tup > 50 + 0.2 * n_live_tup OR n_mod_since_analyze > 50 + 0.1 * n_live_tup`);
    for (const { name, vacuum } of due.rows)
      await this.pglite.exec(`${vacuum ? "VACUUM (ANALYZE)" : "ANALYZE"} ${name}`);
  }
}
