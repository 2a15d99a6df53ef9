import type { Logger } from "pino";
import { MnoError } from "../../exports";
import type { Database } from "./database";
import { openPglite } from "./pglite";
import { openPostgres } from "./postgres";

const SUPPORTED = "pglite:<folder>, pglite:memory, or postgres://user:password@host:port/database";

/**
 * Opens the database that `url` names:
 * - `pglite:<folder>`: PostgreSQL inside this process, its files in the folder, which one process at a time may hold;
 * - `pglite:memory`: the same without files; everything is gone at close;
 * - `postgres://…`, `postgresql://…`: a server. Nothing is connected until the first statement, so that a replica may
 *   start before its database; `ping` tells whether it answers. libpq's URL parameters apply (sslmode, statement_timeout…).
 *
 * Whatever the engine, parameters and values are the same: JSON parameters are passed as text (`JSON.stringify`), `json`
 * and `jsonb` columns come back parsed; `bigint` comes back as a number, or as a BigInt beyond ±2^53; `numeric` as a
 * string; `timestamp` (read as UTC), `timestamptz` and `date` (midnight UTC) as a Date; `bytea` as a Uint8Array. A
 * statement that the server refuses rejects with the driver's error, whose `code` is the SQLSTATE.
 *
 * Inside `transaction(work)` use the `tx` that `work` is given: another statement through the database waits, with
 * PGlite, for the very transaction that waits for it.
 *
 * Errors: MNO_STORE_URL_INVALID, MNO_STORE_LOCKED (another process holds the folder), MNO_STORE_UNAVAILABLE. No error
 * and no log line contains the URL's password.
 */
export async function openDatabase(url: string, dependencies: { log: Logger }): Promise<Database> {
  const log = dependencies.log.child({ component: "store" });
  const scheme = /^([a-z]+):/i.exec(url)?.[1]?.toLowerCase();
  if (scheme === "pglite") {
    const folder = url.slice("pglite:".length);
    if (folder === "") {
      throw new MnoError("MNO_STORE_URL_INVALID", `The URL "pglite:" names no folder; supported are ${SUPPORTED}`);
    }
    return openPglite(folder === "memory" ? undefined : folder, log);
  }
  if (scheme === "postgres" || scheme === "postgresql") {
    // Not the parser's own error: it repeats its input, and the input holds the password.
    if (!URL.canParse(url)) {
      throw new MnoError("MNO_STORE_URL_INVALID", `The ${scheme} URL cannot be parsed; supported are ${SUPPORTED}`);
    }
    return openPostgres(url, log);
  }
  const named = scheme === undefined ? "The URL has no scheme" : `The scheme "${scheme}:" is not supported`;
  throw new MnoError("MNO_STORE_URL_INVALID", `${named}; supported are ${SUPPORTED}`);
}
