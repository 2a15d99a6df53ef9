import type { EventData, EventType } from "../../../kernel/events/catalogue";
import type { CloudEvent } from "../../../kernel/events/cloudevent";
import { ocsfEvent } from "../../../kernel/ocsf/event";
import type { OcsfEvent } from "../../../kernel/ocsf/schema";

const TRACEPARENT = /^00-([0-9a-f]{32})-/;

/** What the engine hears on the bus, its own events included: the log is of all of them. */
export const BUS_TYPES: readonly EventType[] = [
  "mno.security.access.decided",
  "mno.security.login.refused",
  "mno.security.session.established",
  "mno.security.session.revoked",
  "mno.security.authentication.assessed",
  "mno.security.risk.changed",
  "mno.security.threat.detected",
  "mno.security.key.changed",
  "mno.security.key.refused",
  "mno.security.policy.changed",
  "mno.security.incident.changed",
  "mno.security.response.executed",
];

/** The OCSF event that a bus event carries; of a change of risk, which is none, one that tells of it. */
export function ofBusEvent(event: CloudEvent): OcsfEvent {
  const traceId = TRACEPARENT.exec(event.traceparent ?? "")?.[1];
  if (event.type !== "mno.security.risk.changed") {
    const data = event.data as OcsfEvent;
    if (traceId === undefined || data.metadata.trace_uid !== undefined) return data;
    return { ...data, metadata: { ...data.metadata, trace_uid: traceId } };
  }
  const { subjectType, subject, level, probability, reasons, because } =
    event.data as EventData<"mno.security.risk.changed">;
  return ocsfEvent("apiActivity", {
    uid: event.id,
    product: event.source.slice("/mno/".length),
    activity_id: 3,
    traceId,
    correlationUid: because,
    time: new Date(event.time),
    message: reasons.join("; ").slice(0, 8192),
    api: { operation: "risk.change" },
    risk_level_id: { low: 1, medium: 2, high: 3 }[level],
    risk_score: probability * 100,
    ...(subjectType === "user" ? { user: { uid: subject.slice(0, 1024) } } : {}),
    ...(subjectType === "session" ? { session: { uid: subject.slice(0, 1024) } } : {}),
    ...(subjectType === "workload" ? { resources: [{ uid: subject.slice(0, 1024), type: "workload" }] } : {}),
  });
}
