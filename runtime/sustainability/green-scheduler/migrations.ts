import type { Migration } from "../../kernel/store/database";

/**
 * Times are milliseconds since the epoch. `revision` keeps the leader and a request from writing over each other. Of a
 * settled job energy is in 1e-9 kWh and carbon in 1e-6 gCO2e, so that sums are exact.
 */
export const MIGRATIONS: readonly Migration[] = [
  {
    name: "0001-green-scheduler",
    sql: `
      CREATE TABLE gs_jobs (
        id text COLLATE "C" PRIMARY KEY,
        name text COLLATE "C" NOT NULL,
        revision integer NOT NULL,
        settled boolean NOT NULL,
        finished_ms bigint,
        region text COLLATE "C",
        signal text,
        source text,
        energy_e9 bigint,
        grams_e6 bigint,
        baseline_e6 bigint,
        record jsonb NOT NULL
      );
      CREATE UNIQUE INDEX gs_jobs_open ON gs_jobs (name) WHERE finished_ms IS NULL;
      CREATE INDEX gs_jobs_unsettled ON gs_jobs (id) WHERE NOT settled;
      CREATE INDEX gs_jobs_name ON gs_jobs (name, id);
      CREATE TABLE gs_decisions (
        id text COLLATE "C" PRIMARY KEY,
        job text COLLATE "C" NOT NULL,
        time_ms bigint NOT NULL,
        decision jsonb NOT NULL
      );
      CREATE TABLE gs_run_times (
        key text COLLATE "C" NOT NULL,
        job text COLLATE "C" NOT NULL,
        time_ms bigint NOT NULL,
        seconds double precision NOT NULL,
        PRIMARY KEY (key, job)
      );
    `,
  },
];
