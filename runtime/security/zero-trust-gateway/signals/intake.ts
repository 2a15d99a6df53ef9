import type { Clock } from "../../../kernel/clock";
import type { CloudEvent } from "../../../kernel/events/cloudevent";
import type { Database, Queryable } from "../../../kernel/store/database";
import type { Once } from "../identity/once";
import type { SubjectChange } from "../identity/parts";
import type { Subjects } from "../identity/subjects";
import type { Changes } from "../sessions/changes";
import type { Sessions } from "../sessions/sessions";
import type { Effect } from "./effects";
import type { RiskStore } from "./risk-store";
import type { SignalSubject } from "./subject-identifiers";

export interface IntakeDependencies {
  readonly database: Database;
  readonly once: Once;
  readonly sessions: Sessions;
  readonly subjects: Subjects;
  readonly risks: RiskStore;
  readonly changes: Changes;
  readonly clock: Clock;
  /** Events were committed. */
  readonly onCommit: () => void;
}

/** One event of a signal, and whom it is about. */
export interface Consequence {
  readonly subject: SignalSubject;
  readonly effects: readonly Effect[];
}

/** Carries out what signals say: durable, once, and known to every replica within a second. */
export class Intake {
  constructor(private readonly deps: IntakeDependencies) {}

  /** `id` is the signal's own; false where it was carried out before. */
  async apply(id: string, consequences: readonly Consequence[], keepMilliseconds: number): Promise<boolean> {
    return this.commit(async (tx) => {
      if (!(await this.deps.once.first(`signal ${id}`, keepMilliseconds, tx))) return undefined;
      const changes: SubjectChange[] = [];
      for (const { subject, effects } of consequences) {
        for (const effect of effects) changes.push(...(await this.carryOut(tx, subject, effect, id)));
      }
      return changes;
    });
  }

  /** What another engine thinks of a subject now. Handling it twice is the same as once. */
  async riskChanged({ time, data }: CloudEvent<"mno.security.risk.changed">): Promise<void> {
    const { subjectType, subject, level, probability, reasons, because, expiresAt } = data;
    const risk = { level, probability, reasons, because, time: Date.parse(time), expiresAt: Date.parse(expiresAt) };
    await this.commit(async (tx) => {
      const changes = await this.deps.risks.setWithin(tx, subjectType, subject, risk);
      if (subjectType !== "session" || level !== "high" || risk.expiresAt <= this.deps.clock.now()) return changes;
      const reason = `high risk: ${reasons[0] ?? "no reason was given"}`;
      return [...changes, ...(await this.deps.sessions.endWithin(tx, { id: subject }, reason)).changes];
    });
  }

  private async carryOut(
    tx: Queryable,
    { userId, sessions, device }: SignalSubject,
    effect: Effect,
    because: string,
  ): Promise<readonly SubjectChange[]> {
    const { subjects, risks, clock } = this.deps;
    switch (effect.kind) {
      case "end sessions":
        return sessions === undefined ? [] : (await this.deps.sessions.endWithin(tx, sessions, effect.reason)).changes;
      case "assure":
        return sessions === undefined ? [] : this.deps.sessions.assureWithin(tx, sessions, effect.assurance);
      case "revoke tokens":
        return userId === undefined ? [] : subjects.changeWithin(tx, userId, { tokensNotBefore: effect.before });
      case "disable":
        return userId === undefined ? [] : subjects.changeWithin(tx, userId, { disabled: effect.disabled });
      case "set attributes":
        return userId === undefined ? [] : subjects.changeWithin(tx, userId, { attributes: effect.attributes });
      case "set risk": {
        const about = effect.of === "device" ? device : userId;
        if (about === undefined) return [];
        const { level, probability, reasons, expiresAt } = effect;
        const risk = { level, probability, reasons, expiresAt, because, time: clock.now() };
        return risks.setWithin(tx, effect.of, about, risk);
      }
    }
  }

  /** Undefined from `work`: nothing was done. */
  private async commit(work: (tx: Queryable) => Promise<readonly SubjectChange[] | undefined>): Promise<boolean> {
    const changes = await this.deps.database.transaction(work);
    if (changes === undefined) return false;
    this.deps.changes.tell(changes);
    this.deps.onCommit();
    return true;
  }
}
