import http from "node:http";
import net, { type AddressInfo } from "node:net";
import type { Observer } from "../../runtime/scalability/global-load-balancer/observer";
import { createProxy, type Proxy, type ProxyOptions } from "../../runtime/scalability/global-load-balancer/proxy";
import type { UpstreamInput } from "../../runtime/scalability/global-load-balancer/spec";

/** Closes what a test opened, in reverse order. */
export class Cleanup {
  private readonly steps: (() => Promise<unknown> | void)[] = [];

  add<T>(value: T, close: (value: T) => Promise<unknown> | void): T {
    this.steps.push(() => close(value));
    return value;
  }

  async run(): Promise<void> {
    for (const step of this.steps.splice(0).reverse()) await step();
  }
}

export interface TestBackend {
  readonly server: http.Server;
  readonly address: string;
  readonly port: number;
  /** Requests that reached the handler. */
  requests: number;
  /** As a well-behaved server goes: no new connections, idle ones are closed, requests under way finish. */
  drain(): Promise<void>;
  /** As a crash: everything is cut off at once. */
  crash(): Promise<void>;
}

export type Handler = (request: http.IncomingMessage, response: http.ServerResponse) => void;

export async function startBackend(cleanup: Cleanup, handler: Handler, port = 0): Promise<TestBackend> {
  const server = http.createServer((request, response) => {
    backend.requests += 1;
    if (!server.listening) response.setHeader("connection", "close");
    handler(request, response);
  });
  const bound = await listenOn(server, port);
  const backend: TestBackend = {
    server,
    port: bound,
    address: `127.0.0.1:${String(bound)}`,
    requests: 0,
    drain: () =>
      new Promise((resolve) => {
        // Also those that become idle from now on: whoever reuses one has to cope with it.
        const sweep = setInterval(() => server.closeIdleConnections(), 10);
        server.close(() => {
          clearInterval(sweep);
          resolve();
        });
      }),
    crash: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  cleanup.add(backend, (each) => (server.listening ? each.crash() : undefined));
  return backend;
}

export async function listenOn(server: net.Server, port = 0): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", resolve);
  });
  return (server.address() as AddressInfo).port;
}

/** A port at which nothing listens. */
export async function closedPort(): Promise<number> {
  const server = net.createServer();
  const port = await listenOn(server);
  await new Promise((resolve) => server.close(resolve));
  return port;
}

export function startProxy(
  cleanup: Cleanup,
  upstream: Partial<UpstreamInput>,
  options: Partial<ProxyOptions> = {},
): Promise<Proxy> {
  return createProxy({ listen: "127.0.0.1:0", upstreams: [{ name: "web", ...upstream }], ...options }).then((proxy) =>
    cleanup.add(proxy, (each) => each.close(200)),
  );
}

export interface Answer {
  status: number;
  headers: http.IncomingHttpHeaders;
  rawHeaders: string[];
  trailers: NodeJS.Dict<string>;
  body: string;
}

export interface CallOptions {
  method?: string;
  headers?: http.OutgoingHttpHeaders;
  body?: string | Buffer;
  agent?: http.Agent;
  path?: string;
}

/** One request over HTTP/1.1, its answer read to the end. */
export function call(
  port: number,
  { method = "GET", headers = {}, body, agent, path = "/" }: CallOptions = {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const request = http.request(
      { host: "127.0.0.1", port, method, headers, path, agent: agent ?? false },
      (response) => {
        const chunks: Buffer[] = [];
        response.on("data", (chunk: Buffer) => chunks.push(chunk));
        response.on("error", reject);
        response.on("end", () =>
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers,
            rawHeaders: response.rawHeaders,
            trailers: response.trailers,
            body: Buffer.concat(chunks).toString(),
          }),
        );
      },
    );
    request.on("error", reject);
    request.end(body);
  });
}

/** Sends raw bytes and returns all that comes back until the connection ends. */
export function raw(port: number, bytes: string | Buffer, idleMilliseconds = 2000): Promise<string> {
  return new Promise((resolve) => {
    let text = "";
    const socket = net.connect(port, "127.0.0.1", () => socket.write(bytes));
    socket.setTimeout(idleMilliseconds, () => socket.destroy());
    socket.on("data", (chunk) => {
      text += chunk.toString("latin1");
    });
    socket.on("error", () => undefined);
    socket.on("close", () => resolve(text));
  });
}

/** An observer that counts. */
export function counting() {
  const endings: Record<string, number> = {};
  const extras: Record<string, number> = {};
  const faults: unknown[] = [];
  const changes: Parameters<Observer["change"]>[1][] = [];
  const waits: number[] = [];
  const observer: Observer = {
    request: (_upstream, ending) => void (endings[ending] = (endings[ending] ?? 0) + 1),
    extra: (_upstream, kind, outcome) => void (extras[`${kind} ${outcome}`] = (extras[`${kind} ${outcome}`] ?? 0) + 1),
    waited: (_upstream, milliseconds) => void waits.push(milliseconds),
    change: (_upstream, change) => void changes.push(change),
    fault: (error) => void faults.push(error),
  };
  return { observer, endings, extras, changes, waits, faults };
}

/** Sends requests at a fixed rate, whatever becomes of them, until stopped; resolves to the answers' statuses (0: none). */
export function openLoop(port: number, perSecond: number, options: CallOptions = {}) {
  const agent = new http.Agent({ keepAlive: true });
  const statuses: number[] = [];
  const faults: unknown[] = [];
  const under = new Set<Promise<void>>();
  const fire = (): void => {
    const one = call(port, { ...options, agent })
      .then(({ status, body }) => {
        statuses.push(status);
        if (status !== 200) faults.push(body);
      })
      .catch((error: unknown) => {
        statuses.push(0);
        faults.push(error);
      })
      .finally(() => under.delete(one));
    under.add(one);
  };
  const started = performance.now();
  let sent = 0;
  const timer = setInterval(() => {
    for (const due = ((performance.now() - started) * perSecond) / 1000; sent < due; sent += 1) fire();
  }, 5);
  return {
    statuses,
    faults,
    /** Resolves once so many more answers have come. */
    async answers(count: number): Promise<void> {
      const target = statuses.length + count;
      while (statuses.length < target) await new Promise((resolve) => setTimeout(resolve, 5));
    },
    async stop(): Promise<number[]> {
      clearInterval(timer);
      await Promise.all(under);
      agent.destroy();
      return statuses;
    },
  };
}
