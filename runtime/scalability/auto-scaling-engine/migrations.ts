import type { Migration } from "../../kernel/store/database";

/** `revision` is new after every change of the scaler and every evaluation; who commits against an old one has lost. */
export const MIGRATIONS: readonly Migration[] = [
  {
    name: "0001-scalers",
    sql: `
      CREATE SEQUENCE ase_revision;
      CREATE TABLE ase_scalers (
        workload text COLLATE "C" PRIMARY KEY,
        spec jsonb NOT NULL,
        declared boolean NOT NULL,
        revision bigint NOT NULL
      );
      CREATE TABLE ase_recommendations (
        workload text COLLATE "C" NOT NULL REFERENCES ase_scalers ON DELETE CASCADE,
        time_ms bigint NOT NULL,
        replicas bigint NOT NULL
      );
      CREATE INDEX ase_recommendations_workload ON ase_recommendations (workload, time_ms);
      CREATE TABLE ase_scale_events (
        workload text COLLATE "C" NOT NULL REFERENCES ase_scalers ON DELETE CASCADE,
        time_ms bigint NOT NULL,
        change bigint NOT NULL
      );
      CREATE INDEX ase_scale_events_workload ON ase_scale_events (workload, time_ms);
      CREATE TABLE ase_decisions (
        id text COLLATE "C" PRIMARY KEY,
        workload text COLLATE "C" NOT NULL,
        time_ms bigint NOT NULL,
        decision jsonb NOT NULL
      );
      CREATE INDEX ase_decisions_workload ON ase_decisions (workload, id);
      CREATE TABLE ase_grants (
        allocation_id text COLLATE "C" PRIMARY KEY,
        workload text COLLATE "C" NOT NULL,
        replicas bigint NOT NULL,
        ended_ms bigint
      );
      CREATE INDEX ase_grants_workload ON ase_grants (workload) WHERE ended_ms IS NULL;
    `,
  },
  {
    name: "0002-pending-scales",
    sql: `
      ALTER TABLE ase_decisions ADD COLUMN pending boolean NOT NULL DEFAULT false;
      CREATE INDEX ase_decisions_pending ON ase_decisions (workload, id) WHERE pending;
      ALTER TABLE ase_scale_events ADD COLUMN decision_id text COLLATE "C";
      CREATE INDEX ase_scale_events_decision ON ase_scale_events (decision_id);
    `,
  },
  {
    name: "0003-memory",
    sql: `
      ALTER TABLE ase_scalers ADD COLUMN memory jsonb NOT NULL DEFAULT '{}';
      ALTER TABLE ase_scalers ADD COLUMN served bigint;
      ALTER TABLE ase_scalers ADD COLUMN served_ms bigint;
      CREATE TABLE ase_predictors (
        workload text COLLATE "C" PRIMARY KEY REFERENCES ase_scalers ON DELETE CASCADE,
        metric text NOT NULL,
        snapshot jsonb NOT NULL
      );
    `,
  },
];
