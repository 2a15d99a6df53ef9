import { createHash } from "node:crypto";
import { MnoError } from "../../exports";
import type { Migration } from "./database";
import type { Session } from "./session";

/** Any constant does that nothing else in the database uses as an advisory lock: "mno" in ASCII. */
const LOCK_KEY = 0x6d6e6f;

const TABLE = `
  CREATE TABLE IF NOT EXISTS mno_migrations (
    set_name text NOT NULL,
    name text NOT NULL,
    checksum text NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (set_name, name)
  )`;

interface Applied {
  name: string;
  checksum: string;
}

type InTransaction = <T>(work: (session: Session) => Promise<T>) => Promise<T>;

/**
 * Applies what is pending, one transaction each. Every transaction takes the advisory lock and looks again at what is
 * applied, so replicas that start together take turns, and one that dies leaves neither a lock nor half a migration.
 */
export async function migrate(
  inTransaction: InTransaction,
  set: string,
  migrations: readonly Migration[],
): Promise<void> {
  const sums = migrations.map(({ sql }) => createHash("sha256").update(sql).digest("hex"));
  for (;;) {
    const done = await inTransaction(async (session) => {
      // Another replica's migration may hold the lock for longer than a statement may otherwise take.
      await session.execute("SET LOCAL statement_timeout = 0");
      await session.query("SELECT pg_advisory_xact_lock($1)", [LOCK_KEY]);
      await session.execute(TABLE);
      const applied = await session.query<Applied>(
        'SELECT name, checksum FROM mno_migrations WHERE set_name = $1 ORDER BY name COLLATE "C"',
        [set],
      );
      const index = nextPending(set, migrations, sums, applied);
      const next = migrations[index];
      if (next === undefined) return true;
      await session.execute(next.sql);
      await session.query("INSERT INTO mno_migrations (set_name, name, checksum) VALUES ($1, $2, $3)", [
        set,
        next.name,
        sums[index],
      ]);
      return false;
    });
    if (done) return;
  }
}

/**
 * Index of the first migration not applied yet, or -1. What is applied and unknown here is left alone: during a rolling
 * update the new release may have been here first.
 */
export function nextPending(
  set: string,
  migrations: readonly Migration[],
  sums: readonly string[],
  applied: readonly Applied[],
): number {
  const appliedSums = new Map(applied.map(({ name, checksum }) => [name, checksum]));
  const lastApplied = migrations.findLast(({ name }) => appliedSums.has(name))?.name ?? "";
  let pending = -1;
  migrations.forEach(({ name }, index) => {
    const previous = migrations[index - 1]?.name;
    if (previous !== undefined && previous >= name) {
      throw new MnoError(
        "MNO_STORE_MIGRATION_INVALID",
        `Migration "${name}" of set "${set}" comes after "${previous}"; names must be unique and in ascending order`,
      );
    }
    const sum = appliedSums.get(name);
    if (sum === undefined) {
      if (name < lastApplied) {
        throw new MnoError(
          "MNO_STORE_MIGRATION_INVALID",
          `Migration "${name}" of set "${set}" is new, but "${lastApplied}" was applied before; give it a later name`,
        );
      }
      if (pending < 0) pending = index;
    } else if (sum !== sums[index]) {
      throw new MnoError(
        "MNO_STORE_MIGRATION_CHANGED",
        `Migration "${name}" of set "${set}" was applied and has changed since; restore it and add a new migration`,
      );
    }
  });
  return pending;
}
