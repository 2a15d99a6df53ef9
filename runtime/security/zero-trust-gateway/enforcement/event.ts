import { randomUUID } from "node:crypto";
import type { CloudEvent } from "../../../kernel/events/cloudevent";
import { ocsfEvent } from "../../../kernel/ocsf/event";
import { httpActivityOf } from "../../../kernel/ocsf/http-activity";
import type { DecisionRecord } from "./record";

export type AccessEvent = CloudEvent<"mno.security.access.decided">;

const RISK_LEVELS = { low: 1, medium: 2, high: 3 } as const;
/** Informational; medium: refused; high: looked like an attack, or was taken back. */
const SEVERITIES = { allowed: 1, refused: 3, unavailable: 3 } as const;
const HIGH = 4;

/** The decision as security intelligence gets it: OCSF HTTP Activity. `traceparent` ties it to the request's trace. */
export function accessEvent(record: DecisionRecord, traceparent?: string, id: string = randomUUID()): AccessEvent {
  const { principal, request, resource, action, risk, route } = record;
  const allowed = record.outcome === "allowed";
  const grave = record.code === "MNO_ATTACK_SUSPECTED" || record.takesBack !== null;
  const data = ocsfEvent("httpActivity", {
    uid: record.id,
    product: "zero-trust-gateway",
    activity_id: httpActivityOf(request.method),
    time: new Date(record.time),
    traceId: record.traceId ?? undefined,
    correlationUid: record.takesBack ?? record.id,
    severity_id: grave ? HIGH : SEVERITIES[record.outcome],
    status_id: allowed ? 1 : 2,
    ...(record.reason !== null && { status_detail: record.reason.slice(0, 8192) }),
    action_id: allowed ? 1 : 2,
    disposition_id: allowed ? 1 : 2,
    ...(principal && {
      actor: {
        user: { uid: text(principal.id), name: text(principal.id) },
        ...(principal.session !== null && { session: { uid: principal.session } }),
      },
    }),
    src_endpoint: { ip: text(request.address) },
    dst_endpoint: { hostname: text(request.authority), ...(route !== null && { svc_name: route }) },
    http_request: {
      uid: record.id,
      http_method: request.method.slice(0, 32),
      ...(request.userAgent !== null && { user_agent: request.userAgent }),
      url: {
        path: request.path.slice(0, 8192),
        hostname: text(request.authority),
        ...(request.query !== "" && { query_string: request.query }),
      },
    },
    ...(record.status !== null && { http_response: { code: record.status } }),
    ...(resource && { resources: [{ uid: text(resource.id), type: resource.type }] }),
    ...(action && { api: { operation: text(action.id) } }),
    ...(record.policies.length > 0 && {
      policy: {
        uid: text(record.policies.join(",")),
        ...(record.policyVersion && { version: text(record.policyVersion) }),
      },
    }),
    ...(risk && { risk_level_id: RISK_LEVELS[risk.level], risk_score: risk.probability * 100 }),
    unmapped: {
      via: record.via,
      stage: record.stage,
      code: record.code,
      principal_type: principal?.type ?? null,
      authentication: principal?.method ?? null,
      findings: record.findings.slice(0, 32),
      inspection_score: record.score,
      excluded: record.excluded.slice(0, 32),
      exceptions: record.exceptions,
      stripped: record.stripped.slice(0, 32),
      takes_back: record.takesBack,
    },
  });
  return {
    specversion: "1.0",
    id,
    source: "/mno/zero-trust-gateway",
    type: "mno.security.access.decided",
    subject: principal === null ? text(`address/${request.address}`) : text(`${principal.type}/${principal.id}`),
    time: record.time,
    datacontenttype: "application/json",
    data,
    ...(traceparent !== undefined && { traceparent }),
  };
}

/** OCSF names are 1 to 1024 characters. */
function text(value: string): string {
  return value === "" ? "-" : value.slice(0, 1024);
}
