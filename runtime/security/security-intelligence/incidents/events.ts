import { type CloudEvent } from "../../../kernel/events/cloudevent";
import { createEvent } from "../../../kernel/events/codec";
import { ocsfEvent } from "../../../kernel/ocsf/event";
import type { Clock } from "../../../kernel/clock";
import type { Tracer } from "../../../kernel/telemetry/traces";
import type { Entity } from "../ingest/entities";
import { tacticOf, techniqueOf } from "./attack";
import type { Incident, IncidentStatus } from "./incident";

export interface EventContext {
  readonly clock: Clock;
  readonly tracer: Tracer;
}

const SOURCE = "/mno/security-intelligence";
/** OCSF Incident Finding: activity (1 create, 2 update, 3 close) and status. */
const STATUS_ID: Readonly<Record<IncidentStatus, number>> = {
  watching: 0,
  open: 1,
  in_progress: 2,
  contained: 2,
  resolved: 4,
  false_positive: 5,
};
/** OCSF Observable: types of what is observed. */
const OBSERVABLE: Readonly<Record<Entity["kind"], number>> = {
  user: 4,
  address: 2,
  session: 99,
  workload: 99,
  key: 99,
};

/** OCSF Incident Finding. */
export function incidentEvent(incident: Incident, created: boolean, context: EventContext): CloudEvent {
  const { id, status, severity, confidence, entities, tactics, techniques } = incident;
  const closed = status === "resolved" || status === "false_positive";
  const now = context.clock.now();
  const data = ocsfEvent("incidentFinding", {
    uid: `${id}-${now}-${incident.alertCount}-${incident.history.length}`,
    product: "security-intelligence",
    activity_id: closed ? 3 : created ? 1 : 2,
    correlationUid: id,
    time: new Date(now),
    severity_id: severity,
    status_id: STATUS_ID[status],
    status_detail: status,
    message: incident.title,
    confidence_score: Math.round(confidence * 100),
    finding_info: {
      uid: id,
      title: incident.title.slice(0, 1024),
      desc: `${incident.alertCount} alerts of ${Object.keys(incident.rules).length} rules`,
    },
    attacks: [
      ...tactics.map((name) => ({ tactic: tacticOf(name) })),
      ...techniques.map((uid) => ({ technique: techniqueOf(uid) })),
    ],
    observables: entities.map(({ kind, id: value }) => ({ name: kind, type_id: OBSERVABLE[kind], value })),
  });
  return createEvent({ type: "mno.security.incident.changed", source: SOURCE, subject: id, data }, context);
}
