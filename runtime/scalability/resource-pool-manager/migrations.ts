import type { Migration } from "../../kernel/store/database";

/**
 * What changes a pool locks its row first, so replicas take turns, pool by pool. `rpm_holdings` says it once more: its
 * primary key lets no slot have two leases, whatever the code does. `rpm_fences` remembers removed pools, so that one made
 * anew under the same name goes on with larger fencing tokens.
 */
export const MIGRATIONS: readonly Migration[] = [
  {
    name: "0001-pools",
    sql: `
      CREATE TABLE rpm_pools (
        name text COLLATE "C" PRIMARY KEY,
        kind text NOT NULL,
        slots jsonb NOT NULL,
        lease_seconds bigint NOT NULL,
        leak_after_seconds bigint,
        fence bigint NOT NULL DEFAULT 0,
        exhausted_since timestamptz
      );
      CREATE TABLE rpm_fences (
        pool text COLLATE "C" PRIMARY KEY,
        fence bigint NOT NULL
      );
      CREATE TABLE rpm_leases (
        id text COLLATE "C" PRIMARY KEY,
        pool text COLLATE "C" NOT NULL,
        slots jsonb NOT NULL,
        holder text NOT NULL,
        site text,
        fencing_token bigint NOT NULL,
        granted_at timestamptz NOT NULL,
        expires_at timestamptz NOT NULL,
        ended_at timestamptz,
        end_reason text,
        idempotency_key text COLLATE "C",
        request_hash text COLLATE "C",
        decision jsonb NOT NULL
      );
      CREATE UNIQUE INDEX rpm_leases_key ON rpm_leases (pool, idempotency_key) WHERE idempotency_key IS NOT NULL;
      CREATE INDEX rpm_leases_active ON rpm_leases (pool, id) WHERE ended_at IS NULL;
      CREATE INDEX rpm_leases_due ON rpm_leases (expires_at) WHERE ended_at IS NULL;
      CREATE INDEX rpm_leases_expired ON rpm_leases (pool, id) WHERE end_reason = 'expired';
      CREATE TABLE rpm_holdings (
        pool text COLLATE "C" NOT NULL,
        slot text COLLATE "C" NOT NULL,
        lease_id text COLLATE "C" NOT NULL,
        PRIMARY KEY (pool, slot)
      );
      CREATE INDEX rpm_holdings_lease ON rpm_holdings (lease_id);
      CREATE TABLE rpm_tickets (
        id text COLLATE "C" PRIMARY KEY,
        pool text COLLATE "C" NOT NULL,
        position bigint NOT NULL,
        count bigint NOT NULL,
        holder text NOT NULL,
        key text COLLATE "C",
        request_hash text COLLATE "C",
        asked_at timestamptz NOT NULL,
        present_until timestamptz NOT NULL,
        kept_until timestamptz NOT NULL
      );
      CREATE UNIQUE INDEX rpm_tickets_position ON rpm_tickets (pool, position);
      CREATE TABLE rpm_refusals (
        id text COLLATE "C" PRIMARY KEY,
        decided_at timestamptz NOT NULL,
        decision jsonb NOT NULL
      );
    `,
  },
];
