import { hash } from "node:crypto";
import { isIP } from "node:net";
import { ocsfEvent } from "../../../kernel/ocsf/event";
import { httpActivityOf } from "../../../kernel/ocsf/http-activity";
import type { OcsfEvent } from "../../../kernel/ocsf/schema";
import { shallow } from "./bounded";

const TRACEPARENT = /^00-([0-9a-f]{32})-/;

/**
 * OCSF HTTP Activity of one line of Envoy's JSON access log, with the names that Istio gives its members (meshConfig
 * `accessLogEncoding: JSON`) or those of the Elastic Common Schema, which ServiceMesh has it write; undefined for a line that is
 * no request.
 */
export function ofAccessLog(line: Readonly<Record<string, unknown>>, receivedAt: number): OcsfEvent | undefined {
  const text = (...names: string[]): string | undefined => {
    for (const name of names) {
      const value = Object.hasOwn(line, name) ? line[name] : undefined;
      if (typeof value === "string" && value !== "" && value !== "-") return value.slice(0, 4096);
    }
    return undefined;
  };
  const number = (...names: string[]): number | undefined => {
    for (const name of names) {
      const value = Object.hasOwn(line, name) ? line[name] : undefined;
      const read = typeof value === "string" && value.trim() !== "" ? Number(value) : value;
      if (typeof read === "number" && Number.isFinite(read)) return read;
    }
    return undefined;
  };
  const method = text("method", "http.request.method");
  const code = number("response_code", "http.response.status_code");
  if (method === undefined || code === undefined) return undefined;
  const [path = "", query] = split(text("path", "x_envoy_original_path", "url.path") ?? "", "?");
  const started = Date.parse(text("start_time", "timestamp", "@timestamp") ?? "");
  const client = addressOf(
    text("x_forwarded_for")?.split(",")[0]?.trim() ?? text("downstream_remote_address", "source.address"),
  );
  const upstream = addressOf(text("upstream_host", "destination.address"));
  const peer = text("downstream_peer_uri_san", "source_principal", "tls.client.x509.subject");
  const trace = TRACEPARENT.exec(text("traceparent") ?? "")?.[1];
  return ocsfEvent("httpActivity", {
    uid: uidOf(line),
    product: "envoy",
    activity_id: httpActivityOf(method.toUpperCase()),
    time: new Date(Number.isNaN(started) ? receivedAt : started),
    traceId: trace,
    status_id: code >= 400 ? 2 : 1,
    ...(code === 401 || code === 403 ? { action_id: 2, disposition_id: 2 } : {}),
    ...(peer === undefined ? {} : { actor: { user: { uid: peer } } }),
    ...(client ? { src_endpoint: client } : {}),
    dst_endpoint: {
      ...upstream,
      ...(text("upstream_cluster", "url.domain") ? { svc_name: text("upstream_cluster", "url.domain")! } : {}),
    },
    http_request: {
      ...(text("request_id", "x_request_id") ? { uid: text("request_id", "x_request_id")!.slice(0, 1024) } : {}),
      http_method: method,
      ...(text("user_agent", "user_agent.original") ? { user_agent: text("user_agent", "user_agent.original")! } : {}),
      url: {
        path,
        ...(query === undefined ? {} : { query_string: query }),
        ...hostOf(text("authority", "url.domain")),
      },
    },
    http_response: { code: Math.trunc(code) },
    unmapped: {
      bytes_in: number("bytes_received", "http.request.bytes") ?? 0,
      bytes_out: number("bytes_sent", "http.response.bytes") ?? 0,
      duration_ms: number("duration", "event.duration_ms") ?? 0,
      response_flags: text("response_flags", "istio.response_flags") ?? "",
    },
  });
}

/** The line is its own name. A request id is not: whoever asks may choose it, and have all requests go under one. */
function uidOf(line: unknown): string {
  return `access-${hash("sha256", JSON.stringify(shallow(line)), "hex").slice(0, 32)}`;
}

function addressOf(text: string | undefined): { ip: string; port?: number } | undefined {
  if (text === undefined) return undefined;
  if (isIP(text)) return { ip: text };
  const found = /^\[?([0-9a-fA-F.:]+?)\]?:(\d{1,5})$/.exec(text);
  if (!found || !isIP(found[1]!) || Number(found[2]) > 65_535) return undefined;
  return { ip: found[1]!, port: Number(found[2]) };
}

function hostOf(authority: string | undefined): { hostname?: string } {
  return authority === undefined ? {} : { hostname: authority.slice(0, 1024) };
}

function split(text: string, by: string): [string, string | undefined] {
  const at = text.indexOf(by);
  return at < 0 ? [text, undefined] : [text.slice(0, at), text.slice(at + 1)];
}
