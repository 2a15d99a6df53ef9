import type { EventData } from "../../../kernel/events/catalogue";
import type { Database, Queryable } from "../../../kernel/store/database";
import type { Clock } from "../../../kernel/clock";
import type { Risk } from "../contracts";
import type { SubjectChange } from "../identity/parts";
import type { Changes } from "../sessions/changes";
import { Remembered } from "../sessions/remembered";

const REMEMBERED = 50_000;

export type RiskKind = EventData<"mno.security.risk.changed">["subjectType"];

/** What a signal said of one subject, until it expires. */
export interface KnownRisk extends Risk {
  readonly expiresAt: number;
}

interface Row {
  level: Risk["level"];
  probability: number;
  reasons: string[];
  assessed_at: Date;
  expires_at: Date;
}

/** Risks that signals told of: of users, sessions, devices and workloads. */
export class RiskStore {
  /** null: nothing is known. */
  private readonly known: Remembered<KnownRisk | null>;

  constructor(
    private readonly database: Database,
    private readonly changes: Changes,
    private readonly clock: Clock,
  ) {
    this.known = new Remembered(changes, REMEMBERED);
    changes.onChange(({ kind, subject }) => {
      if (subject === "*") this.known.forgetWhere(() => true);
      else this.known.forget(`${kind} ${subject}`);
    });
  }

  async of(kind: RiskKind, subject: string): Promise<KnownRisk | undefined> {
    const risk = await this.known.get(`${kind} ${subject}`, () => this.load(kind, subject));
    return risk !== null && this.clock.now() < risk.expiresAt ? risk : undefined;
  }

  private async load(kind: RiskKind, subject: string): Promise<KnownRisk | null> {
    const [row] = await this.database.query<Row>("SELECT * FROM ztg_risks WHERE subject_type = $1 AND subject = $2", [
      kind,
      subject,
    ]);
    if (row === undefined) return null;
    const { level, probability, reasons, assessed_at, expires_at } = row;
    return { level, probability, reasons, time: assessed_at.getTime(), expiresAt: expires_at.getTime() };
  }

  /** Keeps the newest; inside a transaction of the caller, who tells the changes after its commit. */
  async setWithin(
    tx: Queryable,
    kind: RiskKind,
    subject: string,
    risk: KnownRisk & { because: string },
  ): Promise<SubjectChange[]> {
    await tx.query(
      `INSERT INTO ztg_risks (subject_type, subject, level, probability, reasons, because, assessed_at, expires_at)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
       ON CONFLICT (subject_type, subject) DO UPDATE SET level = excluded.level, probability = excluded.probability,
         reasons = excluded.reasons, because = excluded.because, assessed_at = excluded.assessed_at,
         expires_at = excluded.expires_at WHERE ztg_risks.assessed_at <= excluded.assessed_at`,
      [
        kind,
        subject,
        risk.level,
        risk.probability,
        JSON.stringify(risk.reasons),
        risk.because,
        new Date(risk.time).toISOString(),
        new Date(risk.expiresAt).toISOString(),
      ],
    );
    const changes: SubjectChange[] = [{ kind, subject }];
    await this.changes.record(tx, changes);
    return changes;
  }

  async prune(): Promise<void> {
    await this.database.query("DELETE FROM ztg_risks WHERE expires_at <= $1", [
      new Date(this.clock.now()).toISOString(),
    ]);
  }
}
