import { type Static, type TProperties, Type } from "@sinclair/typebox";

/**
 * The part of the Open Cybersecurity Schema Framework that the engines speak (https://schema.ocsf.io, version 1.7.0): base
 * event and the objects that its classes share. OCSF lets events carry more than a reader knows, so objects stay open.
 */
export const OCSF_VERSION = "1.7.0";

const Name = Type.String({ minLength: 1, maxLength: 1024 });
const optional = <P extends TProperties>(properties: P) => Type.Partial(Type.Object(properties));

/** Who. */
export const OcsfUser = optional({
  uid: Name,
  name: Name,
  type_id: Type.Integer(),
  groups: Type.Array(optional({ uid: Name, name: Name })),
});

export const OcsfSession = optional({
  /** A digest of the session's secret, never the secret. */
  uid: Name,
  issuer: Name,
  created_time: Type.Integer(),
  is_mfa: Type.Boolean(),
});

/** From or to where. */
export const OcsfEndpoint = optional({
  ip: Name,
  port: Type.Integer({ minimum: 0, maximum: 65_535 }),
  hostname: Name,
  uid: Name,
  svc_name: Name,
  autonomous_system: optional({ number: Type.Integer({ minimum: 0 }), name: Name }),
  location: optional({ country: Name, region: Name, city: Name, lat: Type.Number(), long: Type.Number() }),
});

export const OcsfHttpRequest = optional({
  uid: Name,
  http_method: Name,
  user_agent: Type.String({ maxLength: 4096 }),
  url: optional({
    path: Type.String({ maxLength: 8192 }),
    hostname: Name,
    query_string: Type.String({ maxLength: 8192 }),
  }),
});

/** A tactic and technique of MITRE ATT&CK. */
export const OcsfAttack = optional({
  tactic: optional({ uid: Name, name: Name }),
  technique: optional({ uid: Name, name: Name }),
  sub_technique: optional({ uid: Name, name: Name }),
});

export const OcsfObservable = optional({
  name: Name,
  type_id: Type.Integer(),
  value: Type.String({ maxLength: 8192 }),
});

export const OcsfFindingInfo = optional({
  uid: Name,
  title: Name,
  desc: Type.String({ maxLength: 8192 }),
  types: Type.Array(Name),
  related_events: Type.Array(optional({ uid: Name, type_uid: Type.Integer() })),
});

/** Which rule or policy spoke. */
export const OcsfPolicy = optional({ uid: Name, name: Name, version: Name, desc: Type.String({ maxLength: 8192 }) });

const BASE = {
  class_uid: Type.Integer({ minimum: 0, maximum: 2_147_483_647 }),
  category_uid: Type.Integer({ minimum: 0 }),
  activity_id: Type.Integer({ minimum: 0 }),
  /** class_uid * 100 + activity_id. */
  type_uid: Type.Integer({ minimum: 0 }),
  /** 0 unknown, 1 informational, 2 low, 3 medium, 4 high, 5 critical, 6 fatal, 99 other. */
  severity_id: Type.Integer({ minimum: 0, maximum: 99 }),
  /** Milliseconds since 1970, UTC. */
  time: Type.Integer({ minimum: 0 }),
  /** How often it happened between start_time and end_time, where one event tells of several. */
  count: Type.Optional(Type.Integer({ minimum: 1 })),
  start_time: Type.Optional(Type.Integer({ minimum: 0 })),
  end_time: Type.Optional(Type.Integer({ minimum: 0 })),
  metadata: Type.Object({
    version: Name,
    product: Type.Object({ name: Name, vendor_name: Type.Optional(Name) }),
    /** Unique per event: what makes ingestion idempotent. */
    uid: Name,
    correlation_uid: Type.Optional(Name),
    /** W3C trace id of the request that caused it. */
    trace_uid: Type.Optional(Name),
  }),
  message: Type.Optional(Type.String({ maxLength: 8192 })),
  /** 0 unknown, 1 success, 2 failure. */
  status_id: Type.Optional(Type.Integer()),
  status_detail: Type.Optional(Type.String({ maxLength: 8192 })),
  /** 1 allowed, 2 denied. */
  action_id: Type.Optional(Type.Integer()),
  /** 1 allowed, 2 blocked. */
  disposition_id: Type.Optional(Type.Integer()),
  actor: Type.Optional(optional({ user: OcsfUser, session: OcsfSession, app_name: Name })),
  user: Type.Optional(OcsfUser),
  session: Type.Optional(OcsfSession),
  src_endpoint: Type.Optional(OcsfEndpoint),
  dst_endpoint: Type.Optional(OcsfEndpoint),
  http_request: Type.Optional(OcsfHttpRequest),
  http_response: Type.Optional(optional({ code: Type.Integer() })),
  api: Type.Optional(optional({ operation: Name, service: optional({ name: Name }) })),
  resources: Type.Optional(Type.Array(optional({ uid: Name, name: Name, type: Name, namespace: Name }))),
  policy: Type.Optional(OcsfPolicy),
  attacks: Type.Optional(Type.Array(OcsfAttack)),
  observables: Type.Optional(Type.Array(OcsfObservable)),
  finding_info: Type.Optional(OcsfFindingInfo),
  /** 0 info, 1 low, 2 medium, 3 high, 4 critical. */
  risk_level_id: Type.Optional(Type.Integer()),
  /** 0 to 100. */
  risk_score: Type.Optional(Type.Number()),
  /** 0 to 100. */
  confidence_score: Type.Optional(Type.Number()),
  /** What has no place in the class: flat. */
  unmapped: Type.Optional(Type.Record(Type.String(), Type.Unknown())),
} as const;

/** An event of any class. */
export const OcsfEventSchema = Type.Object(BASE);
export type OcsfEvent = Static<typeof OcsfEventSchema>;

/** The classes that the engines emit, and what they make of logs. */
export const OCSF_CLASSES = {
  detectionFinding: 2004,
  incidentFinding: 2005,
  authentication: 3002,
  entityManagement: 3004,
  httpActivity: 4002,
  apiActivity: 6003,
  remediationActivity: 7001,
} as const;
export type OcsfClass = keyof typeof OCSF_CLASSES;

/** Schema of the events of one class. */
export function ocsfOf(name: OcsfClass): typeof OcsfEventSchema {
  const number = OCSF_CLASSES[name];
  return Type.Object({ ...BASE, class_uid: Type.Integer({ minimum: number, maximum: number }) });
}
