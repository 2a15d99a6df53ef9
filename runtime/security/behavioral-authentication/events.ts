import type { EventType } from "../../kernel/events/catalogue";
import type { CloudEvent } from "../../kernel/events/cloudevent";
import { ocsfEvent } from "../../kernel/ocsf/event";
import type { TraceCarrier } from "../../kernel/telemetry/traces";
import type { AssessmentRecord, AssessmentRequest, Level } from "./schemas";
import type { Place } from "./travel/place";

const NAME = "behavioral-authentication";
/** OCSF: Authentication, "Other". */
const ACTIVITY_OTHER = 99;
const RISK_LEVEL: Readonly<Record<Level, number>> = { low: 1, medium: 2, high: 3 };
const SEVERITY: Readonly<Record<Level, number>> = { low: 1, medium: 3, high: 4 };
/** What is thought of somebody holds so long, unless something else is heard. */
const RISK_VALID_MILLISECONDS = 3_600_000;

/** The event of an assessment: OCSF Authentication with its risk. */
export function assessedEvent(
  record: AssessmentRecord,
  { subject, context }: AssessmentRequest,
  place: Place,
  trace: TraceCarrier,
): CloudEvent {
  const time = new Date(record.time);
  const traceId = trace.traceparent?.split("-")[1];
  const location = {
    ...(place.country === undefined ? {} : { country: place.country }),
    ...(place.latitude === undefined || place.longitude === undefined
      ? {}
      : { lat: place.latitude, long: place.longitude }),
  };
  const data = ocsfEvent("authentication", {
    uid: record.assessmentId,
    product: NAME,
    activity_id: ACTIVITY_OTHER,
    time,
    traceId,
    severity_id: SEVERITY[record.level],
    message: record.reasons.join("; ").slice(0, 8192),
    user: { uid: subject.userId },
    ...(subject.sessionId === undefined ? {} : { session: { uid: subject.sessionId } }),
    src_endpoint: {
      ip: context.address,
      ...(place.asn === undefined ? {} : { autonomous_system: { number: place.asn } }),
      ...(Object.keys(location).length === 0 ? {} : { location }),
    },
    ...(context.userAgent === undefined ? {} : { http_request: { user_agent: context.userAgent } }),
    risk_level_id: RISK_LEVEL[record.level],
    risk_score: 100 * record.probability,
    unmapped: {
      action: record.action,
      score: record.score,
      factors: Object.fromEntries(record.factors.map(({ name, contribution }) => [name, contribution])),
    },
  });
  return envelope("mno.security.authentication.assessed", record.assessmentId, subject.userId, time, trace, data);
}

export interface RiskChange {
  subjectType: "user" | "session";
  subject: string;
  level: Level;
  previousLevel: Level | null;
  probability: number;
  reasons: string[];
  /** Assessment or incident that it rests on. */
  because: string;
}

/** The event of a level that changed. `id` is unique per change. */
export function riskChangedEvent(change: RiskChange, id: string, now: number, trace: TraceCarrier): CloudEvent {
  const expiresAt = new Date(now + RISK_VALID_MILLISECONDS).toISOString();
  const data = { ...change, expiresAt };
  return envelope("mno.security.risk.changed", id, change.subject, new Date(now), trace, data);
}

function envelope<T extends EventType>(
  type: T,
  id: string,
  subject: string,
  time: Date,
  trace: TraceCarrier,
  data: CloudEvent<T>["data"],
): CloudEvent<T> {
  return {
    specversion: "1.0",
    id,
    source: `/mno/${NAME}`,
    type,
    subject,
    time: time.toISOString(),
    datacontenttype: "application/json",
    data,
    ...trace,
  };
}
