import type { Migration } from "../../kernel/store/database";

/**
 * The log: `si_events` has one row per record, in the order of `seq`; `si_blocks` one per append, with the hashes of its records and
 * of the block before, so that a row that was changed, removed or moved no longer fits; `si_checkpoints` the signed heads of it all.
 * `si_head` is what the next append goes on from; its row's lock puts the appends of all replicas in order.
 */
export const MIGRATIONS: readonly Migration[] = [
  {
    name: "0001-log",
    sql: `
      CREATE TABLE si_events (
        seq bigint PRIMARY KEY,
        uid text COLLATE "C" NOT NULL,
        class_uid integer NOT NULL,
        time_ms bigint NOT NULL,
        severity smallint NOT NULL,
        user_id text COLLATE "C",
        address text COLLATE "C",
        session text COLLATE "C",
        record text NOT NULL
      );
      CREATE UNIQUE INDEX si_events_uid ON si_events (uid);
      CREATE INDEX si_events_time ON si_events (time_ms);
      CREATE INDEX si_events_user ON si_events (user_id, time_ms) WHERE user_id IS NOT NULL;
      CREATE INDEX si_events_address ON si_events (address, time_ms) WHERE address IS NOT NULL;
      CREATE TABLE si_blocks (
        number bigint PRIMARY KEY,
        first_seq bigint NOT NULL,
        count integer NOT NULL,
        created_ms bigint NOT NULL,
        leaves text NOT NULL,
        kinds text NOT NULL,
        previous text NOT NULL,
        hash text NOT NULL
      );
      CREATE TABLE si_checkpoints (
        size bigint PRIMARY KEY,
        checkpoint text NOT NULL,
        key_id text NOT NULL,
        signature text NOT NULL
      );
      CREATE TABLE si_head (
        singleton boolean PRIMARY KEY DEFAULT true CHECK (singleton),
        next_seq bigint NOT NULL,
        next_block bigint NOT NULL,
        hash text NOT NULL,
        frontier text NOT NULL
      );
      CREATE TABLE si_cursor (singleton boolean PRIMARY KEY DEFAULT true CHECK (singleton), seq bigint NOT NULL);
    `,
  },
  {
    name: "0002-incidents",
    sql: `
      CREATE TABLE si_alerts (
        id text COLLATE "C" PRIMARY KEY,
        incident text COLLATE "C" NOT NULL,
        time_ms bigint NOT NULL,
        alert jsonb NOT NULL
      );
      CREATE INDEX si_alerts_incident ON si_alerts (incident, time_ms);
      CREATE INDEX si_alerts_time ON si_alerts (time_ms);
      CREATE TABLE si_incidents (
        id text COLLATE "C" PRIMARY KEY,
        status text NOT NULL,
        last_ms bigint NOT NULL,
        incident jsonb NOT NULL
      );
      CREATE INDEX si_incidents_status ON si_incidents (status, last_ms);
      CREATE TABLE si_responses (
        id text COLLATE "C" PRIMARY KEY,
        incident text COLLATE "C" NOT NULL,
        status text NOT NULL,
        changed_ms bigint NOT NULL,
        response jsonb NOT NULL
      );
      CREATE INDEX si_responses_incident ON si_responses (incident);
      CREATE INDEX si_responses_status ON si_responses (status, changed_ms);
      CREATE TABLE si_notifications (
        id text COLLATE "C" PRIMARY KEY,
        channel text NOT NULL,
        due_ms bigint NOT NULL,
        attempts integer NOT NULL,
        status text NOT NULL,
        message jsonb NOT NULL,
        error text
      );
      CREATE INDEX si_notifications_due ON si_notifications (due_ms) WHERE status = 'waiting';
    `,
  },
  {
    name: "0003-response-expiry",
    sql: `
      ALTER TABLE si_responses ADD COLUMN expires_ms bigint;
      CREATE INDEX si_responses_expires ON si_responses (expires_ms) WHERE expires_ms IS NOT NULL;
    `,
  },
];
