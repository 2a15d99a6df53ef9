import type { PipelineSpec } from "./fields";

/** Pipelines of the OCSF events that the engines emit, and that others may send. */
export const BUILT_IN: readonly PipelineSpec[] = [
  {
    name: "http-activity",
    entity: "src_endpoint.ip",
    outcome: { path: "status_id", failures: [2] },
    fields: [
      { name: "path_length", path: "derived.path_length", kind: "number" },
      { name: "path_depth", path: "derived.path_depth", kind: "number" },
      { name: "query_length", path: "derived.query_length", kind: "number" },
      { name: "hour", path: "derived.hour", kind: "number" },
      { name: "risk_score", path: "risk_score", kind: "number" },
      { name: "inspection_score", path: "derived.inspection_score", kind: "number" },
      { name: "method", path: "http_request.http_method", kind: "category" },
      { name: "route", path: "dst_endpoint.svc_name", kind: "category" },
      { name: "user_agent", path: "http_request.user_agent", kind: "category" },
      { name: "status_code", path: "http_response.code", kind: "category" },
      { name: "outcome", path: "status_id", kind: "category" },
      { name: "user", path: "actor.user.uid", kind: "category" },
    ],
  },
  {
    name: "authentication",
    entity: "src_endpoint.ip",
    outcome: { path: "status_id", failures: [2] },
    fields: [
      { name: "hour", path: "derived.hour", kind: "number" },
      { name: "risk_score", path: "risk_score", kind: "number" },
      { name: "activity", path: "activity_id", kind: "category" },
      { name: "outcome", path: "status_id", kind: "category" },
      { name: "country", path: "src_endpoint.location.country", kind: "category" },
      { name: "network", path: "src_endpoint.autonomous_system.number", kind: "category" },
      { name: "user_agent", path: "http_request.user_agent", kind: "category" },
      { name: "user", path: "user.uid", kind: "category" },
    ],
  },
];

/** What a pipeline of OCSF events reads beside the event itself. */
export function derived(event: Record<string, unknown>, time: number): Record<string, unknown> {
  const url = (event["http_request"] as { url?: { path?: unknown; query_string?: unknown } } | undefined)?.url;
  const path = typeof url?.path === "string" ? url.path : "";
  const query = typeof url?.query_string === "string" ? url.query_string : "";
  const date = new Date(time);
  const score = (event["unmapped"] as { inspection_score?: unknown } | undefined)?.inspection_score;
  return {
    path_length: path.length,
    path_depth: path.split("/").length - 1,
    query_length: query.length,
    hour: date.getUTCHours() + date.getUTCMinutes() / 60,
    ...(typeof score === "number" ? { inspection_score: score } : {}),
  };
}
