import { createHash } from "node:crypto";
import type { Database, Migration, Queryable } from "../../../kernel/store/database";
import type { Route } from "./route";

const MIGRATIONS: readonly Migration[] = [
  {
    name: "0001-routes",
    sql: `
      CREATE TABLE ztg_routes (
        singleton boolean PRIMARY KEY DEFAULT true CHECK (singleton),
        version bigint NOT NULL,
        routes jsonb NOT NULL,
        declared text NOT NULL
      );
      INSERT INTO ztg_routes (version, routes, declared) VALUES (0, '[]', '');
    `,
  },
];

/** The routes in force; the version grows with every change. */
export interface StoredRoutes {
  readonly version: number;
  readonly routes: readonly Route[];
}

/** The gateway's routes, one set for all replicas. */
export class RouteStore {
  constructor(private readonly database: Database) {}

  async migrate(): Promise<void> {
    await this.database.migrate("zero-trust-gateway-routes", MIGRATIONS);
  }

  async get(): Promise<StoredRoutes> {
    return one(await this.database.query<Row>("SELECT version::text, routes FROM ztg_routes"));
  }

  /** Replaces the routes, if the version is still `expected` (where it is given); undefined where it is not. */
  async put(routes: readonly Route[], expected?: number): Promise<StoredRoutes | undefined> {
    return this.database.transaction(async (tx) => {
      const before = one(await tx.query<Row>("SELECT version::text, routes FROM ztg_routes FOR UPDATE"));
      return expected === undefined || before.version === expected ? write(tx, routes) : undefined;
    });
  }

  /** Puts the declared routes in force, unless they were declared so before: what was changed since then stays. */
  async declare(routes: readonly Route[]): Promise<void> {
    const digest = createHash("sha256").update(JSON.stringify(routes)).digest("hex");
    await this.database.transaction(async (tx) => {
      const [known] = await tx.query<{ declared: string }>("SELECT declared FROM ztg_routes FOR UPDATE");
      // None declared is no declaration: routes then come over HTTP only.
      if (known?.declared === digest || (known?.declared === "" && routes.length === 0)) return;
      await write(tx, routes);
      await tx.query("UPDATE ztg_routes SET declared = $1", [digest]);
    });
  }
}

interface Row {
  readonly version: string;
  readonly routes: readonly Route[];
}

async function write(tx: Queryable, routes: readonly Route[]): Promise<StoredRoutes> {
  const statement = "UPDATE ztg_routes SET version = version + 1, routes = $1::jsonb RETURNING version::text, routes";
  return one(await tx.query<Row>(statement, [JSON.stringify(routes)]));
}

/** The table has exactly one row. */
function one([row]: readonly Row[]): StoredRoutes {
  return { version: Number(row?.version ?? 0), routes: row?.routes ?? [] };
}
