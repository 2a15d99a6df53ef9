import http from "node:http";
import https from "node:https";
import type { Duplex } from "node:stream";
import { MnoError } from "../../exports";
import { PROBLEM_MEDIA_TYPE, toProblem } from "../../kernel/http/problems";
import type { Backend } from "./backend";
import { type ForwardedRequest, returned } from "./headers";
import type { Member } from "./member";
import type { Ending } from "./observer";
import { hostOf, portOf } from "./transport/transport";

export interface TunnelRequest {
  readonly method: string;
  readonly forwarded: ForwardedRequest;
  readonly socket: Duplex;
  /** What the client sent already beyond its request. */
  readonly head: Buffer;
  readonly key: string | undefined;
  readonly sticky: string | undefined;
}

/** Protocols that a connection may change to. */
const TUNNELLED = new Set(["websocket"]);

/**
 * Whether a request that asks for an upgrade gets a tunnel. A server may ignore an upgrade (RFC 9110, section 7.8): any other is answered
 * as the ordinary request that it is as well, and so is one with a body, for which a tunnel's beginning has no place.
 */
export function opensTunnel({ method, headers }: http.IncomingMessage): boolean {
  const hasBody = headers["transfer-encoding"] !== undefined || Number(headers["content-length"] ?? 0) !== 0;
  return method === "GET" && !hasBody && TUNNELLED.has((headers.upgrade ?? "").trim().toLowerCase());
}

/**
 * A connection that changes protocol (WebSocket): asked for at one endpoint, at the next where the first cannot be reached, and from the
 * endpoint's 101 on bytes pass both ways until either side ends. It is under way, for limits and policies, until then.
 */
export function openTunnel(backend: Backend, request: TunnelRequest): void {
  request.socket.on("error", () => undefined);
  const { limits } = backend.spec;
  if (backend.upstream.inFlight >= limits.requests) {
    return answer(
      request.socket,
      new MnoError("MNO_UPSTREAM_OVERLOADED", `${String(limits.requests)} requests are under way`),
    );
  }
  connect(backend, request, new Set(), backend.spec.retry.attempts);
}

function connect(backend: Backend, request: TunnelRequest, tried: Set<string>, retriesLeft: number): void {
  const { upstream, dependencies } = backend;
  const { forwarded, socket, key, sticky } = request;
  const now = dependencies.now();
  const member = upstream.pick({
    now,
    tried,
    ...(key === undefined ? {} : { key }),
    ...(sticky === undefined ? {} : { sticky }),
  });
  if (typeof member === "string") {
    return answer(
      socket,
      new MnoError("MNO_NO_ENDPOINT", `${backend.name} has no endpoint for a tunnel at the moment`),
    );
  }
  if (tried.size > 0) {
    upstream.retryBudget.withdraw(now, share(backend));
    dependencies.observer.extra(backend.name, "retry", "sent");
  }
  tried.add(member.id);
  const attempt = upstream.begin(member, now);
  let over = false;
  const finish = (ending: Ending, status: number): void => {
    if (over) return;
    over = true;
    backend.release(attempt);
    dependencies.observer.request(backend.name, ending, status, dependencies.now() - now);
  };
  const outgoing = ask(backend, member, request);
  outgoing.setTimeout(backend.spec.timeouts.connectSeconds * 1000, () =>
    outgoing.destroy(new Error("no answer in time")),
  );
  const clientGone = (): void => {
    upstream.answered(attempt, undefined, dependencies.now());
    outgoing.destroy();
    finish("client-gone", 0);
  };
  socket.once("close", clientGone);
  outgoing.once("error", (error: NodeJS.ErrnoException) => {
    if (over) return;
    socket.off("close", clientGone);
    upstream.answered(attempt, "gateway-failure", dependencies.now());
    const unsent = error.code === "ECONNREFUSED" || error.code === "EHOSTUNREACH";
    if (unsent && retriesLeft > 0 && upstream.retryBudget.has(dependencies.now(), share(backend))) {
      over = true;
      backend.release(attempt);
      return connect(backend, request, tried, retriesLeft - 1);
    }
    finish("failed", 502);
    answer(
      socket,
      new MnoError("MNO_UPSTREAM_FAILED", `Endpoint ${member.id} did not open the tunnel: ${error.message}`),
    );
  });
  // The endpoint declined: its answer goes to the client as it is, and the connection ends with it.
  outgoing.once("response", (response) => {
    socket.off("close", clientGone);
    socket.once("close", () => response.destroy());
    const status = response.statusCode ?? 502;
    upstream.answered(attempt, status < 500 ? "success" : "error", dependencies.now());
    const { headers } = returned(response.rawHeaders);
    socket.write(headText(status, response.statusMessage ?? "", [...withoutLength(headers), "connection", "close"]));
    response.pipe(socket);
    response.once("close", () => {
      finish("answered", status);
      socket.end();
    });
  });
  outgoing.once("upgrade", (response, peer, first) => {
    outgoing.setTimeout(0);
    socket.off("close", clientGone);
    upstream.answered(attempt, "success", dependencies.now());
    const { headers } = returned(response.rawHeaders);
    const upgrade = response.headers.upgrade ?? forwarded.upgrade ?? "";
    socket.write(headText(101, "Switching Protocols", [...headers, "connection", "upgrade", "upgrade", upgrade]));
    if (first.length > 0) socket.write(first);
    if (request.head.length > 0) peer.write(request.head);
    join(socket, peer, () => finish("answered", 101));
  });
  outgoing.end();
}

function ask(backend: Backend, member: Member, { method, forwarded }: TunnelRequest): http.ClientRequest {
  const { tls } = backend.spec;
  const { address } = member.spec;
  const headers = [...forwarded.headers, "connection", "upgrade", "upgrade", forwarded.upgrade ?? ""];
  const common = {
    host: hostOf(address),
    port: portOf(address),
    method,
    path: forwarded.path,
    headers,
    agent: false as const,
  };
  if (!tls) return http.request(common);
  return https.request({
    ...common,
    servername: tls.serverName,
    ...(tls.certificateAuthority === undefined ? {} : { ca: tls.certificateAuthority }),
  });
}

/** Both ways, with the slower side's pace; the end of one is the end of both. */
function join(a: Duplex, b: Duplex, done: () => void): void {
  const end = (): void => {
    a.destroy();
    b.destroy();
    done();
  };
  for (const side of [a, b]) {
    side.on("error", end);
    side.once("close", end);
  }
  a.pipe(b);
  b.pipe(a);
}

function share({ spec }: Backend): { percent: number; minimumPerSecond: number } {
  return { percent: spec.retry.budgetPercent, minimumPerSecond: spec.retry.minimumPerSecond };
}

/** Writes a problem document to a connection that has no response object. */
export function answer(socket: Duplex, error: MnoError): void {
  if (!socket.writable) return;
  const body = JSON.stringify(toProblem(error));
  const length = String(Buffer.byteLength(body));
  const headers = ["content-type", PROBLEM_MEDIA_TYPE, "content-length", length, "connection", "close"];
  if (error.status === 503) headers.push("retry-after", "1");
  socket.end(headText(error.status, http.STATUS_CODES[error.status] ?? "", headers) + body);
}

function headText(status: number, message: string, headers: readonly string[]): string {
  let text = `HTTP/1.1 ${String(status)} ${message}\r\n`;
  for (let index = 0; index < headers.length; index += 2)
    text += `${headers[index] ?? ""}: ${headers[index + 1] ?? ""}\r\n`;
  return `${text}\r\n`;
}

/** The response's body was taken out of its chunks; the end of the connection is its end. */
function withoutLength(headers: readonly string[]): string[] {
  return headers.filter((_, index) => headers[index - (index % 2)]?.toLowerCase() !== "content-length");
}
