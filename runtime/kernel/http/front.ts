import http, { type IncomingMessage, type ServerResponse } from "node:http";
import https from "node:https";
import type { AddressInfo } from "node:net";
import { MnoError } from "../../exports";
import { DEFAULT_LIMITS } from "./app";
import { PROBLEM_MEDIA_TYPE, toCodedError, toProblem } from "./problems";
import { followRenewals, readTls, type TlsFiles } from "./tls";

const SWEEP_MILLISECONDS = 50;

export type Handle = (request: IncomingMessage, response: ServerResponse) => void;

/** What answers a path at the root (`/healthz`, `/metrics` …). */
export type RootRoute = () => Promise<RootAnswer>;

export interface RootAnswer {
  status: number;
  contentType: string;
  body: string;
  /** Beside the content type; names in lower case. */
  headers?: Readonly<Record<string, string>>;
}

/**
 * The one listening socket of a process. It sends `/<engine>/…` to that engine's application, which may come and go as the
 * engine restarts, and answers the root paths itself; so `--target all` and `--target <engine>` have the same URLs.
 */
export class Front {
  private readonly engines = new Map<string, Handle | undefined>();
  private readonly server: http.Server | https.Server;
  private readonly scheme: "http" | "https";
  private stopFollowing: () => void = () => undefined;

  /** Errors: MNO_CONFIG_INVALID where `tls` names no certificate and its key. */
  constructor(
    private readonly routes: Readonly<Record<string, RootRoute>>,
    { tls, fault = () => undefined }: { tls?: TlsFiles; fault?: (error: unknown) => void } = {},
  ) {
    const options = {
      keepAliveTimeout: 65_000,
      headersTimeout: 10_000,
      requestTimeout: DEFAULT_LIMITS.requestSeconds * 1000,
    };
    const handle = (request: IncomingMessage, response: ServerResponse): void => this.dispatch(request, response);
    this.scheme = tls ? "https" : "http";
    if (tls) {
      const server = https.createServer({ ...options, ...readTls(tls) }, handle);
      this.stopFollowing = followRenewals(server, tls, fault);
      this.server = server;
    } else this.server = http.createServer(options, handle);
  }

  /** Names an engine; with `undefined` it exists but does not answer at the moment (503 instead of 404). */
  mount(engine: string, handle: Handle | undefined): void {
    this.engines.set(engine, handle);
  }

  async listen(host: string, port: number): Promise<string> {
    await new Promise<void>((resolve, reject) => {
      this.server.once("error", (error: NodeJS.ErrnoException) => {
        reject(
          error.code === "EADDRINUSE"
            ? new MnoError(
                "MNO_PORT_IN_USE",
                `Port ${String(port)} on ${host} is in use; set MNO_HTTP_PORT to a free one`,
              )
            : error,
        );
      });
      this.server.listen(port, host, resolve);
    });
    const { address, port: bound } = this.server.address() as AddressInfo;
    return `${this.scheme}://${address.includes(":") ? `[${address}]` : address}:${String(bound)}`;
  }

  /** Stops accepting, lets requests at work finish for up to `graceMilliseconds`, then cuts what is left. */
  async close(graceMilliseconds: number): Promise<void> {
    this.stopFollowing();
    if (!this.server.listening) return;
    const closed = new Promise<void>((resolve) => this.server.close(() => resolve()));
    // A kept-alive connection becomes idle when its answer is out; close() alone would wait for its client to go.
    const sweep = setInterval(() => this.server.closeIdleConnections(), SWEEP_MILLISECONDS);
    const cut = setTimeout(() => this.server.closeAllConnections(), graceMilliseconds);
    await closed;
    clearInterval(sweep);
    clearTimeout(cut);
  }

  private dispatch(request: IncomingMessage, response: ServerResponse): void {
    const url = request.url ?? "/";
    const path = url.split("?", 1)[0] ?? "/";
    const root = this.routes[path];
    if (root) return void this.answerRoot(root, request, response);
    const [, engine = ""] = path.split("/", 2);
    if (!this.engines.has(engine)) {
      const known = [...Object.keys(this.routes), ...[...this.engines.keys()].map((name) => `/${name}/`)].join(", ");
      return sendError(response, new MnoError("MNO_NOT_FOUND", `Nothing answers ${path}; there is ${known}`));
    }
    const handle = this.engines.get(engine);
    if (!handle)
      return sendError(response, new MnoError("MNO_AGENT_UNAVAILABLE", `${engine} is starting or restarting`));
    const rest = url.slice(engine.length + 1);
    request.url = rest.startsWith("/") ? rest : `/${rest}`;
    handle(request, response);
  }

  private async answerRoot(route: RootRoute, request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (request.method !== "GET" && request.method !== "HEAD") {
      return sendError(response, new MnoError("MNO_METHOD_NOT_ALLOWED", "Only GET and HEAD are answered here"));
    }
    try {
      const { status, contentType, body, headers } = await route();
      response.writeHead(status, { "content-type": contentType, ...headers }).end(body);
    } catch (error) {
      sendError(response, toCodedError(error));
    }
  }
}

function sendError(response: ServerResponse, error: MnoError): void {
  const retry = error.status === 503 ? { "retry-after": "1" } : {};
  response
    .writeHead(error.status, { "content-type": PROBLEM_MEDIA_TYPE, ...retry })
    .end(JSON.stringify(toProblem(error)));
}
