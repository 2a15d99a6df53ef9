import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { type Scenario, SINKHOLE, slownessOf } from "../scenarios";
import { answerParent } from "./messages";

export interface BackendsOptions {
  servers: number;
  workers: number;
}

const clock = (): number => performance.timeOrigin + performance.now();

interface Waiting {
  /** Milliseconds since the Unix epoch. */
  arrivedAt: number;
  workMs: number;
  respond: (code: number) => void;
}

/**
 * HTTP servers that do nothing but wait: each serves `workers` requests at a time for the milliseconds that the header
 * `x-work` asks for, times its slowness; the others queue. All in one process, which is idle nearly always.
 */
class Backend {
  private server: Server | undefined;
  private busy = 0;
  private queue: Waiting[] = [];
  port = 0;
  /** At a time in milliseconds since the Unix epoch. */
  slowness: (now: number) => number = () => 1;
  failing = false;

  constructor(private readonly workers: number) {}

  async start(): Promise<void> {
    const server = createServer((request, response) => this.take(request, response));
    server.keepAliveTimeout = 60_000;
    await new Promise<void>((resolve) => server.listen(this.port, "127.0.0.1", resolve));
    this.port = (server.address() as AddressInfo).port;
    this.server = server;
  }

  /** Takes no new connections, and ends the ones it has as their requests are answered. */
  async stop(): Promise<void> {
    const { server } = this;
    await new Promise((resolve) => {
      server?.close(resolve);
      server?.closeIdleConnections();
    });
  }

  /** As if the process had been killed: requests under way are cut off. */
  async crash(): Promise<void> {
    this.queue = [];
    const closed = new Promise((resolve) => this.server?.close(resolve));
    this.server?.closeAllConnections();
    await closed;
  }

  private take(request: IncomingMessage, response: ServerResponse): void {
    const { server } = this;
    const work = request.headers["x-work"];
    if (work === undefined) return void response.end("healthy");
    let open = true;
    response.once("close", () => (open = false));
    const respond = (code: number): void => {
      if (!open) return;
      if (!server?.listening) response.setHeader("connection", "close");
      response.writeHead(code, { "content-type": "text/plain" }).end("served\n");
    };
    if (this.failing) return respond(500);
    const waiting = { arrivedAt: clock(), workMs: Number(work), respond };
    if (this.busy < this.workers) this.serve(waiting, waiting.arrivedAt);
    else this.queue.push(waiting);
  }

  /**
   * From that time on, which may have passed: a timer that fires late delays one answer, but the next request is served as
   * if it had been in time. A machine that is busy elsewhere then takes no capacity away.
   */
  private serve({ workMs, respond }: Waiting, startAt: number): void {
    this.busy++;
    const endAt = startAt + workMs * this.slowness(startAt);
    setTimeout(
      () => {
        this.busy--;
        respond(200);
        const next = this.queue.shift();
        if (next !== undefined) this.serve(next, Math.max(endAt, next.arrivedAt));
      },
      Math.max(0, endAt - clock()),
    );
  }
}

const backends: Backend[] = [];
answerParent({
  async open({ servers, workers }: BackendsOptions) {
    for (let index = 0; index < servers; index++) backends.push(new Backend(workers));
    await Promise.all(backends.map((backend) => backend.start()));
    return backends.map(({ port }) => port);
  },
  /** From `startAt` on, milliseconds since the Unix epoch. */
  async play({ scenario, seed, startAt }: { scenario: Scenario; seed: number; startAt: number }) {
    const slowness = slownessOf(scenario, backends.length, seed);
    backends.forEach((backend, index) => {
      backend.slowness = (now) => slowness(index, now - startAt);
      backend.failing = scenario.kind === "sinkhole" && index === SINKHOLE;
    });
  },
  start: ({ index }: { index: number }) => backends[index]!.start(),
  stop: ({ index }: { index: number }) => backends[index]!.stop(),
  crash: ({ index }: { index: number }) => backends[index]!.crash(),
});
