import type { Migration } from "../../kernel/store/database";

/**
 * Times are milliseconds since the epoch. Users, sessions, addresses and devices are pseudonyms; what is `sealed` opens only
 * under the engine's secret. `touched_ms` is the database's time: what changed since the last look is read by it.
 */
export const MIGRATIONS: readonly Migration[] = [
  {
    name: "0001-behavioral-authentication",
    sql: `
      CREATE TABLE ba_meta (name text PRIMARY KEY, value text NOT NULL);
      CREATE TABLE ba_users (
        id text COLLATE "C" PRIMARY KEY,
        touched_ms bigint NOT NULL,
        logins double precision NOT NULL,
        sealed text NOT NULL
      );
      CREATE TABLE ba_templates (
        user_id text COLLATE "C" NOT NULL,
        kind text COLLATE "C" NOT NULL,
        touched_ms bigint NOT NULL,
        sealed text NOT NULL,
        PRIMARY KEY (user_id, kind)
      );
      CREATE TABLE ba_assessments (
        id text COLLATE "C" PRIMARY KEY,
        user_id text COLLATE "C" NOT NULL,
        time_ms bigint NOT NULL,
        score double precision NOT NULL,
        outcome text,
        settled_ms bigint,
        sealed text NOT NULL
      );
      CREATE INDEX ba_assessments_user ON ba_assessments (user_id, id);
      CREATE INDEX ba_assessments_time ON ba_assessments (time_ms);
      CREATE INDEX ba_assessments_settled ON ba_assessments (settled_ms) WHERE settled_ms IS NOT NULL;
      CREATE TABLE ba_counts (
        population text COLLATE "C" NOT NULL,
        dimension text COLLATE "C" NOT NULL,
        key text COLLATE "C" NOT NULL,
        weight double precision NOT NULL,
        time_ms bigint NOT NULL,
        touched_ms bigint NOT NULL,
        PRIMARY KEY (population, dimension, key)
      );
      CREATE INDEX ba_counts_touched ON ba_counts (touched_ms);
    `,
  },
];
