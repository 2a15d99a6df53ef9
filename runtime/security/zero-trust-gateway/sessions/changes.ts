import type { Logger } from "pino";
import type { Clock } from "../../../kernel/clock";
import type { Database, Queryable } from "../../../kernel/store/database";
import type { SubjectChange } from "../identity/parts";

/** Between two looks at what other replicas changed. */
export const POLL_MILLISECONDS = 250;
/**
 * How old the last look may be for what is remembered to be used. Beyond it every request asks the database, which refuses
 * where it is away: so a revocation holds on every replica within a second, or nobody gets through.
 */
const FRESH_MILLISECONDS = 750;
/** Past this, rows that were not seen may have been pruned: everything remembered goes. */
const LOST_MILLISECONDS = 600_000;
const KEPT_MILLISECONDS = 3_600_000;

/** Any constant that nothing else in the database uses as an advisory lock ("ztg1"). */
const LOCK = 0x7a746731;

export const EVERYTHING: SubjectChange = { kind: "session", subject: "*" };

/** What changed about whom, on every replica: told at once in this process, and within a second in the others. */
export class Changes {
  private readonly listeners: ((change: SubjectChange) => void)[] = [];
  private cursor = 0;
  private lookedAt = -Infinity;

  constructor(
    private readonly database: Database,
    private readonly clock: Clock,
    private readonly log: Logger,
  ) {}

  onChange(listener: (change: SubjectChange) => void): void {
    this.listeners.push(listener);
  }

  /** Whether what is remembered may be used. */
  get fresh(): boolean {
    // Below zero the clock was put back: how old the last look is, nobody knows then.
    return this.ageMilliseconds >= 0 && this.ageMilliseconds <= FRESH_MILLISECONDS;
  }

  /** Since the last look. */
  get ageMilliseconds(): number {
    return this.clock.now() - this.lookedAt;
  }

  /** Inside the transaction that makes the change; call `tell` when it is committed. */
  async record(tx: Queryable, changes: readonly SubjectChange[]): Promise<void> {
    if (changes.length === 0) return;
    await tx.query(
      `WITH locked AS MATERIALIZED (SELECT pg_advisory_xact_lock($1))
       INSERT INTO ztg_changes (kind, subject, changed_at)
       SELECT r.kind, r.subject, $3 FROM locked, jsonb_to_recordset($2::jsonb) AS r(kind text, subject text)`,
      [LOCK, JSON.stringify(changes), new Date(this.clock.now()).toISOString()],
    );
  }

  /** In this process, now. */
  tell(changes: readonly SubjectChange[]): void {
    for (const change of changes) {
      for (const listener of this.listeners) {
        try {
          listener(change);
        } catch (err) {
          this.log.error({ err, kind: change.kind }, "a listener to changes of subjects failed");
        }
      }
    }
  }

  /** Looks what others changed since the last look. Run every POLL_MILLISECONDS. */
  async poll(): Promise<void> {
    const begun = this.clock.now();
    if (begun - this.lookedAt > LOST_MILLISECONDS) {
      const [row] = await this.database.query<{ id: number | null }>("SELECT max(id) AS id FROM ztg_changes");
      this.cursor = row?.id ?? this.cursor;
      this.tell([EVERYTHING]);
    } else {
      const rows = await this.database.query<{ id: number } & SubjectChange>(
        "SELECT id, kind, subject FROM ztg_changes WHERE id > $1 ORDER BY id",
        [this.cursor],
      );
      this.cursor = rows.at(-1)?.id ?? this.cursor;
      this.tell(rows.map(({ kind, subject }) => ({ kind, subject })));
    }
    this.lookedAt = begun;
  }

  async prune(): Promise<void> {
    await this.database.query("DELETE FROM ztg_changes WHERE changed_at < $1", [
      new Date(this.clock.now() - KEPT_MILLISECONDS).toISOString(),
    ]);
  }
}
