import type { Migration } from "../../kernel/store/database";

/**
 * Private material is sealed under the master key, which the root key wraps. Envelopes share rows of `qc_encapsulations`,
 * for one KEM ciphertext serves many of them. `qc_audit_head` counts records in the transaction that adds them, so that
 * their numbers have no gap.
 */
export const MIGRATIONS: readonly Migration[] = [
  {
    name: "0001-keys",
    sql: `
      CREATE TABLE qc_master (
        id integer PRIMARY KEY,
        root_id text NOT NULL,
        wrapped bytea NOT NULL
      );
      CREATE TABLE qc_keys (
        id text COLLATE "C" PRIMARY KEY,
        alias text COLLATE "C" UNIQUE,
        purpose text NOT NULL,
        state text NOT NULL,
        current_version integer NOT NULL,
        suite text NOT NULL,
        rotation_days double precision,
        grants jsonb NOT NULL,
        created_at bigint NOT NULL,
        rotated_at bigint NOT NULL,
        destroy_at bigint
      );
      CREATE TABLE qc_key_versions (
        key_id text COLLATE "C" NOT NULL REFERENCES qc_keys (id),
        version integer NOT NULL,
        suite text NOT NULL,
        public_key bytea,
        sealed bytea,
        created_at bigint NOT NULL,
        destroyed_at bigint,
        PRIMARY KEY (key_id, version)
      );
      CREATE TABLE qc_encapsulations (
        id bigserial PRIMARY KEY,
        digest text COLLATE "C" NOT NULL UNIQUE,
        key_id text COLLATE "C" NOT NULL,
        version integer NOT NULL,
        head bytea NOT NULL
      );
      CREATE TABLE qc_envelopes (
        id text COLLATE "C" PRIMARY KEY,
        key_id text COLLATE "C" NOT NULL,
        version integer NOT NULL,
        encapsulation bigint NOT NULL,
        tail bytea NOT NULL,
        context jsonb NOT NULL
      );
      CREATE INDEX qc_envelopes_key ON qc_envelopes (key_id, id);
      CREATE TABLE qc_rewraps (
        key_id text COLLATE "C" PRIMARY KEY,
        target_version integer NOT NULL,
        cursor text COLLATE "C" NOT NULL,
        total bigint NOT NULL,
        done bigint NOT NULL,
        failed bigint NOT NULL,
        started_at bigint NOT NULL,
        finished_at bigint
      );
      CREATE TABLE qc_audit_head (
        id integer PRIMARY KEY,
        records bigint NOT NULL,
        batched bigint NOT NULL
      );
      INSERT INTO qc_audit_head VALUES (1, 0, 0);
      CREATE TABLE qc_audit_records (
        sequence bigint PRIMARY KEY,
        id text COLLATE "C" NOT NULL UNIQUE,
        key_id text COLLATE "C",
        record text NOT NULL
      );
      CREATE INDEX qc_audit_records_key ON qc_audit_records (key_id, sequence);
      CREATE TABLE qc_audit_batches (
        number bigint PRIMARY KEY,
        first_sequence bigint NOT NULL,
        size integer NOT NULL,
        statement text NOT NULL,
        signature bytea NOT NULL,
        key_id text NOT NULL,
        key_version integer NOT NULL
      );
    `,
  },
];
