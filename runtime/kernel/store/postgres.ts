import { DatabaseError, Pool, type PoolClient, type QueryConfig, types } from "pg";
import type { Logger } from "pino";
import { MnoError } from "../../exports";
import type { Database, Migration, Queryable } from "./database";
import { migrate } from "./migrate";
import type { Session } from "./session";
import { postgresTypes } from "./values";

const SECOND = 1000;

/** Statement timeout on the server, and a little later on our side, for the server that no longer says anything. */
const STATEMENT_TIMEOUT = 30 * SECOND;
const ANSWER_TIMEOUT = STATEMENT_TIMEOUT + 5 * SECOND;
/** A migration may rewrite a big table, or wait for the replica that does. */
const MIGRATION_TIMEOUT = 3600 * SECOND;

/** SQLSTATE classes that say that the server, not the statement, is at fault. Source: PostgreSQL, appendix A. */
const UNAVAILABLE = /^(08|28|3D|53|57P)/;

/** Opens a pool of at most 10 connections; the first is made by the first statement. */
export function openPostgres(url: string, log: Logger): Database {
  return new PostgresDatabase(url, log);
}

class PostgresDatabase implements Database {
  readonly engine = "postgres";
  private readonly pool: Pool;
  private readonly where: string;
  private closing: Promise<void> | undefined;

  constructor(url: string, log: Logger) {
    const { hostname, port, pathname } = new URL(url);
    this.where = `${hostname || "localhost"}:${port || "5432"}${pathname}`;
    this.pool = new Pool({
      application_name: "mno",
      max: 10,
      keepAlive: true,
      connectionTimeoutMillis: 5 * SECOND,
      idleTimeoutMillis: 30 * SECOND,
      statement_timeout: STATEMENT_TIMEOUT,
      query_timeout: ANSWER_TIMEOUT,
      idle_in_transaction_session_timeout: 60 * SECOND,
      types: postgresTypes(types.getTypeParser as (oid: number, format?: "text" | "binary") => unknown),
      // Last: the URL's own parameters win.
      connectionString: url,
    });
    // The pool replaces a connection that broke while idle; without a listener the process would end.
    this.pool.on("error", (error) => log.warn({ err: error }, "an idle PostgreSQL connection was lost"));
  }

  async query<Row>(sql: string, parameters: readonly unknown[] = []): Promise<Row[]> {
    this.assertOpen();
    try {
      return (await this.pool.query(sql, [...parameters])).rows as Row[];
    } catch (error) {
      throw this.translate(error);
    }
  }

  transaction<T>(work: (tx: Queryable) => Promise<T>): Promise<T> {
    return this.inTransaction(work);
  }

  migrate(set: string, migrations: readonly Migration[]): Promise<void> {
    return migrate((work) => this.inTransaction(work, MIGRATION_TIMEOUT), set, migrations);
  }

  async ping(): Promise<void> {
    await this.query("SELECT 1");
  }

  close(): Promise<void> {
    this.closing ??= this.pool.end();
    return this.closing;
  }

  private async inTransaction<T>(work: (session: Session) => Promise<T>, timeout = ANSWER_TIMEOUT): Promise<T> {
    this.assertOpen();
    const client = await this.pool.connect().catch((error: unknown) => {
      throw this.translate(error);
    });
    // While it is checked out the pool does not listen, and an unheard "error" would end the process. The statement under
    // way, or the next one, rejects with it.
    const ignore = (): void => undefined;
    client.on("error", ignore);
    let broken = false;
    try {
      return await this.runTransaction(client, work, timeout);
    } catch (error) {
      broken = await client.query("ROLLBACK").then(
        () => false,
        () => true,
      );
      throw error;
    } finally {
      client.off("error", ignore);
      client.release(broken);
    }
  }

  private async runTransaction<T>(
    client: PoolClient,
    work: (session: Session) => Promise<T>,
    timeout: number,
  ): Promise<T> {
    let closed = false;
    const run = async (text: string, values?: readonly unknown[]) => {
      if (closed) throw new Error("The transaction is over; use its `tx` only inside `work`");
      // query_timeout per statement is node-postgres's; its type declarations leave it out.
      const config: QueryConfig & { query_timeout: number } = { text, query_timeout: timeout };
      if (values) config.values = [...values];
      return client.query(config).catch((error: unknown) => {
        throw this.translate(error);
      });
    };
    try {
      await run("BEGIN");
      const result = await work({
        query: async <Row>(sql: string, parameters: readonly unknown[] = []) =>
          (await run(sql, parameters)).rows as Row[],
        execute: async (script) => void (await run(script)),
      });
      // PostgreSQL answers the COMMIT of a failed transaction with ROLLBACK, and no error.
      if ((await run("COMMIT")).command === "ROLLBACK") {
        throw new Error("The transaction was rolled back: one of its statements failed, and `work` went on");
      }
      return result;
    } finally {
      closed = true;
    }
  }

  private assertOpen(): void {
    if (this.closing) throw new MnoError("MNO_STORE_UNAVAILABLE", "The database was closed by this process");
  }

  /** Faults of the connection become MNO_STORE_UNAVAILABLE; a refused statement or a fault of the caller stays what it is. */
  private translate(error: unknown): unknown {
    if (error instanceof MnoError || error instanceof TypeError || error instanceof RangeError) return error;
    if (error instanceof DatabaseError && !UNAVAILABLE.test(error.code ?? "")) return error;
    // An AggregateError (all addresses of a name refused) has no message of its own.
    const { message, code } = error as NodeJS.ErrnoException;
    return new MnoError("MNO_STORE_UNAVAILABLE", `PostgreSQL at ${this.where} does not answer: ${message || code}`, {
      cause: error,
    });
  }
}
