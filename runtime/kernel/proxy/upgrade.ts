import http from "node:http";
import https from "node:https";
import type { Duplex } from "node:stream";
import type { MnoError } from "../../exports";
import { PROBLEM_MEDIA_TYPE, toProblem } from "../http/problems";
import { type ForwardedRequest, returned } from "./headers";
import { hostOf, portOf, type TransportOptions } from "./transport/transport";

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

/** Asks the server at `address` (host:port) for the change of protocol; the request is not ended. */
export function askUpgrade(
  { address, tls }: Pick<TransportOptions, "address" | "tls">,
  method: string,
  forwarded: Pick<ForwardedRequest, "path" | "headers" | "upgrade">,
): http.ClientRequest {
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

/** The server agreed: its 101 goes to the client, what either side sent too early to the other, and from here on bytes pass both ways. */
export function switchProtocols(
  client: { readonly socket: Duplex; readonly head: Buffer; readonly upgrade: string | undefined },
  server: { readonly response: http.IncomingMessage; readonly socket: Duplex; readonly head: Buffer },
  done: () => void,
): void {
  const { headers } = returned(server.response.rawHeaders);
  const upgrade = server.response.headers.upgrade ?? client.upgrade ?? "";
  client.socket.write(headText(101, "Switching Protocols", [...headers, "connection", "upgrade", "upgrade", upgrade]));
  if (server.head.length > 0) client.socket.write(server.head);
  if (client.head.length > 0) server.socket.write(client.head);
  join(client.socket, server.socket, done);
}

/** The server declined: its answer goes to the client as it is, and the connection ends with it. */
export function passAnswer(socket: Duplex, response: http.IncomingMessage, done: () => void): void {
  socket.once("close", () => response.destroy());
  const { headers } = returned(response.rawHeaders);
  const head = [...withoutLength(headers), "connection", "close"];
  socket.write(headText(response.statusCode ?? 502, response.statusMessage ?? "", head));
  response.pipe(socket);
  response.once("close", () => {
    done();
    socket.end();
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

/** Writes a problem document to a connection that has no response object. */
export function answer(socket: Duplex, error: MnoError, further: readonly string[] = []): void {
  if (!socket.writable) return;
  const body = JSON.stringify(toProblem(error));
  const length = String(Buffer.byteLength(body));
  const headers = ["content-type", PROBLEM_MEDIA_TYPE, "content-length", length, "connection", "close", ...further];
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
