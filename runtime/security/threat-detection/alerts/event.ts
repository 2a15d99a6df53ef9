import type { CloudEvent } from "../../../kernel/events/cloudevent";
import { ocsfEvent } from "../../../kernel/ocsf/event";
import type { TraceCarrier } from "../../../kernel/telemetry/traces";
import type { Alert } from "./alert";

const CREATE = 1;
const UPDATE = 2;

/** The alert as security intelligence gets it: OCSF Detection Finding. `id` is unique per event of the alert. */
export function detectedEvent(
  alert: Alert,
  id: string,
  source: string,
  now: number,
  trace: TraceCarrier,
): CloudEvent<"mno.security.threat.detected"> {
  const time = new Date(now);
  const isAddress = /^[0-9a-f:.]+$/i.test(alert.entity) && /[.:]/.test(alert.entity);
  const data = ocsfEvent("detectionFinding", {
    uid: id,
    product: source,
    activity_id: alert.count === 1 ? CREATE : UPDATE,
    time,
    traceId: trace.traceparent?.split("-")[1],
    correlationUid: alert.id,
    severity_id: alert.severity,
    message: alert.why.slice(0, 8192),
    finding_info: {
      uid: alert.id,
      title: alert.title.slice(0, 1024),
      desc: alert.why.slice(0, 8192),
      types: [alert.detector.slice(0, 1024)],
      related_events: alert.events.map((uid) => ({ uid: uid.slice(0, 1024) })),
    },
    ...(alert.technique === null ? {} : { attacks: [{ technique: alert.technique }] }),
    ...(isAddress ? { src_endpoint: { ip: alert.entity } } : {}),
    observables: [{ name: "entity", value: alert.entity.slice(0, 8192) }],
    unmapped: {
      detector: alert.detector,
      score: alert.score,
      threshold: alert.threshold,
      count: alert.count,
      features: alert.contributions,
    },
  });
  return {
    specversion: "1.0",
    id,
    source: `/mno/${source}`,
    type: "mno.security.threat.detected",
    subject: alert.entity.slice(0, 256) || "-",
    time: time.toISOString(),
    datacontenttype: "application/json",
    data,
    ...trace,
  };
}
