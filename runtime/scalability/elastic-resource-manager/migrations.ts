import type { Migration } from "../../kernel/store/database";

/**
 * One row per allocation, with the idempotency key that asked for it and the decision that granted it: one insert makes all
 * three durable. `version` is the number of the batch that last changed the row, drawn from `erm_version` under the ledger's
 * lock, so that it follows the order of commits and "version > n" is what others did since n.
 */
export const MIGRATIONS: readonly Migration[] = [
  {
    name: "0001-allocations",
    sql: `
      CREATE SEQUENCE erm_version;
      CREATE TABLE erm_allocations (
        id text COLLATE "C" PRIMARY KEY,
        version bigint NOT NULL,
        tenant text NOT NULL,
        workload text,
        cpu_milli bigint NOT NULL CHECK (cpu_milli >= 0),
        memory_bytes bigint NOT NULL CHECK (memory_bytes >= 0),
        nodes jsonb NOT NULL,
        strategy text NOT NULL,
        created_at timestamptz NOT NULL,
        expires_at timestamptz,
        released_at timestamptz,
        release_reason text,
        idempotency_key text COLLATE "C",
        request_hash text COLLATE "C",
        decision jsonb NOT NULL
      );
      CREATE UNIQUE INDEX erm_allocations_key ON erm_allocations (idempotency_key) WHERE idempotency_key IS NOT NULL;
      CREATE INDEX erm_allocations_version ON erm_allocations (version);
      CREATE INDEX erm_allocations_active ON erm_allocations (id) WHERE released_at IS NULL;
    `,
  },
  {
    name: "0002-gpus-and-custom-resources",
    sql: `
      ALTER TABLE erm_allocations
        ADD COLUMN gpu_milli bigint NOT NULL DEFAULT 0 CHECK (gpu_milli >= 0),
        ADD COLUMN devices jsonb,
        ADD COLUMN custom jsonb;
    `,
  },
  {
    name: "0003-priorities-gangs-quotas",
    sql: `
      ALTER TABLE erm_allocations
        ADD COLUMN priority integer,
        ADD COLUMN preemptible boolean NOT NULL DEFAULT false,
        ADD COLUMN gang text COLLATE "C";
      CREATE INDEX erm_allocations_gang ON erm_allocations (gang) WHERE gang IS NOT NULL;
      CREATE TABLE erm_quotas (tenant text PRIMARY KEY, quota jsonb NOT NULL);
    `,
  },
  {
    name: "0004-reservations",
    sql: `ALTER TABLE erm_allocations ADD COLUMN reserved_from timestamptz;`,
  },
];
