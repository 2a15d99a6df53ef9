import http from "node:http";
import http2 from "node:http2";
import type { AddressInfo, Socket } from "node:net";
import type { Duplex } from "node:stream";
import { MnoError } from "../../exports";
import { type ClientResponse, isHttp2 } from "./reply";

export type ServerRequest = http.IncomingMessage | http2.Http2ServerRequest;

/** PEM throughout. */
export interface ListenerTls {
  readonly key: string;
  readonly certificate: string;
  /**
   * Authorities of clients' certificates, which are then asked for. A client may show none; whether what it showed was issued by them
   * is what the socket's `authorized` says.
   */
  readonly clientAuthority?: string;
}

export interface ListenerOptions {
  /** host:port; port 0 takes a free one. */
  readonly listen: string;
  readonly tls?: ListenerTls;
  readonly handle: (request: ServerRequest, response: ClientResponse) => void;
  /** Whether a request that asks for another protocol goes to `upgrade`; otherwise it goes to `handle`. */
  readonly upgrades: (request: http.IncomingMessage) => boolean;
  readonly upgrade: (request: http.IncomingMessage, socket: Duplex, head: Buffer) => void;
  /** Told of each message that the HTTP/1 parser refuses, with the parser's code. */
  readonly unreadable?: (code: string) => void;
}

export interface Listener {
  /** host:port as bound. */
  readonly address: string;
  readonly port: number;
  /** Takes no new connections; the others are told to go and end when their requests have, at the latest after `milliseconds`. */
  close(milliseconds: number): Promise<void>;
}

/** How every HTTP/2 connection begins (RFC 9113, section 3.4). */
const PREFACE = Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");

/** A slow client has so long to send the head of a request; milliseconds. */
const HEADERS_MILLISECONDS = 15_000;
const KEEP_ALIVE_MILLISECONDS = 65_000;
/** Of one client's connection; Node's own default is no limit. */
const SETTINGS: http2.Settings = { maxConcurrentStreams: 256 };

/**
 * One socket for HTTP/1.1 and HTTP/2: with TLS by ALPN, without it by the first bytes (h2c with prior knowledge). Node's strict parser
 * refuses what is ambiguous.
 */
export async function listen(options: ListenerOptions): Promise<Listener> {
  const sessions = new Set<http2.ServerHttp2Session>();
  const connections = new Set<Socket>();
  let closing = false;
  const handle: ListenerOptions["handle"] = (request, response) => {
    // The client should not use the connection again: it would race with the close.
    if (closing && !isHttp2(response)) response.setHeader("connection", "close");
    options.handle(request, response);
  };
  const server = options.tls ? secure(options.tls, handle) : plain(handle, sessions);
  // A server with TLS takes no such option, but keeps it for its HTTP/1 side as the plain one does.
  Object.assign(server, { shouldUpgradeCallback: options.upgrades });
  server.on("upgrade", (request: http.IncomingMessage, socket: Duplex, head: Buffer) => {
    options.upgrade(request, socket, head);
  });
  server.prependListener("connection", (socket: Socket) => {
    connections.add(socket);
    socket.once("close", () => connections.delete(socket));
  });
  server.on("connect", (_request: unknown, peer: Duplex | ClientResponse) => refuseConnect(peer));
  server.on("clientError", (error: NodeJS.ErrnoException, socket: Duplex) => {
    // Node says HPE_<name> and ERR_<name>: a closed set.
    if (error.code !== "ECONNRESET") options.unreadable?.(error.code ?? "unknown");
    refuse(error, socket);
  });
  server.on("session", (session: http2.ServerHttp2Session) => track(sessions, session));
  const at = options.listen.lastIndexOf(":");
  await new Promise<void>((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) => {
      const taken = error.code === "EADDRINUSE";
      reject(
        taken
          ? new MnoError("MNO_PORT_IN_USE", `Something else listens at ${options.listen}`, { cause: error })
          : error,
      );
    });
    server.listen(Number(options.listen.slice(at + 1)), options.listen.slice(0, at).replace(/^\[|\]$/g, ""), resolve);
  });
  const { address, port, family } = server.address() as AddressInfo;
  return {
    address: `${family === "IPv6" ? `[${address}]` : address}:${String(port)}`,
    port,
    close: (milliseconds) => {
      closing = true;
      return close(server, sessions, connections, milliseconds);
    },
  };
}

type AnyServer = http.Server | http2.Http2SecureServer;

function plain(handle: ListenerOptions["handle"], sessions: Set<http2.ServerHttp2Session>): http.Server {
  const server = http.createServer({
    keepAliveTimeout: KEEP_ALIVE_MILLISECONDS,
    headersTimeout: HEADERS_MILLISECONDS,
    requestTimeout: 0, // bodies may be slow; idle ones end with the exchange
    insecureHTTPParser: false,
    noDelay: true,
  });
  server.on("request", handle);
  const h2c = http2.createServer({ settings: SETTINGS });
  h2c.on("request", overHttp2(handle));
  h2c.on("session", (session) => track(sessions, session));
  h2c.on("sessionError", () => undefined);
  const [http1] = server.listeners("connection") as ((socket: Socket) => void)[];
  server.removeAllListeners("connection");
  const undecided = new Set<Socket>();
  const stop = server.close.bind(server);
  server.close = (callback) => {
    // Who has not said a word by now has no request.
    for (const socket of undecided) socket.destroy();
    return stop(callback);
  };
  server.on("connection", (socket: Socket) => {
    undecided.add(socket);
    socket.once("close", () => undecided.delete(socket));
    sniff(socket, (isHttp2) => {
      undecided.delete(socket);
      // Node's HTTP/2 takes what was put back out of the stopped socket; HTTP/1 listens to a flowing one.
      if (isHttp2) return void h2c.emit("connection", socket);
      http1?.call(server, socket);
      socket.resume();
    });
  });
  return server;
}

function secure(tls: ListenerTls, handle: ListenerOptions["handle"]): http2.Http2SecureServer {
  const server = http2.createSecureServer({
    allowHTTP1: true,
    key: tls.key,
    cert: tls.certificate,
    ...(tls.clientAuthority !== undefined && {
      ca: tls.clientAuthority,
      requestCert: true,
      rejectUnauthorized: false,
    }),
    settings: SETTINGS,
  });
  server.on("request", overHttp2(handle));
  server.on("sessionError", () => undefined);
  server.on("tlsClientError", () => undefined);
  Object.assign(server, {
    headersTimeout: HEADERS_MILLISECONDS,
    keepAliveTimeout: KEEP_ALIVE_MILLISECONDS,
    requestTimeout: 0,
  });
  return server;
}

/** Node's response over HTTP/2 has the methods of the one over HTTP/1, but not its type. */
function overHttp2(handle: ListenerOptions["handle"]) {
  return (request: http2.Http2ServerRequest, response: http2.Http2ServerResponse): void =>
    handle(request, response as unknown as ClientResponse);
}

/** Reads as much as tells the versions apart, and puts it back. */
function sniff(socket: Socket, decide: (isHttp2: boolean) => void): void {
  let seen: Buffer = Buffer.alloc(0);
  const giveUp = (): void => {
    socket.destroy();
  };
  socket.on("error", giveUp);
  socket.setTimeout(HEADERS_MILLISECONDS, giveUp);
  const onData = (chunk: Buffer): void => {
    seen = seen.length === 0 ? chunk : Buffer.concat([seen, chunk]);
    const length = Math.min(seen.length, PREFACE.length);
    const alike = seen.subarray(0, length).equals(PREFACE.subarray(0, length));
    if (alike && length < PREFACE.length) return;
    socket.off("data", onData);
    socket.off("error", giveUp);
    socket.setTimeout(0);
    socket.off("timeout", giveUp);
    socket.pause();
    socket.unshift(seen);
    decide(alike);
  };
  socket.on("data", onData);
}

function track(sessions: Set<http2.ServerHttp2Session>, session: http2.ServerHttp2Session): void {
  sessions.add(session);
  session.once("close", () => sessions.delete(session));
  session.on("error", () => undefined);
}

function refuseConnect(peer: Duplex | ClientResponse): void {
  if (peer instanceof http2.Http2ServerResponse) return void peer.writeHead(405).end();
  const socket = peer as Duplex;
  socket.on("error", () => undefined);
  socket.end("HTTP/1.1 405 Method Not Allowed\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
}

/** What the parser did not take: said briefly, and the connection ends, for nobody knows where the next request begins. */
function refuse(error: NodeJS.ErrnoException, socket: Duplex): void {
  if (error.code === "ECONNRESET" || !socket.writable) {
    socket.destroy();
    return;
  }
  const status =
    error.code === "HPE_HEADER_OVERFLOW"
      ? "431 Request Header Fields Too Large"
      : error.code === "ERR_HTTP_REQUEST_TIMEOUT"
        ? "408 Request Timeout"
        : "400 Bad Request";
  socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
}

async function close(
  server: AnyServer,
  sessions: Set<http2.ServerHttp2Session>,
  connections: Set<Socket>,
  milliseconds: number,
): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  // A session sends GOAWAY and ends with its last stream.
  for (const session of sessions) session.close();
  if ("closeIdleConnections" in server) server.closeIdleConnections();
  const timer = setTimeout(() => {
    for (const session of sessions) session.destroy();
    for (const socket of connections) socket.destroy();
  }, milliseconds);
  await closed;
  clearTimeout(timer);
}
