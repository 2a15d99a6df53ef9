import type { Migration } from "../../../kernel/store/database";

/**
 * Every change of the stored policies is a version of all of them; the one with the highest number is in use. Entities are one
 * row each, and `revision` tells other replicas that some have changed.
 */
export const MIGRATIONS: readonly Migration[] = [
  {
    name: "0001-policies",
    sql: `
      CREATE TABLE ztg_policy_versions (
        number bigserial PRIMARY KEY,
        created_at timestamptz NOT NULL DEFAULT now(),
        reason text NOT NULL,
        digest text NOT NULL,
        bundle jsonb NOT NULL
      );
      CREATE TABLE ztg_policy_entities (
        type text COLLATE "C" NOT NULL,
        id text COLLATE "C" NOT NULL,
        record jsonb NOT NULL,
        PRIMARY KEY (type, id)
      );
      CREATE TABLE ztg_policy_entity_revision (revision bigint NOT NULL);
      INSERT INTO ztg_policy_entity_revision VALUES (0);
    `,
  },
];
