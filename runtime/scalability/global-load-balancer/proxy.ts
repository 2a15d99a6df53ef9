import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { randomBytes } from "node:crypto";
import { MnoError } from "../../exports";
import { monotonicClock } from "../../kernel/clock";
import type { ForwardedRequest } from "../../kernel/proxy/headers";
import { listen, type Listener, type ListenerOptions, type ServerRequest } from "../../kernel/proxy/listener";
import { type ClientResponse, isHttp2, sendProblem } from "../../kernel/proxy/reply";
import { RequestBody } from "../../kernel/proxy/request-body";
import { answer, opensTunnel } from "../../kernel/proxy/upgrade";
import { Backend, type BackendDependencies } from "./backend";
import { Decisions } from "./decisions";
import { Exchange } from "./exchange";
import { Intake } from "./intake";
import type { SourcedEndpoint } from "./member";
import { type Observer, SILENT } from "./observer";
import type { Random } from "./policies/policy";
import type { Placement } from "./pools";
import { probe } from "./probe";
import { Prober } from "./prober";
import { RoutingTable } from "./routing";
import type { UpstreamInput, UpstreamSpec } from "./spec";
import { openTunnel } from "./tunnel";
import { validateUpstream } from "./validate";

export interface ProxyOptions {
  /** host:port; port 0 takes a free one. Without it the proxy decides, and takes no requests. */
  readonly listen?: string;
  readonly tls?: ListenerOptions["tls"];
  readonly upstreams?: readonly UpstreamInput[];
  readonly placement?: Placement;
  /** Addresses or CIDR blocks of peers whose forwarding headers are believed. */
  readonly trustedProxies?: readonly string[];
  /** Signs session cookies; replicas must share it. A random one by default. */
  readonly cookieSecret?: string;
  readonly observer?: Observer;
  readonly decisions?: Decisions;
  readonly wake?: (workload: string) => void;
  /** Milliseconds, monotonic. */
  readonly now?: () => number;
  readonly random?: Random;
}

const TICK_MILLISECONDS = 1000;
const CLOSE_MILLISECONDS = 10_000;

/** Opens the data plane: a listener and the upstreams behind it. Errors: MNO_UPSTREAM_INVALID, and the listener's. */
export async function createProxy(options: ProxyOptions): Promise<Proxy> {
  const proxy = new Proxy(options);
  for (const upstream of options.upstreams ?? []) proxy.apply(upstream);
  await proxy.open();
  return proxy;
}

/** The data plane: takes requests, finds their upstream, and hands them to an exchange. Upstreams may change at any time. */
export class Proxy {
  readonly decisions: Decisions;
  private readonly backends = new Map<string, Backend>();
  /** Removed, with requests under way. */
  private readonly retired = new Set<Backend>();
  private table = new RoutingTable<Backend>([]);
  private listener: Listener | undefined;
  private readonly intake: Intake;
  private readonly dependencies: BackendDependencies;
  private readonly prober: Prober;
  private ticker: NodeJS.Timeout | undefined;

  constructor(private readonly options: ProxyOptions) {
    const { placement = {}, random = Math.random, now = () => performance.now(), observer = SILENT, wake } = options;
    this.decisions = options.decisions ?? new Decisions(() => Date.now(), randomBytes(4).toString("hex"));
    this.intake = new Intake(options.trustedProxies ?? [], options.cookieSecret ?? randomBytes(32));
    this.dependencies = { placement, random, now, observer, decisions: this.decisions, ...(wake && { wake }) };
    this.prober = new Prober({ clock: monotonicClock, random, probe });
  }

  get address(): string {
    return this.listener?.address ?? "";
  }

  get port(): number {
    return this.listener?.port ?? 0;
  }

  async open(): Promise<void> {
    const { listen: at, tls } = this.options;
    this.ticker = setInterval(() => this.tick(), TICK_MILLISECONDS);
    if (at === undefined) return;
    this.listener = await listen({
      listen: at,
      ...(tls && { tls }),
      handle: (request, response) => this.handle(request, response),
      upgrades: opensTunnel,
      upgrade: (request, socket, head) => this.upgrade(request, socket, head),
    });
  }

  /** Creates the upstream or puts another configuration of it in force; no request is lost by it. Errors: MNO_UPSTREAM_INVALID. */
  apply(input: UpstreamInput): UpstreamSpec {
    const spec = validateUpstream(input);
    const known = this.backends.get(spec.name);
    if (known) known.configure(spec);
    else this.backends.set(spec.name, new Backend(spec, this.dependencies));
    this.reroute();
    return spec;
  }

  /** Requests under way finish; false where there is no such upstream. */
  remove(name: string): boolean {
    const backend = this.backends.get(name);
    if (!backend) return false;
    this.backends.delete(name);
    this.decisions.forget(name);
    this.retired.add(backend);
    this.reroute();
    backend.waiting.expireAll();
    return true;
  }

  /** The replicas of the workloads of an upstream. */
  discover(name: string, endpoints: readonly SourcedEndpoint[]): void {
    this.backends.get(name)?.discover(endpoints);
    this.prober.follow(this.backends.values());
  }

  backend(name: string): Backend | undefined {
    return this.backends.get(name);
  }

  list(): Backend[] {
    return [...this.backends.values()];
  }

  /** Takes no more requests, lets those under way finish within `milliseconds`, and closes every connection. */
  async close(milliseconds = CLOSE_MILLISECONDS): Promise<void> {
    clearInterval(this.ticker);
    this.prober.close();
    await this.listener?.close(milliseconds);
    for (const backend of [...this.backends.values(), ...this.retired]) backend.destroy();
    this.backends.clear();
  }

  private tick(): void {
    for (const backend of this.backends.values()) backend.tick();
    for (const backend of [...this.retired]) {
      if (backend.upstream.inFlight > 0) continue;
      backend.destroy();
      this.retired.delete(backend);
    }
  }

  private reroute(): void {
    this.table = new RoutingTable([...this.backends.values()]);
    this.prober.follow(this.backends.values());
  }

  private handle(request: ServerRequest, response: ClientResponse): void {
    try {
      const received = this.intake.read(request);
      const { forwarded } = received;
      const backend = this.route(forwarded);
      const { protocol, retry } = backend.spec;
      // The one value of TE that goes beyond the hop; HTTP/1.1 endpoints get no trailers from us anyway.
      if (protocol === "http2" && forwarded.trailers) forwarded.headers.push("te", "trailers");
      response.on("error", () => undefined);
      new Exchange(backend, {
        method: request.method ?? "GET",
        legacy: request.httpVersion === "1.0",
        forwarded,
        body: received.hasBody ? new RequestBody(request, retry.bufferBytes) : undefined,
        trailers: () => request.rawTrailers,
        response,
        ...this.intake.affinity(backend.spec, received),
      }).start();
    } catch (error) {
      refuse(response, this.coded(error));
      request.resume();
    }
  }

  private upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    try {
      const received = this.intake.read(request);
      const { forwarded } = received;
      const backend = this.route(forwarded);
      const { key, sticky } = this.intake.affinity(backend.spec, received);
      openTunnel(backend, { method: request.method ?? "GET", forwarded, socket, head, key, sticky });
    } catch (error) {
      socket.on("error", () => undefined);
      answer(socket, this.coded(error));
    }
  }

  private route(forwarded: ForwardedRequest): Backend {
    const backend = this.table.find(forwarded.host, forwarded.path);
    if (backend) return backend;
    throw new MnoError(
      "MNO_ROUTE_NOT_FOUND",
      `No upstream serves ${forwarded.path.split("?")[0] ?? ""} of host ${forwarded.host}`,
    );
  }

  private coded(error: unknown): MnoError {
    if (error instanceof MnoError) return error;
    this.dependencies.observer.fault(error);
    return new MnoError("MNO_INTERNAL", "The fault was logged", { cause: error });
  }
}

function refuse(response: ClientResponse, problem: MnoError): void {
  // After a request that could be read in two ways nobody knows where the next one begins.
  if (problem.code === "MNO_REQUEST_MALFORMED" && !isHttp2(response)) response.setHeader("connection", "close");
  sendProblem(response, problem);
}
