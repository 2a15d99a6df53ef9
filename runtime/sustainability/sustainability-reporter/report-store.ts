import type { Database, Queryable } from "../../kernel/store/database";
import type { Period } from "./market";
import type { Change } from "./restatement";
import type { Signature } from "./signer";

/** A closed report as it was, for good. */
export interface Revision {
  reportId: string;
  revision: number;
  madeAt: number;
  /** Canonical JSON: the bytes that the hash and the signature are of. */
  body: string;
  sha256: string;
  signature: Signature | null;
  reason: string;
  /** Against the revision before; empty in the first. */
  changes: Change[];
}

interface Row {
  report_id: string;
  revision: number;
  made_at: Date;
  body: string;
  sha256: string;
  signature: Signature | null;
  reason: string;
  changes: Change[];
}

const COLUMNS = "report_id, revision, made_at, body, sha256, signature, reason, changes";

/** One report for each period. */
export const reportId = ({ from, to }: Period): string => {
  const hour = (milliseconds: number): string => new Date(milliseconds).toISOString().replace(/\D/g, "").slice(0, 10);
  return `rpt_${hour(from)}_${hour(to)}`;
};

/** The closed reports and all their revisions. */
export class ReportStore {
  constructor(private readonly database: Database) {}

  async latest(id: string, on: Queryable = this.database): Promise<Revision | undefined> {
    const [row] = await on.query<Row>(
      `SELECT ${COLUMNS} FROM sr_revisions WHERE report_id = $1 ORDER BY revision DESC LIMIT 1`,
      [id],
    );
    return row && revisionFrom(row);
  }

  async find(id: string, revision: number): Promise<Revision | undefined> {
    const [row] = await this.database.query<Row>(
      `SELECT ${COLUMNS} FROM sr_revisions WHERE report_id = $1 AND revision = $2`,
      [id, revision],
    );
    return row && revisionFrom(row);
  }

  /** Oldest first. */
  async revisions(id: string): Promise<Revision[]> {
    const rows = await this.database.query<Row>(
      `SELECT ${COLUMNS} FROM sr_revisions WHERE report_id = $1 ORDER BY revision`,
      [id],
    );
    return rows.map(revisionFrom);
  }

  async list(): Promise<{ id: string; period: Period; revisions: number }[]> {
    const rows = await this.database.query<{ id: string; period_from: Date; period_to: Date; revisions: number }>(
      `SELECT p.id, period_from, period_to, count(*) AS revisions FROM sr_reports p JOIN sr_revisions r ON r.report_id = p.id
       GROUP BY p.id ORDER BY period_from, period_to`,
    );
    return rows.map((row) => ({
      id: row.id,
      period: { from: row.period_from.getTime(), to: row.period_to.getTime() },
      revisions: row.revisions,
    }));
  }

  async insert(tx: Queryable, period: Period, revision: Revision): Promise<void> {
    await tx.query("INSERT INTO sr_reports (id, period_from, period_to) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING", [
      revision.reportId,
      new Date(period.from).toISOString(),
      new Date(period.to).toISOString(),
    ]);
    await tx.query(`INSERT INTO sr_revisions (${COLUMNS}) VALUES ($1, $2, $3, $4, $5, $6::jsonb, $7, $8::jsonb)`, [
      revision.reportId,
      revision.revision,
      new Date(revision.madeAt).toISOString(),
      revision.body,
      revision.sha256,
      revision.signature && JSON.stringify(revision.signature),
      revision.reason,
      JSON.stringify(revision.changes),
    ]);
  }

  /** Events that came after the period was closed and are in no revision yet, taken off the list. */
  async takeLate(tx: Queryable, id: string): Promise<string[]> {
    const rows = await tx.query<{ event_id: string }>("DELETE FROM sr_late WHERE report_id = $1 RETURNING event_id", [
      id,
    ]);
    return rows.map((row) => row.event_id).sort();
  }

  /** Periods of reports that late events are waiting for. */
  async withLate(): Promise<Period[]> {
    const rows = await this.database.query<{ period_from: Date; period_to: Date }>(
      "SELECT period_from, period_to FROM sr_reports WHERE id IN (SELECT report_id FROM sr_late) ORDER BY id",
    );
    return rows.map((row) => ({ from: row.period_from.getTime(), to: row.period_to.getTime() }));
  }
}

const revisionFrom = (row: Row): Revision => ({
  reportId: row.report_id,
  revision: row.revision,
  madeAt: row.made_at.getTime(),
  body: row.body,
  sha256: row.sha256,
  signature: row.signature,
  reason: row.reason,
  changes: row.changes,
});
