import { MnoError } from "../../../exports";
import type { Clock } from "../../../kernel/clock";
import type { Database, Queryable } from "../../../kernel/store/database";
import type { Changes } from "../sessions/changes";
import { Remembered } from "../sessions/remembered";
import type { SubjectChange } from "./parts";

const REMEMBERED = 50_000;

/** What signals said of a user, beside what tokens and sessions say. */
export interface SubjectState {
  readonly disabled: boolean;
  /** Tokens issued up to then are refused, ms since 1970. */
  readonly tokensNotBefore: number | null;
  /** Go before those of tokens and sessions that are older than `changedAt`. */
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly changedAt: number;
}

const NOTHING: SubjectState = { disabled: false, tokensNotBefore: null, attributes: {}, changedAt: 0 };

interface Row {
  disabled: boolean;
  tokens_not_before: Date | null;
  attributes: Record<string, unknown>;
  changed_at: Date;
}

/** What signals said of users. */
export class Subjects {
  private readonly known: Remembered<SubjectState>;

  constructor(
    private readonly database: Database,
    private readonly changes: Changes,
    private readonly clock: Clock,
  ) {
    this.known = new Remembered(changes, REMEMBERED);
    changes.onChange(({ kind, subject }) => {
      if (subject === "*") this.known.forgetWhere(() => true);
      else if (kind === "user") this.known.forget(subject);
    });
  }

  async stateOf(userId: string): Promise<SubjectState> {
    return this.known.get(userId, async () => {
      const [row] = await this.database.query<Row>("SELECT * FROM ztg_subjects WHERE user_id = $1", [userId]);
      if (row === undefined) return NOTHING;
      return {
        disabled: row.disabled,
        tokensNotBefore: row.tokens_not_before?.getTime() ?? null,
        attributes: row.attributes,
        changedAt: row.changed_at.getTime(),
      };
    });
  }

  /**
   * The user's attributes as they are now, where those given were vouched for at `issuedAt`. Errors: MNO_ACCOUNT_DISABLED, and
   * MNO_TOKEN_INVALID for tokens from before a revocation (sessions are ended by themselves).
   */
  async current(
    userId: string,
    attributes: Readonly<Record<string, unknown>>,
    issuedAt: number,
    isToken: boolean,
  ): Promise<Readonly<Record<string, unknown>>> {
    const state = await this.stateOf(userId);
    if (state.disabled) throw new MnoError("MNO_ACCOUNT_DISABLED", "The account was disabled by its issuer");
    if (isToken && state.tokensNotBefore !== null && issuedAt <= state.tokensNotBefore) {
      throw new MnoError("MNO_TOKEN_INVALID", "The access token was revoked; get a new one");
    }
    return issuedAt <= state.changedAt ? { ...attributes, ...state.attributes } : attributes;
  }

  /** Inside a transaction of the caller, who tells the changes after its commit. Attributes are added to those said before. */
  async changeWithin(
    tx: Queryable,
    userId: string,
    change: { disabled?: boolean; tokensNotBefore?: number; attributes?: Readonly<Record<string, unknown>> },
  ): Promise<SubjectChange[]> {
    const { disabled, tokensNotBefore, attributes = {} } = change;
    await tx.query(
      `INSERT INTO ztg_subjects AS s (user_id, disabled, tokens_not_before, attributes, changed_at)
       VALUES ($1, coalesce($2::boolean, false), $3::timestamptz, $4::jsonb, $5::timestamptz)
       ON CONFLICT (user_id) DO UPDATE SET disabled = coalesce($2::boolean, s.disabled),
         tokens_not_before = greatest(s.tokens_not_before, excluded.tokens_not_before),
         attributes = s.attributes || excluded.attributes, changed_at = excluded.changed_at`,
      [
        userId,
        disabled ?? null,
        tokensNotBefore === undefined ? null : new Date(tokensNotBefore).toISOString(),
        JSON.stringify(attributes),
        new Date(this.clock.now()).toISOString(),
      ],
    );
    const changes: SubjectChange[] = [{ kind: "user", subject: userId }];
    await this.changes.record(tx, changes);
    return changes;
  }
}
