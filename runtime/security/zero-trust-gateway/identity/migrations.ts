import type { Migration } from "../../../kernel/store/database";

/**
 * `ztg_changes` is what replicas tell each other: its ids are drawn under a lock, so that they follow the order of commits and
 * "id > n" is what happened since n. Of secrets (sessions, devices, proofs) the database has digests only.
 */
export const IDENTITY_MIGRATIONS: readonly Migration[] = [
  {
    name: "0001-identity",
    sql: `
      CREATE TABLE ztg_changes (
        id bigserial PRIMARY KEY,
        kind text NOT NULL,
        subject text NOT NULL,
        changed_at timestamptz NOT NULL
      );
      CREATE TABLE ztg_sessions (
        id text COLLATE "C" PRIMARY KEY,
        user_id text NOT NULL,
        source text NOT NULL,
        provider_session text,
        attributes jsonb NOT NULL,
        parents jsonb NOT NULL,
        assurance text NOT NULL,
        established_at timestamptz NOT NULL,
        authenticated_at timestamptz NOT NULL,
        seen_at timestamptz NOT NULL,
        expires_at timestamptz NOT NULL,
        client jsonb NOT NULL,
        certificate text,
        device text,
        ended_at timestamptz,
        end_reason text
      );
      CREATE INDEX ztg_sessions_user ON ztg_sessions (user_id, established_at) WHERE ended_at IS NULL;
      CREATE INDEX ztg_sessions_provider ON ztg_sessions (source, provider_session) WHERE ended_at IS NULL;
      CREATE INDEX ztg_sessions_over ON ztg_sessions (expires_at);
      CREATE TABLE ztg_subjects (
        user_id text PRIMARY KEY,
        disabled boolean NOT NULL DEFAULT false,
        tokens_not_before timestamptz,
        attributes jsonb NOT NULL DEFAULT '{}',
        changed_at timestamptz NOT NULL
      );
      CREATE TABLE ztg_risks (
        subject_type text NOT NULL,
        subject text NOT NULL,
        level text NOT NULL,
        probability double precision NOT NULL,
        reasons jsonb NOT NULL,
        because text NOT NULL,
        assessed_at timestamptz NOT NULL,
        expires_at timestamptz NOT NULL,
        PRIMARY KEY (subject_type, subject)
      );
      CREATE TABLE ztg_once (key text COLLATE "C" PRIMARY KEY, expires_at timestamptz NOT NULL);
      CREATE INDEX ztg_once_expiry ON ztg_once (expires_at);
      CREATE TABLE ztg_authenticators (
        id text COLLATE "C" PRIMARY KEY,
        user_id text NOT NULL,
        public_key bytea NOT NULL,
        counter bigint NOT NULL,
        transports jsonb NOT NULL,
        added_at timestamptz NOT NULL
      );
      CREATE INDEX ztg_authenticators_user ON ztg_authenticators (user_id);
      CREATE TABLE ztg_devices (
        digest text COLLATE "C" PRIMARY KEY,
        user_id text NOT NULL,
        expires_at timestamptz NOT NULL
      );
      CREATE TABLE ztg_keys (name text PRIMARY KEY, key bytea NOT NULL);
      CREATE TABLE ztg_login_limits (
        key varchar(255) PRIMARY KEY,
        points integer NOT NULL DEFAULT 0,
        expire bigint
      );
    `,
  },
];
