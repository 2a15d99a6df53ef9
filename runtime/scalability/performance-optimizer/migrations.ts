import type { Migration } from "../../kernel/store/database";

/** `begun` is set before the knob is turned for the first time: who finds it set without knowing why has to turn it back. */
export const MIGRATIONS: readonly Migration[] = [
  {
    name: "0001-optimizer",
    sql: `
      CREATE TABLE po_usage (
        workload text COLLATE "C" PRIMARY KEY,
        seen_ms bigint NOT NULL,
        checkpoint jsonb NOT NULL
      );
      CREATE TABLE po_advice (
        id text COLLATE "C" PRIMARY KEY,
        workload text COLLATE "C" NOT NULL,
        state text NOT NULL,
        time_ms bigint NOT NULL,
        advice jsonb NOT NULL
      );
      CREATE UNIQUE INDEX po_advice_open ON po_advice (workload) WHERE state = 'open';
      CREATE TABLE po_experiments (
        id text COLLATE "C" PRIMARY KEY,
        knob_url text NOT NULL,
        state text NOT NULL,
        begun boolean NOT NULL,
        time_ms bigint NOT NULL,
        experiment jsonb NOT NULL
      );
      CREATE UNIQUE INDEX po_experiments_knob ON po_experiments (knob_url) WHERE state <> 'done';
    `,
  },
];
