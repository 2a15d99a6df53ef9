import type { Migration } from "../../kernel/store/database";
import { SUMS } from "./record";

const CELLS = `
  at timestamptz NOT NULL,
  series bigint NOT NULL REFERENCES sr_series,
  ${SUMS.map((name) => `${name} bigint NOT NULL`).join(",\n  ")},
  as_of_first timestamptz NOT NULL,
  as_of_last timestamptz NOT NULL,
  PRIMARY KEY (at, series)`;

/**
 * Energy is in whole 1e-9 kWh and carbon in whole 1e-6 g. What tells one roll-up from another is in `sr_series`, once; a
 * closed report is in `sr_revisions` as the text that was signed, and no row of it is ever changed.
 */
export const MIGRATIONS: readonly Migration[] = [
  {
    name: "0001-roll-ups-and-reports",
    sql: `
      CREATE TABLE sr_series (
        id bigserial PRIMARY KEY,
        hash text COLLATE "C" NOT NULL UNIQUE,
        region text NOT NULL,
        tenant text NOT NULL,
        workload text NOT NULL,
        kind text NOT NULL,
        method text NOT NULL,
        signal text NOT NULL,
        source text NOT NULL,
        idle_rule text NOT NULL
      );
      CREATE TABLE sr_hours (${CELLS});
      CREATE TABLE sr_days (${CELLS});
      CREATE TABLE sr_presence (
        hour timestamptz NOT NULL,
        node text NOT NULL,
        region text NOT NULL,
        milliseconds bigint NOT NULL,
        first_at timestamptz NOT NULL,
        last_at timestamptz NOT NULL,
        PRIMARY KEY (hour, node, region)
      );
      CREATE TABLE sr_savings (
        event_id text COLLATE "C" PRIMARY KEY,
        hour timestamptz NOT NULL,
        saving jsonb NOT NULL
      );
      CREATE INDEX sr_savings_hour ON sr_savings (hour);
      CREATE TABLE sr_events (
        id text COLLATE "C" PRIMARY KEY,
        hour timestamptz NOT NULL
      );
      CREATE INDEX sr_events_hour ON sr_events (hour);
      CREATE TABLE sr_reports (
        id text COLLATE "C" PRIMARY KEY,
        period_from timestamptz NOT NULL,
        period_to timestamptz NOT NULL
      );
      CREATE TABLE sr_revisions (
        report_id text COLLATE "C" NOT NULL REFERENCES sr_reports,
        revision integer NOT NULL,
        made_at timestamptz NOT NULL,
        body text NOT NULL,
        sha256 text NOT NULL,
        signature jsonb,
        reason text NOT NULL,
        changes jsonb NOT NULL,
        PRIMARY KEY (report_id, revision)
      );
      CREATE TABLE sr_late (
        report_id text COLLATE "C" NOT NULL REFERENCES sr_reports,
        event_id text COLLATE "C" NOT NULL,
        PRIMARY KEY (report_id, event_id)
      );
    `,
  },
];
