import type { OcsfEvent } from "../../../kernel/ocsf/schema";
import type { Stored } from "../log/log";

const CATEGORY: Readonly<Record<number, readonly string[]>> = {
  2004: ["intrusion_detection"],
  2005: ["intrusion_detection"],
  3002: ["authentication"],
  3004: ["configuration"],
  4002: ["web"],
  6003: ["api"],
  7001: ["configuration"],
};
const OUTCOME = ["unknown", "success", "failure"] as const;

/** An event in Elastic Common Schema (8.17) fields; members that it does not have are left out. */
export function ecsOf(event: OcsfEvent): Record<string, unknown> {
  const { actor, user, src_endpoint: source, dst_endpoint: destination, http_request: http, metadata } = event;
  const subject = actor?.user ?? user;
  const session = event.session ?? actor?.session;
  return pruned({
    "@timestamp": new Date(event.time).toISOString(),
    message: event.message,
    ecs: { version: "8.17.0" },
    event: {
      id: metadata.uid,
      kind: event.class_uid === 2004 || event.class_uid === 2005 ? "alert" : "event",
      category: CATEGORY[event.class_uid],
      action: event.api?.operation,
      outcome: OUTCOME[event.status_id ?? 0],
      severity: event.severity_id,
      reason: event.status_detail,
      provider: metadata.product.name,
      code: String(event.type_uid),
    },
    user: { id: subject?.uid, name: subject?.name },
    source: {
      ip: source?.ip,
      port: source?.port,
      geo: { country_iso_code: source?.location?.country },
      as: { number: source?.autonomous_system?.number },
    },
    destination: { ip: destination?.ip, port: destination?.port, domain: destination?.hostname },
    service: { name: destination?.svc_name },
    url: { path: http?.url?.path, query: http?.url?.query_string, domain: http?.url?.hostname },
    http: { request: { method: http?.http_method }, response: { status_code: event.http_response?.code } },
    user_agent: { original: http?.user_agent },
    rule: { id: event.policy?.uid, name: event.finding_info?.title },
    trace: { id: metadata.trace_uid },
    threat: {
      tactic: { id: event.attacks?.map(({ tactic }) => tactic?.uid).filter((uid) => uid !== undefined) },
      technique: { id: event.attacks?.map(({ technique }) => technique?.uid).filter((uid) => uid !== undefined) },
    },
    labels: { session: session?.uid },
    ocsf: { class_uid: event.class_uid, type_uid: event.type_uid },
  }) as Record<string, unknown>;
}

/** The body of Elasticsearch's _bulk: `create` by the event's id, so that sending twice is the same as sending once. */
export function bulkLines(records: readonly Stored[], index: string): string {
  return records
    .map(({ uid, text }) => {
      const action = JSON.stringify({ create: { _index: index, _id: uid.slice(0, 512) } });
      return `${action}\n${JSON.stringify(ecsOf(JSON.parse(text) as OcsfEvent))}\n`;
    })
    .join("");
}

function pruned(value: unknown): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    return Array.isArray(value) && value.length === 0 ? undefined : value;
  }
  const entries = Object.entries(value)
    .map(([name, member]): [string, unknown] => [name, pruned(member)])
    .filter(([, member]) => member !== undefined);
  return entries.length === 0 ? undefined : Object.fromEntries(entries);
}
