import { MnoError } from "../../exports";
import { enqueue } from "../../kernel/events/outbox";
import type { Queryable } from "../../kernel/store/database";
import type { AssessorDependencies } from "./assessor";
import { type Dossier, dossierContext } from "./dossier";
import { type RiskChange, riskChangedEvent } from "./events";
import { type Profile, withReport, withSession } from "./profile";
import type { AssessmentRecord, Level, Outcome, OutcomeAnswer } from "./schemas";
import type { AssessmentRow } from "./store";
import { lessonOf } from "./trust/learning";

/** What an outcome may still turn into; the same again is no change. */
const MAY_BECOME: Readonly<Record<Outcome, readonly Outcome[]>> = {
  success: ["step-up-passed", "step-up-failed", "confirmed-fraud"],
  failure: ["confirmed-fraud"],
  "step-up-failed": ["step-up-passed", "confirmed-fraud"],
  "step-up-passed": ["confirmed-fraud"],
  "confirmed-fraud": [],
};
/** ln of what a confirmed fraud, and a failed second factor, make of the odds of the user's attempts thereafter. */
const FRAUD_EVIDENCE = 6;
const FAILED_STEP_UP_EVIDENCE = 3;
/** What a confirmed fraud is taken for, as a probability. */
const CONFIRMED = 1;

type Dependencies = Omit<AssessorDependencies, "reader"> & { halfLife: number };

/** Takes in what became of attempts: teaches the user's history, or takes back what was taught. */
export class Settlement {
  constructor(private readonly deps: Dependencies) {}

  /** Errors: MNO_ASSESSMENT_NOT_FOUND, MNO_OUTCOME_CONFLICT. */
  async settle(id: string, outcome: Outcome): Promise<OutcomeAnswer> {
    const { store, profiles, vault, instruments, clock, onCommit } = this.deps;
    const now = clock.now();
    const answer = await store.transaction(async (tx) => {
      const { userId } = await this.find(id, tx);
      const { profile } = await profiles.lock(tx, userId, now);
      // Again, under the lock: another request may have settled it.
      const row = await this.find(id, tx);
      const dossier = vault.open(dossierContext(id), row.sealed) as Dossier;
      if (row.outcome === outcome) return answerOf(dossier.record, outcome, "it was known before");
      if (row.outcome !== null && !MAY_BECOME[row.outcome].includes(outcome)) {
        throw new MnoError("MNO_OUTCOME_CONFLICT", `${id} was settled as ${row.outcome} and cannot become ${outcome}`);
      }
      const learned = await this.apply(tx, { profile, dossier, outcome, userId, now });
      const { record } = learned.dossier;
      await profiles.put(tx, userId, learned.profile, now);
      await store.settle(tx, id, outcome, vault.seal(dossierContext(id), learned.dossier));
      await enqueue(
        tx,
        learned.changes.map((change, index) =>
          riskChangedEvent(change, `${id}.${outcome}.${String(index)}`, now, this.deps.tracer.carrier()),
        ),
      );
      return answerOf(record, outcome, learned.why);
    });
    onCommit();
    instruments.settled(outcome, answer.learned);
    return answer;
  }

  private async find(id: string, tx: Queryable): Promise<AssessmentRow> {
    const row = await this.deps.store.assessment(id, tx);
    if (row === undefined) throw new MnoError("MNO_ASSESSMENT_NOT_FOUND", `There is no assessment ${id}, or no more`);
    return row;
  }

  private async apply(
    tx: Queryable,
    at: { profile: Profile; dossier: Dossier; outcome: Outcome; userId: string; now: number },
  ): Promise<{ profile: Profile; dossier: Dossier; why: string; changes: RiskChange[] }> {
    const { dossier, outcome } = at;
    if (outcome === "confirmed-fraud") return this.takeBack(tx, at);
    if (outcome === "step-up-failed")
      return { ...reported(at, FAILED_STEP_UP_EVIDENCE), why: "failed attempts teach nothing" };
    const trusted = outcome === "step-up-passed" ? cleared(at) : { profile: at.profile, changes: [] };
    if (dossier.weight > 0) {
      return { ...trusted, dossier: settled(dossier, outcome), why: "it was learned before" };
    }
    return { changes: trusted.changes, ...(await this.learn(tx, { ...at, profile: trusted.profile })) };
  }

  private async learn(
    tx: Queryable,
    { profile, dossier, outcome, userId }: { profile: Profile; dossier: Dossier; outcome: Outcome; userId: string },
  ): Promise<{ profile: Profile; dossier: Dossier; why: string }> {
    const { store, templates, halfLife } = this.deps;
    const { record, paths, source, seen, anchor, observations, coldStart } = dossier;
    const facts = { level: record.level, coldStart, source, time: seen.time };
    const { weight, why, today } = lessonOf(outcome, facts, profile.learnedToday ?? undefined);
    if (weight === 0) return { profile, dossier: settled(dossier, outcome), why };
    profile.history.add(paths, weight, seen.time);
    await store.addCounts(tx, "all", paths, { weight, time: seen.time, halfLife });
    await templates.learn(tx, userId, record.assessmentId, observations, outcome === "step-up-passed");
    const later = profile.seen === null || profile.seen.time <= seen.time;
    const taught: Profile = {
      ...profile,
      learnedToday: today,
      seen: later ? seen : profile.seen,
      // A session that goes on from another network, rightly, is anchored there.
      sessions: anchor === null ? profile.sessions : withAnchor(profile, anchor),
    };
    return { profile: taught, dossier: { ...settled(dossier, outcome), ...marked(dossier, outcome, weight) }, why };
  }

  private async takeBack(
    tx: Queryable,
    at: { profile: Profile; dossier: Dossier; outcome: Outcome; userId: string; now: number },
  ): Promise<{ profile: Profile; dossier: Dossier; why: string; changes: RiskChange[] }> {
    const { store, templates, halfLife } = this.deps;
    const { profile, dossier, userId } = at;
    const { paths, weight, seen, record, anchor } = dossier;
    const time = seen.time;
    if (weight > 0) {
      profile.history.add(paths, -weight, time);
      await store.addCounts(tx, "all", paths, { weight: -weight, time, halfLife });
      await templates.forget(tx, userId, record.assessmentId);
    }
    await store.addCounts(tx, "fraud", paths, { weight: 1, time, halfLife });
    const { profile: after, changes, dossier: kept } = reported(at, FRAUD_EVIDENCE);
    const forgotten: Profile = {
      ...after,
      seen: after.seen?.time === time ? null : after.seen,
      sessions: after.sessions.filter(({ id }) => id !== anchor?.id),
    };
    const unlearned = { ...kept, weight: 0, record: { ...kept.record, learned: false } };
    const why = weight > 0 ? "what had been learned from it was taken back" : "a fraud teaches nothing about the user";
    return { profile: forgotten, dossier: unlearned, why, changes };
  }
}

interface At {
  profile: Profile;
  dossier: Dossier;
  outcome: Outcome;
  now: number;
}

/** The outcome speaks against the user's and the session's attempts for some time. */
function reported({ profile, dossier, outcome, now }: At, evidence: number) {
  const { record } = dossier;
  const report = { id: record.assessmentId, time: now, evidence, what: `${outcome} of ${record.assessmentId}` };
  const level: Level = outcome === "confirmed-fraud" ? "high" : "medium";
  const probability = outcome === "confirmed-fraud" ? CONFIRMED : record.probability;
  const what = { probability, reasons: [report.what], because: record.assessmentId };
  const { userId, sessionId } = record.subject;
  const changes: RiskChange[] = [
    { ...what, subjectType: "user", subject: userId, level, previousLevel: profile.level },
  ];
  if (sessionId !== undefined) {
    changes.push({ ...what, subjectType: "session", subject: sessionId, level, previousLevel: record.level });
  }
  const reports = withReport(profile.reports, report);
  return { profile: { ...profile, reports, level }, dossier: settled(dossier, outcome), changes };
}

/** Another factor showed that it is the user: what stood against the session and the user stands no longer. */
function cleared({ profile, dossier }: At): { profile: Profile; changes: RiskChange[] } {
  const { record, anchor } = dossier;
  const { userId, sessionId } = record.subject;
  const what = {
    level: "low" as const,
    probability: record.probability,
    reasons: ["another factor was passed"],
    because: record.assessmentId,
  };
  const changes: RiskChange[] = [];
  const of = (subjectType: RiskChange["subjectType"], subject: string, previousLevel: Level | null): void => {
    if (previousLevel !== null && previousLevel !== "low")
      changes.push({ ...what, subjectType, subject, previousLevel });
  };
  of("user", userId, profile.level ?? (sessionId === undefined ? record.level : null));
  if (sessionId !== undefined) of("session", sessionId, record.level);
  const sessions = profile.sessions.map((session) =>
    session.id === anchor?.id ? { ...anchor, level: "low" as const, drift: 0 } : session,
  );
  // Who was robbed an hour ago is watched still: a thief may have the second factor as well.
  const reports = profile.reports.filter(({ evidence }) => evidence >= FRAUD_EVIDENCE);
  return { profile: { ...profile, sessions, level: "low", reports }, changes };
}

function withAnchor(profile: Profile, anchor: NonNullable<Dossier["anchor"]>) {
  const before = profile.sessions.find(({ id }) => id === anchor.id);
  return withSession(profile.sessions, { ...anchor, drift: before?.drift ?? 0, level: before?.level ?? null });
}

/** What was measured of hands and fingers is not kept once it is not needed. */
const settled = (dossier: Dossier, outcome: Outcome): Dossier => ({
  ...dossier,
  observations: [],
  record: { ...dossier.record, outcome },
});

const marked = ({ record }: Dossier, outcome: Outcome, weight: number): Pick<Dossier, "weight" | "record"> => ({
  weight,
  record: { ...record, outcome, learned: true },
});

const answerOf = ({ assessmentId, learned }: AssessmentRecord, outcome: Outcome, why: string): OutcomeAnswer => ({
  assessmentId,
  outcome,
  learned,
  why,
});
