import { existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { PGlite, type PGliteOptions } from "@electric-sql/pglite";
import type { Logger } from "pino";
import { MnoError } from "../../exports";
import type { Database, Migration, Queryable } from "./database";
import { acquireProcessLock } from "../process-lock";
import { migrate } from "./migrate";
import { DurableNodeFs, durableStartParams } from "./pglite-durability";
import { PgliteUpkeep } from "./pglite-upkeep";
import type { Session } from "./session";
import { DATE_PARSERS } from "./values";

/** Opens PGlite in `folder` (created where missing), or in memory where that is undefined. */
export async function openPglite(folder: string | undefined, log: Logger): Promise<Database> {
  if (folder === undefined) return new PgliteDatabase(await start({}, "in memory"), log, () => undefined);
  const root = resolve(folder);
  mkdirSync(root, { recursive: true, mode: 0o700 });
  const release = acquireProcessLock(join(root, "mno.lock"), "an open database", "MNO_STORE_LOCKED");
  try {
    const pglite = await startInFolder(root);
    return new PgliteDatabase(pglite, log, release);
  } catch (error) {
    release();
    throw error;
  }
}

/**
 * A process killed during the very first open leaves a cluster that looks complete and is not. The marker stands from
 * before the first file to after the first complete start; while it does, no row can have been committed.
 */
async function startInFolder(root: string): Promise<PGlite> {
  const data = join(root, "pgdata");
  const marker = join(root, "initialising");
  if (existsSync(marker)) rmSync(data, { recursive: true, force: true });
  const isNew = !existsSync(data);
  if (isNew) writeFileSync(marker, "");
  const pglite = await start({ fs: new DurableNodeFs(data), startParams: durableStartParams() }, `in ${root}`);
  if (isNew) rmSync(marker);
  return pglite;
}

async function start(options: PGliteOptions, where: string): Promise<PGlite> {
  try {
    return await PGlite.create({ ...options, parsers: DATE_PARSERS });
  } catch (error) {
    throw new MnoError("MNO_STORE_UNAVAILABLE", `PGlite ${where} does not start: ${(error as Error).message}`, {
      cause: error,
    });
  }
}

type PgliteSession = Pick<PGlite, "query" | "exec">;

function sessionOf(pglite: PgliteSession): Session {
  return {
    query: async <Row>(sql: string, parameters: readonly unknown[] = []) =>
      (await pglite.query<Row>(sql, [...parameters])).rows,
    execute: async (script) => void (await pglite.exec(script)),
  };
}

/** PGlite has one connection and queues on it, transactions as a whole: they run one after the other. */
class PgliteDatabase implements Database {
  readonly engine = "pglite";
  private readonly session: Session;
  private readonly upkeep: PgliteUpkeep;
  private closing: Promise<void> | undefined;

  constructor(
    private readonly pglite: PGlite,
    log: Logger,
    private readonly release: () => void,
  ) {
    this.session = sessionOf(pglite);
    this.upkeep = new PgliteUpkeep(pglite, log);
  }

  async query<Row>(sql: string, parameters?: readonly unknown[]): Promise<Row[]> {
    this.assertOpen();
    const rows = await this.session.query<Row>(sql, parameters);
    this.upkeep.noteStatement();
    return rows;
  }

  transaction<T>(work: (tx: Queryable) => Promise<T>): Promise<T> {
    return this.inTransaction(work);
  }

  migrate(set: string, migrations: readonly Migration[]): Promise<void> {
    return migrate((work) => this.inTransaction(work), set, migrations);
  }

  async ping(): Promise<void> {
    this.assertOpen();
    await this.session.query("SELECT 1").catch((error: unknown) => {
      throw new MnoError("MNO_STORE_UNAVAILABLE", `PGlite does not answer: ${(error as Error).message}`, {
        cause: error,
      });
    });
  }

  close(): Promise<void> {
    this.closing ??= this.pglite.close().finally(this.release);
    return this.closing;
  }

  private async inTransaction<T>(work: (session: Session) => Promise<T>): Promise<T> {
    this.assertOpen();
    const result = await this.pglite.transaction((tx) => work(sessionOf(tx)));
    this.upkeep.noteStatement();
    return result;
  }

  private assertOpen(): void {
    if (this.closing) throw new MnoError("MNO_STORE_UNAVAILABLE", "The database was closed by this process");
  }
}
