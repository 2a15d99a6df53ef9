import type { FieldNames } from "./view";

type Table = Readonly<Record<string, readonly string[]>>;

/** Elastic Common Schema, Sigma's webserver and proxy fields, and identity fields -> OCSF. */
const TO_OCSF: Table = {
  "source.ip": ["src_endpoint.ip"],
  "source.address": ["src_endpoint.ip", "src_endpoint.hostname"],
  "source.port": ["src_endpoint.port"],
  "source.geo.country_iso_code": ["src_endpoint.location.country"],
  "client.ip": ["src_endpoint.ip"],
  "destination.ip": ["dst_endpoint.ip"],
  "destination.address": ["dst_endpoint.ip", "dst_endpoint.hostname"],
  "destination.port": ["dst_endpoint.port"],
  "user.name": ["user.name", "actor.user.name", "actor.user.uid"],
  "user.id": ["actor.user.uid", "user.uid", "actor.user.name", "user.name"],
  "session.id": ["session.uid", "actor.session.uid"],
  "http.request.bytes": ["traffic.bytes_in", "unmapped.bytes_in"],
  "http.response.bytes": ["traffic.bytes_out", "unmapped.bytes_out"],
  "url.path": ["http_request.url.path"],
  "url.query": ["http_request.url.query_string"],
  "url.domain": ["http_request.url.hostname"],
  "http.request.method": ["http_request.http_method"],
  "http.response.status_code": ["http_response.code"],
  "user_agent.original": ["http_request.user_agent"],
  "event.action": ["api.operation"],
  "event.severity": ["severity_id"],
  "rule.name": ["policy.name", "finding_info.title"],
  "rule.id": ["policy.uid"],
  "service.name": ["dst_endpoint.svc_name", "metadata.product.name"],
  "trace.id": ["metadata.trace_uid"],
  message: ["message"],
  "cs-method": ["http_request.http_method"],
  "cs-uri": ["http_request.url.path"],
  "cs-uri-stem": ["http_request.url.path"],
  "cs-uri-query": ["http_request.url.query_string"],
  "cs-host": ["http_request.url.hostname"],
  "cs-user-agent": ["http_request.user_agent"],
  "cs-username": ["actor.user.name", "actor.user.uid"],
  "c-uri": ["http_request.url.path"],
  "c-uri-query": ["http_request.url.query_string"],
  "c-useragent": ["http_request.user_agent"],
  "c-ip": ["src_endpoint.ip"],
  "s-ip": ["dst_endpoint.ip"],
  "sc-status": ["http_response.code"],
  "sc-bytes": ["traffic.bytes_out", "unmapped.bytes_out"],
  "cs-bytes": ["traffic.bytes_in", "unmapped.bytes_in"],
};

/** Short names that rules for the Kubernetes audit log use -> audit.k8s.io/v1. */
const TO_KUBERNETES: Table = {
  resource: ["objectRef.resource"],
  subresource: ["objectRef.subresource"],
  apiGroup: ["objectRef.apiGroup"],
  namespace: ["objectRef.namespace"],
  name: ["objectRef.name"],
  username: ["user.username"],
  groups: ["user.groups"],
  "user.name": ["user.username"],
  "source.ip": ["sourceIPs"],
  sourceIP: ["sourceIPs"],
  hostPath: ["requestObject.spec.volumes.hostPath", "requestObject.spec.template.spec.volumes.hostPath"],
  capabilities: [
    "requestObject.spec.containers.securityContext.capabilities.add",
    "requestObject.spec.template.spec.containers.securityContext.capabilities.add",
    "requestObject.spec.containers.securityContext.capabilities",
  ],
  privileged: [
    "requestObject.spec.containers.securityContext.privileged",
    "requestObject.spec.template.spec.containers.securityContext.privileged",
  ],
};

/** What Security event 4688 calls the fields of Sigma's process creation (Sigma 2.1.0, "Field Usage"), and where EVTX as JSON has them. */
const TO_WINDOWS: Table = {
  Image: ["NewProcessName"],
  ParentImage: ["ParentProcessName"],
  Details: ["NewValue"],
  ParentCommandLine: ["ProcessCommandLine"],
  LogonId: ["SubjectLogonId"],
  EventID: ["Event.System.EventID.#text", "Event.System.EventID"],
  Provider_Name: ["Event.System.Provider.#attributes.Name", "Event.System.Provider_attributes.Name", "Provider"],
};

const WINDOWS_PREFIXES = ["Event.EventData.", "Event.System.", "Event.UserData."];

const under = (table: Table, prefixes: readonly string[] = []): FieldNames => {
  const known = new Map<string, readonly string[]>();
  const of = (field: string): readonly string[] => [
    field,
    ...(Object.hasOwn(table, field) ? table[field]! : []),
    ...prefixes.map((prefix) => prefix + field),
  ];
  for (const field of Object.keys(table)) known.set(field, of(field));
  return (field) => known.get(field) ?? of(field);
};

/** A field's own name comes first: an event that has it needs no translation. */
export const OCSF_FIELDS: FieldNames = under(TO_OCSF);
export const KUBERNETES_FIELDS: FieldNames = under(TO_KUBERNETES);
export const WINDOWS_FIELDS: FieldNames = under(TO_WINDOWS, WINDOWS_PREFIXES);
export const OWN_FIELDS: FieldNames = under({});

/** Where the fields of a source's logs are, for logs that are kept as they came. */
export function fieldsOf(product: string | undefined): FieldNames {
  if (product === "windows") return WINDOWS_FIELDS;
  return product === "kubernetes" ? KUBERNETES_FIELDS : OWN_FIELDS;
}
