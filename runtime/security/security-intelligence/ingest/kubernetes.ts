import { type Static, Type } from "@sinclair/typebox";
import { ocsfEvent } from "../../../kernel/ocsf/event";
import type { OcsfEvent } from "../../../kernel/ocsf/schema";

/** Of any length: one long URI must not have the API server's whole batch refused. */
const Text = Type.String();
const MAX_TEXT = 1024;
const MAX_ID = 128;
const MAX_GROUPS = 256;

/** What is read of an audit event (audit.k8s.io/v1); the rest is kept as it comes. */
export const AuditEvent = Type.Object({
  auditID: Type.String({ minLength: 1 }),
  stage: Text,
  verb: Text,
  level: Type.Optional(Text),
  requestURI: Type.Optional(Text),
  user: Type.Optional(
    Type.Object({ username: Type.Optional(Text), uid: Type.Optional(Text), groups: Type.Optional(Type.Array(Text)) }),
  ),
  sourceIPs: Type.Optional(Type.Array(Text)),
  userAgent: Type.Optional(Text),
  objectRef: Type.Optional(
    Type.Object({
      resource: Type.Optional(Text),
      subresource: Type.Optional(Text),
      namespace: Type.Optional(Text),
      name: Type.Optional(Text),
      apiGroup: Type.Optional(Text),
    }),
  ),
  responseStatus: Type.Optional(Type.Object({ code: Type.Optional(Type.Integer()) })),
  requestReceivedTimestamp: Type.Optional(Text),
  stageTimestamp: Type.Optional(Text),
});
export type AuditEvent = Static<typeof AuditEvent>;

/** The batch that an API server's audit webhook posts. */
export const AuditEventList = Type.Object({
  kind: Type.Literal("EventList"),
  apiVersion: Type.String({ pattern: "^audit\\.k8s\\.io/" }),
  items: Type.Array(AuditEvent, { maxItems: 10_000 }),
});

/** Under which name the audit event itself is kept, for rules that speak of its own fields. */
export const AUDIT_MEMBER = "kubernetes_audit";

const ACTIVITIES: Readonly<Record<string, number>> = {
  create: 1,
  get: 2,
  list: 2,
  watch: 2,
  update: 3,
  patch: 3,
  delete: 4,
  deletecollection: 4,
};

/** OCSF API Activity; undefined for the stages before the response, which say nothing that it does not. */
export function ofAudit(audit: AuditEvent, receivedAt: number): OcsfEvent | undefined {
  if (audit.stage !== "ResponseComplete" && audit.stage !== "Panic") return undefined;
  const { user, objectRef, responseStatus } = audit;
  const code = responseStatus?.code;
  const time = Date.parse(audit.requestReceivedTimestamp ?? audit.stageTimestamp ?? "");
  const target = [objectRef?.resource, objectRef?.subresource].filter((part) => part).join("/");
  const failed = code !== undefined && code >= 400;
  return ocsfEvent("apiActivity", {
    uid: `audit-${audit.auditID.slice(0, MAX_ID)}-${audit.stage}`,
    product: "kubernetes",
    activity_id: Object.hasOwn(ACTIVITIES, audit.verb) ? ACTIVITIES[audit.verb]! : 99,
    time: new Date(Number.isNaN(time) ? receivedAt : time),
    status_id: code === undefined ? 0 : failed ? 2 : 1,
    ...(code === 403 || code === 401 ? { action_id: 2, disposition_id: 2 } : {}),
    actor: {
      user: {
        ...present("uid", user?.username ?? user?.uid),
        ...present("name", user?.username),
        groups: (user?.groups ?? [])
          .filter((name) => name !== "")
          .slice(0, MAX_GROUPS)
          .map((name) => ({ name: name.slice(0, MAX_TEXT) })),
      },
    },
    ...(audit.sourceIPs?.[0] ? { src_endpoint: { ip: audit.sourceIPs[0].slice(0, MAX_TEXT) } } : {}),
    ...(code === undefined ? {} : { http_response: { code } }),
    api: {
      operation: [audit.verb, target]
        .filter((part) => part)
        .join(" ")
        .slice(0, MAX_TEXT),
      service: { name: "kube-apiserver" },
    },
    ...(objectRef
      ? {
          resources: [
            {
              ...present("name", objectRef.name),
              ...present("type", objectRef.resource === "pods" ? "pod" : objectRef.resource),
              ...present("namespace", objectRef.namespace),
              ...(objectRef.resource === "pods" && objectRef.name
                ? { uid: `${objectRef.namespace ?? ""}/${objectRef.name}` }
                : {}),
            },
          ],
        }
      : {}),
    unmapped: { [AUDIT_MEMBER]: audit },
  });
}

function present(name: string, value: string | undefined): Record<string, string> {
  return value === undefined || value === "" ? {} : { [name]: value.slice(0, MAX_TEXT) };
}
