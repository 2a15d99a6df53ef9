/**
 * SQL behind one small interface: PGlite in a folder (`pglite:<folder>`, `pglite:memory`) or PostgreSQL by URL
 * (`postgres://…`). Both speak PostgreSQL's dialect, so every repository has one set of statements and migrations.
 */
export interface Queryable {
  /** Runs one statement with $1… parameters and returns its rows. */
  query<Row = Record<string, unknown>>(sql: string, parameters?: readonly unknown[]): Promise<Row[]>;
}

export interface Database extends Queryable {
  readonly engine: "pglite" | "postgres";

  /** Runs `work` in one transaction: committed when it resolves, rolled back when it rejects. */
  transaction<T>(work: (tx: Queryable) => Promise<T>): Promise<T>;

  /**
   * Brings the named set (one per engine) up to date, in order, each migration in a transaction of its own, under a lock
   * so that two starting replicas do not collide. A migration that was applied and has changed since is refused
   * (MNO_STORE_MIGRATION_CHANGED).
   */
  migrate(set: string, migrations: readonly Migration[]): Promise<void>;

  /** Resolves when the database answers; rejects with MNO_STORE_UNAVAILABLE. Used by readiness. */
  ping(): Promise<void>;

  close(): Promise<void>;
}

export interface Migration {
  /** Unique and ordered within the set: `0001-allocations`. */
  name: string;
  /** Statements separated by semicolons. */
  sql: string;
}
