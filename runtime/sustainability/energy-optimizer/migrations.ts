import type { Migration } from "../../kernel/store/database";

/** `eo_windows` remembers what was counted, since events may come twice. */
export const MIGRATIONS: readonly Migration[] = [
  {
    name: "0001-energy-optimizer",
    sql: `
      CREATE TABLE eo_usage (
        workload text COLLATE "C" NOT NULL,
        hour_ms bigint NOT NULL,
        samples integer NOT NULL,
        sum_cores double precision NOT NULL,
        most_cores double precision NOT NULL,
        PRIMARY KEY (workload, hour_ms)
      );
      CREATE TABLE eo_windows (
        node text COLLATE "C" NOT NULL,
        from_ms bigint NOT NULL,
        PRIMARY KEY (node, from_ms)
      );
      CREATE TABLE eo_energy (
        kind text NOT NULL,
        name text COLLATE "C" NOT NULL,
        hour_ms bigint NOT NULL,
        seconds double precision NOT NULL,
        kwh double precision NOT NULL,
        idle_kwh double precision NOT NULL,
        PRIMARY KEY (kind, name, hour_ms)
      );
      CREATE TABLE eo_nodes (
        node text COLLATE "C" PRIMARY KEY,
        region text NOT NULL,
        intensity jsonb NOT NULL,
        time_ms bigint NOT NULL
      );
      CREATE TABLE eo_advice (
        workload text COLLATE "C" PRIMARY KEY,
        time_ms bigint NOT NULL,
        advice jsonb NOT NULL
      );
      CREATE TABLE eo_plans (
        id text COLLATE "C" PRIMARY KEY,
        key text COLLATE "C" NOT NULL,
        state text NOT NULL,
        time_ms bigint NOT NULL,
        plan jsonb NOT NULL
      );
      CREATE INDEX eo_plans_key ON eo_plans (key, state);
    `,
  },
];
