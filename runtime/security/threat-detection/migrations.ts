import type { Migration } from "../../kernel/store/database";

/** Times are milliseconds since the epoch. */
export const MIGRATIONS: readonly Migration[] = [
  {
    name: "0001-threat-detection",
    sql: `
      CREATE TABLE td_pipelines (
        name text COLLATE "C" PRIMARY KEY,
        spec jsonb NOT NULL
      );
      CREATE TABLE td_states (
        name text COLLATE "C" PRIMARY KEY,
        saved_ms bigint NOT NULL,
        artifact bytea,
        state jsonb NOT NULL
      );
      CREATE TABLE td_alerts (
        id text COLLATE "C" PRIMARY KEY,
        detector text NOT NULL,
        entity text NOT NULL,
        state text NOT NULL,
        seen_ms bigint NOT NULL,
        raw bytea,
        alert jsonb NOT NULL
      );
      CREATE INDEX td_alerts_seen ON td_alerts (seen_ms);
      CREATE TABLE td_models (
        id text COLLATE "C" PRIMARY KEY,
        pipeline text NOT NULL,
        version integer NOT NULL,
        state text NOT NULL,
        manifest jsonb NOT NULL,
        signature jsonb NOT NULL,
        artifact bytea NOT NULL,
        UNIQUE (pipeline, version)
      );
      CREATE TABLE td_jobs (
        id text COLLATE "C" PRIMARY KEY,
        state text NOT NULL,
        job jsonb NOT NULL,
        input bytea NOT NULL
      );
    `,
  },
];
