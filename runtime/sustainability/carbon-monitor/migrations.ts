import type { Migration } from "../../kernel/store/database";

/** Energy in 1e-9 kWh, carbon in 1e-6 gCO2e, times in ms since the epoch. */
export const MIGRATIONS: readonly Migration[] = [
  {
    name: "0001-records",
    sql: `
      CREATE TABLE cm_records (
        id text COLLATE "C" PRIMARY KEY,
        node text COLLATE "C" NOT NULL,
        region text COLLATE "C" NOT NULL,
        from_ms bigint NOT NULL,
        to_ms bigint NOT NULL,
        record jsonb NOT NULL,
        UNIQUE (node, from_ms)
      );
      CREATE INDEX cm_records_time ON cm_records (from_ms);
      CREATE TABLE cm_parts (
        record_id text COLLATE "C" NOT NULL REFERENCES cm_records ON DELETE CASCADE,
        from_ms bigint NOT NULL,
        node text COLLATE "C" NOT NULL,
        region text COLLATE "C" NOT NULL,
        signal text NOT NULL,
        kind text NOT NULL,
        workload text COLLATE "C",
        tenant text COLLATE "C",
        energy bigint NOT NULL,
        idle bigint NOT NULL,
        carbon bigint NOT NULL,
        embodied bigint NOT NULL
      );
      CREATE INDEX cm_parts_record ON cm_parts (record_id);
      CREATE INDEX cm_parts_time ON cm_parts (from_ms);
      CREATE INDEX cm_parts_workload ON cm_parts (workload, from_ms);
      CREATE TABLE cm_measurements (
        node text COLLATE "C" NOT NULL,
        time_ms bigint NOT NULL,
        source text NOT NULL,
        utilisation double precision NOT NULL,
        watts double precision NOT NULL
      );
      CREATE INDEX cm_measurements_node ON cm_measurements (node, time_ms);
      CREATE TABLE cm_budget_use (
        budget text COLLATE "C" NOT NULL,
        period_ms bigint NOT NULL,
        definition text NOT NULL,
        carbon bigint NOT NULL,
        reported jsonb NOT NULL DEFAULT '[]',
        PRIMARY KEY (budget, period_ms)
      );
      CREATE TABLE cm_sides (
        region text COLLATE "C" NOT NULL,
        line double precision NOT NULL,
        side text NOT NULL,
        PRIMARY KEY (region, line)
      );
    `,
  },
  {
    // A pod's share is a part; a measurement knows how fast the cores ran.
    name: "0002-pods",
    sql: `
      ALTER TABLE cm_parts ADD COLUMN namespace text COLLATE "C";
      ALTER TABLE cm_parts ADD COLUMN pod text COLLATE "C";
      ALTER TABLE cm_measurements ADD COLUMN frequency_share double precision;
    `,
  },
  {
    // Records from before 0002 get what is read of every record. What stands in them already stays.
    name: "0003-old-records",
    sql: `
      UPDATE cm_records SET record = jsonb_build_object('systemRule', 'own') || record || jsonb_build_object(
        'factors', jsonb_build_object('assumedLoadSeconds', 0, 'loadFault', 'not noted when this was recorded',
          'unmeasuredPods', 0) || (record->'factors'),
        'parts', (
          SELECT COALESCE(jsonb_agg(jsonb_build_object('namespace', NULL, 'pod', NULL) || part ORDER BY place), '[]')
          FROM jsonb_array_elements(record->'parts') WITH ORDINALITY AS each_part (part, place)
        )
      )
      WHERE record->'systemRule' IS NULL OR record->'factors'->'unmeasuredPods' IS NULL;
    `,
  },
];
