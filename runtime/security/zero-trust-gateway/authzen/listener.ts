import { hash, timingSafeEqual } from "node:crypto";
import { readFile } from "node:fs/promises";
import http from "node:http";
import https from "node:https";
import type { AddressInfo } from "node:net";
import type { Logger } from "pino";
import { MnoError } from "../../../exports";
import { isLoopback } from "../../../kernel/http/access";
import type { Metrics } from "../../../kernel/telemetry/metrics";
import type { PolicyDecisionPoint } from "../contracts";
import type { PolicyConfiguration } from "../policy/configuration";
import type { DecisionPoint } from "../policy/decision-point";
import { readBody } from "./body";
import { Evaluations } from "./evaluation";
import { metadataOf, PATHS } from "./metadata";
import { RequestFault, type SearchTarget } from "./requests";
import { answerSearch } from "./searching";

export interface ListenerParts {
  readonly config: Pick<
    PolicyConfiguration,
    | "MNO_ZTG_DECISION_LISTEN"
    | "MNO_ZTG_DECISION_TOKEN"
    | "MNO_ZTG_DECISION_URL"
    | "MNO_ZTG_DECISION_CERTIFICATE_FILE"
    | "MNO_ZTG_DECISION_KEY_FILE"
  >;
  readonly decisions: PolicyDecisionPoint;
  readonly point: DecisionPoint;
  readonly metrics: Metrics;
  readonly log: Logger;
}

export interface DecisionListener {
  readonly address: { readonly host: string; readonly port: number };
  close(): Promise<void>;
}

type Answer = (body: Readonly<Record<string, unknown>>) => string | Promise<string>;

const SECONDS = [0.0001, 0.00025, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.05, 0.25, 1];
/** A client has so long for a whole request, milliseconds. */
const REQUEST_MILLISECONDS = 10_000;
const MAX_CONNECTIONS = 1024;
/** Searches go over all entities; more at once are refused. */
const MAX_SEARCHES = 16;

/** Opens the HTTP(S) binding of AuthZEN (section 11) where it is configured. Errors: MNO_CONFIG_INVALID, MNO_PORT_IN_USE. */
export async function openDecisionListener(parts: ListenerParts): Promise<DecisionListener | undefined> {
  const { config } = parts;
  if (config.MNO_ZTG_DECISION_LISTEN === undefined) return undefined;
  const { host, port } = hostAndPort(config.MNO_ZTG_DECISION_LISTEN);
  if (config.MNO_ZTG_DECISION_TOKEN === undefined && !isLoopback(host))
    throw invalid("MNO_ZTG_DECISION_TOKEN", `is required when MNO_ZTG_DECISION_LISTEN is not on loopback, but ${host}`);
  const { protocol, search, hash } = new URL(config.MNO_ZTG_DECISION_URL ?? "https://localhost");
  if (protocol !== "https:" || search !== "" || hash !== "")
    throw invalid("MNO_ZTG_DECISION_URL", "must be an https:// URL without query and fragment");
  const server = await serverOf(config);
  server.maxConnections = MAX_CONNECTIONS;
  await new Promise<void>((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) =>
      reject(
        error.code === "EADDRINUSE"
          ? new MnoError(
              "MNO_PORT_IN_USE",
              `Port ${port} on ${host} is in use; set MNO_ZTG_DECISION_LISTEN to a free one`,
            )
          : error,
      ),
    );
    server.listen(port, host, resolve);
  });
  const bound = { host, port: (server.address() as AddressInfo).port };
  const url = config.MNO_ZTG_DECISION_URL ?? `https://${host.includes(":") ? `[${host}]` : host}:${bound.port}`;
  server.on("request", handlerOf(parts, url));
  return { address: bound, close: () => close(server) };
}

async function serverOf(config: ListenerParts["config"]): Promise<http.Server> {
  const { MNO_ZTG_DECISION_CERTIFICATE_FILE: certificate, MNO_ZTG_DECISION_KEY_FILE: key } = config;
  const options = { requestTimeout: REQUEST_MILLISECONDS, headersTimeout: REQUEST_MILLISECONDS, noDelay: true };
  if (certificate === undefined && key === undefined) return http.createServer(options);
  if (certificate === undefined || key === undefined)
    throw invalid("MNO_ZTG_DECISION_CERTIFICATE_FILE", "and MNO_ZTG_DECISION_KEY_FILE need each other");
  return https.createServer({
    ...options,
    cert: await readFile(certificate),
    key: await readFile(key),
    minVersion: "TLSv1.2",
  });
}

/** Answers requests; what a policy set that is being swapped means for one of them is settled when it has been read. */
function handlerOf({ config, decisions, point, metrics, log }: ListenerParts, url: string): http.RequestListener {
  const evaluations = new Evaluations(decisions, () => point.current);
  const metadata = metadataOf(url);
  const isAuthenticated = authenticator(config.MNO_ZTG_DECISION_TOKEN);
  const { hostname } = new URL(url);
  let searches = 0;
  const searching =
    (target: SearchTarget): Answer =>
    async (body) => {
      if (searches >= MAX_SEARCHES)
        throw new MnoError("MNO_OVERLOADED", `${MAX_SEARCHES} searches are at work already`);
      searches++;
      try {
        return JSON.stringify(await answerSearch(target, body, point.current));
      } finally {
        searches--;
      }
    };
  const answers = new Map<string, Answer>([
    [PATHS.evaluation, (body) => evaluations.one(body)],
    [PATHS.evaluations, (body) => evaluations.many(body)],
    [PATHS.subject, searching("subject")],
    [PATHS.resource, searching("resource")],
    [PATHS.action, searching("action")],
  ]);
  const requests = metrics.counter("mno_gateway_authzen_requests_total", "AuthZEN requests answered", [
    "endpoint",
    "code",
  ]);
  const seconds = metrics.histogram(
    "mno_gateway_authzen_seconds",
    "From an AuthZEN request's head to its answer",
    ["endpoint"],
    SECONDS,
  );

  const send = (
    request: http.IncomingMessage,
    response: http.ServerResponse,
    status: number,
    type: string,
    text: string,
    more: Record<string, string> = {},
  ): void => {
    const id = request.headers["x-request-id"];
    response.writeHead(status, {
      "content-type": type,
      "content-length": Buffer.byteLength(text),
      "cache-control": "no-store",
      ...(typeof id === "string" && { "x-request-id": id }),
      ...more,
    });
    response.end(text);
  };

  const answer = async (request: http.IncomingMessage, response: http.ServerResponse, path: string): Promise<void> => {
    const reply = answers.get(path);
    if (path === metadata.path && request.method === "GET")
      return send(request, response, 200, JSON_TYPE, JSON.stringify(metadata.document), {
        "cache-control": "max-age=3600",
      });
    if (!reply) return send(request, response, 404, TEXT_TYPE, "There is no such endpoint");
    if (request.method !== "POST")
      return send(request, response, 405, TEXT_TYPE, "The method must be POST", { allow: "POST" });
    if (!isAuthenticated(request))
      return send(request, response, 401, TEXT_TYPE, "A bearer token is required", {
        "www-authenticate": `Bearer realm="${url}"`,
      });
    if (config.MNO_ZTG_DECISION_TOKEN === undefined && !isKnownHost(request, hostname))
      return send(request, response, 403, TEXT_TYPE, "The Host header names another server");
    try {
      send(request, response, 200, JSON_TYPE, await reply(await readBody(request)));
    } catch (error) {
      if (request.destroyed && !request.complete) return;
      if (error instanceof RequestFault) return send(request, response, 400, TEXT_TYPE, error.message);
      if (error instanceof MnoError && error.code !== "MNO_INTERNAL")
        return send(request, response, error.status === 503 ? 503 : 500, TEXT_TYPE, error.message);
      log.error({ err: error }, "AuthZEN request failed");
      send(request, response, 500, TEXT_TYPE, "The decision point failed; the fault was logged");
    }
  };

  return (request, response) => {
    const startedAt = performance.now();
    const path = (request.url ?? "").split("?", 1)[0]!;
    const endpoint = answers.has(path) ? path : path === metadata.path ? "metadata" : "unknown";
    void answer(request, response, path).then(() => {
      requests.inc({ endpoint, code: String(response.statusCode) });
      seconds.observe({ endpoint }, (performance.now() - startedAt) / 1000);
      if (!request.complete) request.resume();
    });
  };
}

const JSON_TYPE = "application/json";
const TEXT_TYPE = "text/plain; charset=utf-8";

/** Compares digests, so that neither length nor content shows in the time taken. */
function authenticator(token: string | undefined): (request: http.IncomingMessage) => boolean {
  if (token === undefined) return () => true;
  const digest = (text: string): Buffer => hash("sha256", text, "buffer");
  const expected = digest(token);
  return ({ headers }) => {
    const presented = /^bearer +([^ ]+) *$/i.exec(headers.authorization ?? "")?.[1] ?? "";
    return timingSafeEqual(digest(presented), expected);
  };
}

/** Without a token, a web page that re-binds its DNS name to loopback must not ask: what it calls the server shows. */
function isKnownHost({ headers }: http.IncomingMessage, hostname: string): boolean {
  const name = (headers.host ?? "localhost").replace(/:\d+$/, "").replace(/^\[(.*)\]$/, "$1");
  return isLoopback(name) || name === hostname;
}

function hostAndPort(listen: string): { host: string; port: number } {
  const at = listen.lastIndexOf(":");
  const port = Number(listen.slice(at + 1));
  const host = listen.slice(0, Math.max(at, 0)).replace(/^\[(.*)\]$/, "$1");
  if (host === "" || !/^\d{1,5}$/.test(listen.slice(at + 1)) || port > 65_535)
    throw invalid("MNO_ZTG_DECISION_LISTEN", `must be host:port, not ${listen}`);
  return { host, port };
}

function invalid(key: string, detail: string): MnoError {
  return new MnoError("MNO_CONFIG_INVALID", `${key} ${detail}`);
}

function close(server: http.Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeIdleConnections();
    setTimeout(() => server.closeAllConnections(), REQUEST_MILLISECONDS).unref();
  });
}
