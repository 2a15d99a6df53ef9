import type { Clock } from "../../kernel/clock";
import { enqueue } from "../../kernel/events/outbox";
import type { CloudEvent } from "../../kernel/events/cloudevent";
import type { Tracer } from "../../kernel/telemetry/traces";
import type { CommonKnowledge } from "./common-knowledge";
import { type Dossier, dossierContext } from "./dossier";
import { assess, type Assessment, type Question } from "./engine";
import { assessedEvent, type RiskChange, riskChangedEvent } from "./events";
import { assessmentId } from "./ids";
import type { Instruments } from "./instruments";
import { type Profile, withSession } from "./profile";
import type { Profiles } from "./profiles";
import type { RequestReader } from "./reader";
import { pathsOf } from "./risk/features";
import { anchorOf } from "./risk/session";
import type { AssessmentRecord, AssessmentRequest, Level } from "./schemas";
import type { BehaviourStore } from "./store";
import type { Judged, Templates } from "./templates";
import type { Travel } from "./travel/travel";
import type { Vault } from "./vault";

export interface AssessorDependencies {
  store: BehaviourStore;
  vault: Vault;
  profiles: Profiles;
  templates: Templates;
  knowledge: CommonKnowledge;
  reader: RequestReader;
  instruments: Instruments;
  tracer: Tracer;
  clock: Clock;
  onCommit: () => void;
}

/** Assesses attempts: reads, decides, keeps the reasons, tells others. */
export class Assessor {
  constructor(private readonly deps: AssessorDependencies) {}

  /** Errors: MNO_ASSESSMENT_INVALID. */
  async assess(request: AssessmentRequest): Promise<AssessmentRecord> {
    const { store, profiles, templates, knowledge, reader, instruments, clock, onCommit } = this.deps;
    const stop = instruments.timer();
    const now = clock.now();
    const read = reader.read(request, now);
    const id = assessmentId(now);
    const user = profiles.userOf(request.subject.userId);
    const record = await store.transaction(async (tx) => {
      const { profile, known } = await profiles.lock(tx, user, now);
      const behaviour = await templates.judge(tx, user, templates.observe(request));
      const question: Question = { ...read, behaviour };
      const assessment = assess(question, profile, knowledge.current);
      const record = recordOf(id, request, assessment, knowledge, read.attempt.time);
      const before = levelBefore(profile, read.session);
      // A name that nobody is known under leaves nothing behind but the assessment.
      if (known || assessment.session !== null) await profiles.put(tx, user, after(profile, assessment), now);
      await this.keep(tx, user, question, { record, assessment, judged: behaviour });
      await enqueue(tx, this.events(request, record, question, before));
      return record;
    });
    onCommit();
    stop();
    instruments.assessed(record);
    return record;
  }

  private async keep(
    tx: Parameters<BehaviourStore["addAssessment"]>[0],
    userId: string,
    { attempt, session }: Question,
    made: { record: AssessmentRecord; assessment: Assessment; judged: readonly Judged[] },
  ): Promise<void> {
    const { store, vault } = this.deps;
    const { record, assessment, judged } = made;
    const dossier: Dossier = {
      record,
      coldStart: assessment.coldStart,
      paths: pathsOf(attempt),
      source: attempt.address,
      seen: { ...attempt.place, time: attempt.time },
      anchor: session === undefined ? null : anchorOf(session, attempt, 0),
      observations: judged.map(({ observation }) => observation),
      weight: 0,
    };
    const id = record.assessmentId;
    const sealed = vault.seal(dossierContext(id), dossier);
    await store.addAssessment(tx, { id, userId, time: attempt.time, score: record.score, outcome: null, sealed });
  }

  private events(
    request: AssessmentRequest,
    record: AssessmentRecord,
    { attempt }: Question,
    previousLevel: Level | null,
  ): CloudEvent[] {
    const { tracer, clock } = this.deps;
    const trace = tracer.carrier();
    const { level, probability, reasons, assessmentId: because } = record;
    const events = [assessedEvent(record, request, attempt.place, trace)];
    // Low is what everybody takes a newcomer for: nobody has to be told.
    if (level !== (previousLevel ?? "low")) {
      const change: RiskChange = { ...subjectOf(request), level, previousLevel, probability, reasons, because };
      events.push(riskChangedEvent(change, `${because}.risk`, clock.now(), trace));
    }
    return events;
  }
}

function levelBefore({ sessions, level }: Profile, session: string | undefined): Level | null {
  return session === undefined ? level : (sessions.find(({ id }) => id === session)?.level ?? null);
}

function after(profile: Profile, { session, level }: Assessment): Profile {
  if (session === null) return { ...profile, level };
  return { ...profile, sessions: withSession(profile.sessions, session) };
}

/** Whom the level is of: the session where there is one, else the user. */
function subjectOf({ subject: { userId, sessionId } }: AssessmentRequest): Pick<RiskChange, "subjectType" | "subject"> {
  return sessionId === undefined
    ? { subjectType: "user", subject: userId }
    : { subjectType: "session", subject: sessionId };
}

function recordOf(
  id: string,
  { subject }: AssessmentRequest,
  assessment: Assessment,
  knowledge: CommonKnowledge,
  time: number,
): AssessmentRecord {
  const { probability, score, level, action, reasons, factors, travel, logins } = assessment;
  const { thresholds, calibration } = knowledge.current;
  const method = `Platt's sigmoid, slope ${calibration.slope.toFixed(3)}, intercept ${calibration.intercept.toFixed(3)}`;
  return {
    assessmentId: id,
    time: new Date(time).toISOString(),
    probability,
    score,
    level,
    action,
    reasons,
    factors,
    subject,
    travel: travelView(travel),
    thresholds,
    calibration: { method, labels: calibration.labels },
    history: { logins },
    outcome: null,
    learned: false,
  };
}

function travelView({ from, to, ...rest }: Travel): AssessmentRecord["travel"] {
  const end = (point: Travel["from"]) =>
    point === null ? null : { ...point, time: new Date(point.time).toISOString() };
  return { ...rest, from: end(from), to: end(to) };
}
