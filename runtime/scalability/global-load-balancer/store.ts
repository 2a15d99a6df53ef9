import { enqueue } from "../../kernel/events/outbox";
import type { CloudEvent } from "../../kernel/events/cloudevent";
import type { Database, Migration, Queryable } from "../../kernel/store/database";
import type { UpstreamSpec } from "./spec";

/** Versions kept of each upstream. */
const VERSIONS_KEPT = 50;

const MIGRATIONS: readonly Migration[] = [
  {
    name: "0001-upstreams",
    sql: `
      CREATE SEQUENCE glb_version;
      CREATE TABLE glb_upstreams (
        name text COLLATE "C" PRIMARY KEY,
        spec jsonb NOT NULL,
        declared boolean NOT NULL,
        version bigint NOT NULL
      );
      CREATE TABLE glb_versions (
        name text COLLATE "C" NOT NULL,
        version bigint NOT NULL,
        time_ms bigint NOT NULL,
        changes jsonb NOT NULL,
        spec jsonb NOT NULL,
        PRIMARY KEY (name, version)
      );
    `,
  },
];

/** An upstream as it is in force; the version grows with every change of any upstream. */
export interface StoredUpstream {
  readonly spec: UpstreamSpec;
  readonly version: number;
}

/** One change of an upstream, with what it changed. */
export interface UpstreamVersion extends StoredUpstream {
  /** Milliseconds since the epoch. */
  readonly time: number;
  /** Sentences. */
  readonly changes: readonly string[];
}

/** The engine's tables. */
export class UpstreamStore {
  constructor(private readonly database: Database) {}

  async migrate(): Promise<void> {
    await this.database.migrate("global-load-balancer", MIGRATIONS);
  }

  async list(): Promise<StoredUpstream[]> {
    return this.database.query<StoredUpstream>("SELECT spec, version FROM glb_upstreams ORDER BY name");
  }

  async get(name: string): Promise<StoredUpstream | undefined> {
    const rows = await this.database.query<StoredUpstream>("SELECT spec, version FROM glb_upstreams WHERE name = $1", [
      name,
    ]);
    return rows[0];
  }

  /**
   * Creates or replaces, if the version is still `expected` (where it is given); undefined where it is not. `explain` says what is
   * changed, from what was there before.
   */
  put(
    spec: UpstreamSpec,
    {
      expected,
      now,
      explain,
    }: { expected?: number; now: number; explain: (before: UpstreamSpec | undefined) => string[] },
  ): Promise<(UpstreamVersion & { readonly created: boolean }) | undefined> {
    return this.database.transaction(async (tx) => {
      const [before] = await tx.query<StoredUpstream>(
        "SELECT spec, version FROM glb_upstreams WHERE name = $1 FOR UPDATE",
        [spec.name],
      );
      if (expected !== undefined && before?.version !== expected) return undefined;
      const changes = explain(before?.spec);
      const version = await upsert(tx, spec, false, now, changes);
      return { spec, version, time: now, changes, created: before === undefined };
    });
  }

  /** Makes the declared upstreams exactly these; those made through the API stay, unless one of these has their name. */
  async declare(
    specs: readonly UpstreamSpec[],
    now: number,
    explain: (before: UpstreamSpec | undefined, after: UpstreamSpec) => string[],
  ): Promise<void> {
    await this.database.transaction(async (tx) => {
      const known = await tx.query<StoredUpstream & { declared: boolean }>(
        "SELECT spec, version, declared FROM glb_upstreams",
      );
      const wanted = new Set(specs.map(({ name }) => name));
      for (const { spec, declared } of known) {
        if (declared && !wanted.has(spec.name))
          await tx.query("DELETE FROM glb_upstreams WHERE name = $1", [spec.name]);
      }
      for (const spec of specs) {
        const before = known.find(({ spec: each }) => each.name === spec.name);
        const changes = explain(before?.spec, spec);
        // Another replica's start with the same declaration changes nothing.
        if (before?.declared !== true || changes.length > 0) await upsert(tx, spec, true, now, changes);
      }
    });
  }

  /** Resolves to whether there was one; its past versions stay. */
  async delete(name: string): Promise<boolean> {
    const rows = await this.database.query("DELETE FROM glb_upstreams WHERE name = $1 RETURNING name", [name]);
    return rows.length > 0;
  }

  /** Newest first; also of an upstream that is gone. */
  async versions(name: string): Promise<UpstreamVersion[]> {
    return this.database.query<UpstreamVersion>(
      "SELECT spec, version, time_ms AS time, changes FROM glb_versions WHERE name = $1 ORDER BY version DESC",
      [name],
    );
  }

  async emit(events: readonly CloudEvent[]): Promise<void> {
    await this.database.transaction((tx) => enqueue(tx, events));
  }
}

async function upsert(
  tx: Queryable,
  spec: UpstreamSpec,
  declared: boolean,
  now: number,
  changes: string[],
): Promise<number> {
  const text = JSON.stringify(spec);
  const [row] = await tx.query<{ version: number }>(
    `INSERT INTO glb_upstreams (name, spec, declared, version) VALUES ($1, $2::jsonb, $3, nextval('glb_version'))
     ON CONFLICT (name) DO UPDATE SET spec = excluded.spec, declared = excluded.declared, version = excluded.version
     RETURNING version`,
    [spec.name, text, declared],
  );
  const version = row?.version ?? 0;
  await tx.query(
    "INSERT INTO glb_versions (name, version, time_ms, changes, spec) VALUES ($1, $2, $3, $4::jsonb, $5::jsonb)",
    [spec.name, version, now, JSON.stringify(changes), text],
  );
  await tx.query(
    `DELETE FROM glb_versions WHERE name = $1 AND version <=
       (SELECT version FROM glb_versions WHERE name = $1 ORDER BY version DESC OFFSET $2 LIMIT 1)`,
    [spec.name, VERSIONS_KEPT],
  );
  return version;
}
