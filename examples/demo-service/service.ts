import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { type AddressInfo, Server as TcpServer } from "node:net";
import { MnoError } from "../../runtime/exports";
import type { Clock } from "../../runtime/kernel/clock";
import { PROBLEM_MEDIA_TYPE, toCodedError, toProblem } from "../../runtime/kernel/http/problems";
import type { DemoConfiguration } from "./configuration";
import { createDemoMetrics, type DemoMetrics } from "./metrics";
import { Slots } from "./slots";

const DEFAULT_TOKENS = 20;
const MAX_TOKENS = 10_000;

/** A balancer of connections only reaches a new replica with new connections, so that none may live for ever. */
const MAX_REQUESTS_PER_CONNECTION = 50;

/** nginx's code for "client closed request"; it appears in metrics only, for nobody is left to read an answer. */
const CLIENT_WENT_AWAY = 499;

interface Answer {
  status: number;
  contentType: string;
  body: string;
}

const text = (status: number, body: string): Answer => ({ status, contentType: "text/plain; charset=utf-8", body });

/**
 * An HTTP service whose work takes time like an I/O-bound inference: a few slots, a queue before them, and a service time
 * that grows with the tokens asked for. When more comes in than the slots can serve, latency rises as it would for real.
 */
export class DemoService {
  private readonly slots: Slots;
  private readonly metrics: DemoMetrics;
  private readonly server: Server;
  private draining = false;

  constructor(
    private readonly configuration: DemoConfiguration,
    private readonly clock: Clock,
  ) {
    this.slots = new Slots(configuration.slots, configuration.queue);
    this.metrics = createDemoMetrics(() => this.slots.inFlight);
    this.server = createServer((request, response) => void this.handle(request, response));
    this.server.maxRequestsPerSocket = MAX_REQUESTS_PER_CONNECTION;
  }

  /** Listens and returns the port. Errors: MNO_PORT_IN_USE. */
  listen(): Promise<number> {
    return new Promise((resolve, reject) => {
      const { host, port } = this.configuration;
      this.server.once("error", (error: NodeJS.ErrnoException) => {
        const inUse = error.code === "EADDRINUSE";
        reject(
          inUse ? new MnoError("MNO_PORT_IN_USE", `Port ${String(port)} is in use; set PORT to a free one`) : error,
        );
      });
      this.server.listen(port, host, () => resolve((this.server.address() as AddressInfo).port));
    });
  }

  /**
   * Stops accepting connections, asks the open ones to close with their next answer, and resolves when the last has gone.
   * Idle connections are left to their keep-alive timeout (5 s): `http.Server.close` would cut them at once, and with them
   * a request that is already on its way. Hence the plain TCP server's `close`.
   */
  drain(): Promise<void> {
    this.draining = true;
    return new Promise((resolve) => TcpServer.prototype.close.call(this.server, () => resolve()));
  }

  private async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let answer: Answer;
    try {
      answer = await this.route(request, response);
    } catch (thrown) {
      const error = toCodedError(thrown);
      if (error.status === 503) response.setHeader("retry-after", "1");
      answer = { status: error.status, contentType: PROBLEM_MEDIA_TYPE, body: JSON.stringify(toProblem(error)) };
    }
    if (response.destroyed) return;
    // Overloaded, it sends its clients back to the balancer, which may know a better replica by now.
    if (this.draining || this.slots.overloaded) response.setHeader("connection", "close");
    response.writeHead(answer.status, {
      "content-type": answer.contentType,
      "content-length": Buffer.byteLength(answer.body),
    });
    response.end(request.method === "HEAD" ? undefined : answer.body);
  }

  private async route(request: IncomingMessage, response: ServerResponse): Promise<Answer> {
    const url = URL.parse(request.url ?? "/", "http://localhost");
    if (!url) throw new MnoError("MNO_REQUEST_MALFORMED", "The request target is not a URL");
    const { pathname, searchParams } = url;
    if (request.method !== "GET" && request.method !== "HEAD") {
      throw new MnoError("MNO_METHOD_NOT_ALLOWED", "Only GET and HEAD are answered here");
    }
    switch (pathname) {
      case "/":
        return this.work(searchParams, response);
      case "/healthz":
        return text(200, "ok\n");
      case "/readyz":
        return this.draining ? text(503, "draining\n") : text(200, "ready\n");
      case "/metrics":
        return { ...text(200, await this.metrics.registry.metrics()), contentType: this.metrics.registry.contentType };
      default:
        throw new MnoError("MNO_NOT_FOUND", `Nothing answers ${pathname}; there is /, /healthz, /readyz, /metrics`);
    }
  }

  private async work(query: URLSearchParams, response: ServerResponse): Promise<Answer> {
    const arrived = this.clock.now();
    const gone = new AbortController();
    response.once("close", () => gone.abort());
    let code = CLIENT_WENT_AWAY;
    try {
      const body = await this.serve(readTokens(query), arrived, gone.signal);
      code = 200;
      return { status: code, contentType: "application/json", body: JSON.stringify(body) };
    } catch (error) {
      if (!gone.signal.aborted) code = toCodedError(error).status;
      throw error;
    } finally {
      this.metrics.answered(code, (this.clock.now() - arrived) / 1000);
    }
  }

  private async serve(
    tokens: number,
    arrived: number,
    signal: AbortSignal,
  ): Promise<{ replica: string; queuedMs: number; servedMs: number }> {
    const { baseMs, msPerToken, replica } = this.configuration;
    await this.slots.acquire(signal);
    const started = this.clock.now();
    try {
      await this.clock.sleep(baseMs + msPerToken * tokens, signal);
      return { replica, queuedMs: round(started - arrived), servedMs: round(this.clock.now() - started) };
    } finally {
      this.slots.release();
    }
  }
}

/** To a hundredth of a millisecond. */
const round = (milliseconds: number): number => Math.round(milliseconds * 100) / 100;

function readTokens(query: URLSearchParams): number {
  const given = query.get("tokens");
  if (given === null) return DEFAULT_TOKENS;
  const tokens = Number(given);
  if (given !== "" && Number.isInteger(tokens) && tokens >= 0 && tokens <= MAX_TOKENS) return tokens;
  const message = `must be a whole number from 0 to ${String(MAX_TOKENS)}; it is "${given}"`;
  throw new MnoError("MNO_REQUEST_INVALID", `tokens ${message}`, { faults: [{ field: "query/tokens", message }] });
}
