import { MnoError } from "../../exports";
import { type ForwardedRequest, returned, withoutTrailer } from "../../kernel/proxy/headers";
import { addTrailers, type ClientResponse, sendProblem, writeHead } from "../../kernel/proxy/reply";
import type { RequestBody } from "../../kernel/proxy/request-body";
import { StreamReset } from "../../kernel/proxy/transport/http2";
import { UnsendableRequest } from "../../kernel/proxy/transport/transport";
import type { Backend } from "./backend";
import { Flight, type FlightOwner, TryTimeout } from "./flight";
import type { Affinity } from "./intake";
import type { Member } from "./member";
import type { Ending } from "./observer";
import type { Verdict } from "./outliers";
import { RequestDeadline } from "./request-deadline";
import { LOAD_HEADER, parseLoadHeader } from "./server-load";
import type { Waiter } from "./waiting";

/** Methods that may be sent twice (RFC 9110, section 9.2.2). */
const IDEMPOTENT = new Set(["GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE"]);
const GATEWAY_FAILURES = new Set([502, 503, 504]);

type Kind = "first" | "retry" | "hedge";

export interface ClientRequest extends Affinity {
  readonly method: string;
  /** HTTP/1.0. */
  readonly legacy: boolean;
  readonly forwarded: ForwardedRequest;
  readonly body: RequestBody | undefined;
  readonly trailers: () => string[];
  readonly response: ClientResponse;
}

/**
 * One request on its way through the balancer: waits for an endpoint, sends it there, tries again or hedges where that is safe, and
 * passes the first good answer on, at the pace of the client. Safe: the request is idempotent, or no byte of it was sent; and nothing of a
 * response has reached the client.
 */
export class Exchange implements Waiter, FlightOwner {
  private readonly arrived: number;
  private readonly flights = new Set<Flight>();
  private readonly tried = new Set<string>();
  private readonly deadline: RequestDeadline;
  private retriesLeft: number;
  private winner: Flight | undefined;
  private waitingSince: number | undefined;
  private decisionId: string | undefined;
  private over = false;

  constructor(
    private readonly backend: Backend,
    private readonly request: ClientRequest,
  ) {
    this.arrived = this.now();
    this.retriesLeft = backend.spec.retry.attempts;
    this.deadline = new RequestDeadline(backend.spec.timeouts, request.body, (blame, what) =>
      this.timeout(blame === "endpoint" ? "gateway-failure" : undefined, what),
    );
  }

  start(): void {
    const { upstream, spec } = this.backend;
    this.request.response.on("close", () => this.clientGone());
    upstream.retryBudget.deposit(this.arrived);
    if (upstream.inFlight >= spec.limits.requests) {
      return this.refuse(
        "MNO_UPSTREAM_OVERLOADED",
        `${String(spec.limits.requests)} requests are under way at ${this.backend.name}`,
      );
    }
    this.deadline.start();
    // Who waits longer comes first.
    if (this.backend.waiting.size > 0 || !this.resume()) this.wait();
  }

  resume(): boolean {
    const member = this.pick();
    if (typeof member === "string") return false;
    if (this.waitingSince !== undefined) {
      this.backend.dependencies.observer.waited(this.backend.name, this.now() - this.waitingSince);
      this.waitingSince = undefined;
    }
    this.launch("first", member);
    return true;
  }

  expire(): void {
    this.waitingSince = undefined;
    this.refuse("MNO_NO_ENDPOINT", `No endpoint of ${this.backend.name} became free in time`);
  }

  /** The head of a response came; whether its body is to be passed on. */
  answered(flight: Flight, status: number, raw: string[]): boolean {
    const { headers, own: load, length } = returned(raw, LOAD_HEADER);
    flight.settle(status < 500 ? "success" : GATEWAY_FAILURES.has(status) ? "gateway-failure" : "error", load);
    if (this.backend.spec.retry.statuses.includes(status)) {
      if (this.pending()) return false;
      if (this.retried(this.idempotent)) return false;
    }
    this.winner = flight;
    for (const other of [...this.flights]) if (!other.hasHead) other.abandon();
    this.deadline.stop();
    this.writeHead(flight, status, headers, length);
    return true;
  }

  /** A try ended without the head of a response. */
  failed(flight: Flight, error: Error): void {
    if (this.over || this.pending()) return;
    if (this.request.body?.broken) return this.finish("client-gone");
    if (error instanceof UnsendableRequest) {
      return this.fail("refused", new MnoError("MNO_REQUEST_MALFORMED", `The request is refused: ${error.message}`));
    }
    const safe = !flight.sent || this.idempotent || (error instanceof StreamReset && error.refused);
    if (this.retried(safe)) return;
    const late = error instanceof TryTimeout;
    const { id } = flight.attempt;
    this.fail(
      late ? "timeout" : "failed",
      new MnoError(
        late ? "MNO_UPSTREAM_TIMEOUT" : "MNO_UPSTREAM_FAILED",
        `Endpoint ${id} of ${this.backend.name} gave no answer: ${error.message}`,
        { cause: error },
      ),
    );
  }

  ended(flight: Flight, trailers: string[]): void {
    const { response } = this.request;
    if (flight !== this.winner) return;
    if (trailers.length > 0) addTrailers(response, trailers);
    this.finish("answered");
    response.end();
  }

  /** The response broke off after its head had gone to the client, who must not take it for whole. */
  broken(): void {
    this.finish("broken");
    this.request.response.destroy();
  }

  /** What the endpoint answered cannot be said in the client's version of HTTP. */
  unspeakable({ attempt }: Flight, error: Error): void {
    const { response } = this.request;
    if (this.over || response.headersSent) return this.broken();
    // What was set of the endpoint's head is no part of the balancer's own.
    for (const name of response.getHeaderNames()) if (name !== "connection") response.removeHeader(name);
    const why = `Endpoint ${attempt.id} of ${this.backend.name} answered what cannot be passed on: ${error.message}`;
    this.fail("failed", new MnoError("MNO_UPSTREAM_FAILED", why, { cause: error }));
  }

  forget(flight: Flight): void {
    this.flights.delete(flight);
    if (flight.extra) this.backend.upstream.extras -= 1;
    this.backend.release(flight.attempt);
  }

  /** Whether the client is to blame for the end of a try. */
  isClients(error: Error): boolean {
    return error instanceof UnsendableRequest || this.request.body?.broken === true;
  }

  get response(): ClientResponse {
    return this.request.response;
  }

  get idleMilliseconds(): number {
    return this.backend.spec.timeouts.idleSeconds * 1000;
  }

  private now(): number {
    return this.backend.dependencies.now();
  }

  private get idempotent(): boolean {
    return IDEMPOTENT.has(this.request.method);
  }

  /** Whether a try is under way that may still bring the response. */
  private pending(): boolean {
    for (const flight of this.flights) if (!flight.hasHead) return true;
    return false;
  }

  private pick(): Member | "none" | "full" {
    const { key, sticky } = this.request;
    const tried = this.tried;
    return this.backend.upstream.pick({
      now: this.now(),
      ...(key === undefined ? {} : { key }),
      ...(sticky === undefined ? {} : { sticky }),
      ...(tried.size === 0 ? {} : { tried }),
    });
  }

  private launch(kind: Kind, member: Member): void {
    const { backend, request } = this;
    const { upstream, spec, dependencies } = backend;
    const now = this.now();
    this.explain(kind, member, now);
    if (kind === "retry") this.retriesLeft -= 1;
    if (kind !== "first") {
      upstream.extras += 1;
      dependencies.observer.extra(backend.name, kind, "sent");
    }
    const flight = new Flight(this, upstream.begin(member, now), kind !== "first", (attempt, verdict, load) =>
      upstream.answered(attempt, verdict, this.now(), load === undefined ? undefined : parseLoadHeader(load)),
    );
    this.flights.add(flight);
    this.tried.add(member.id);
    const { trySeconds } = spec.timeouts;
    if (trySeconds > 0) flight.expireAfter(trySeconds);
    flight.control = backend.transport(member).send(
      {
        method: request.method,
        path: request.forwarded.path,
        headers: request.forwarded.headers,
        body: request.body?.open(),
        trailers: request.trailers,
      },
      flight,
    );
    if (kind !== "first") return;
    if (flight.attempt.pool?.policy.probeTargets) backend.askForLoad(flight.attempt);
    this.planHedge(now);
  }

  private planHedge(now: number): void {
    const { upstream, spec } = this.backend;
    const { hedge } = spec;
    if (!hedge) return;
    upstream.hedgeBudget.deposit(now);
    if (!this.idempotent || this.request.body) return;
    const slow = upstream.latency.quantile(hedge.quantile, now);
    if (slow === undefined) return;
    this.deadline.after(Math.max(slow, hedge.minimumDelaySeconds * 1000), () => {
      if (this.winner || this.tried.size > 1) return;
      const share = { percent: hedge.budgetPercent, minimumPerSecond: 0 };
      if (upstream.extras >= spec.limits.retries || !upstream.hedgeBudget.has(this.now(), share)) {
        return this.backend.dependencies.observer.extra(this.backend.name, "hedge", "over-budget");
      }
      const member = this.pick();
      // The same endpoint again would only add to its load.
      if (typeof member === "string" || this.tried.has(member.id)) return;
      upstream.hedgeBudget.withdraw(this.now(), share);
      this.launch("hedge", member);
    });
  }

  /** Tries again where that is safe, within the budget, and possible: a try that finds no endpoint costs nothing of the budget. */
  private retried(safe: boolean): boolean {
    const { upstream, spec, dependencies } = this.backend;
    if (!safe || this.over || this.retriesLeft <= 0 || this.request.body?.replayable === false) return false;
    const { budgetPercent, minimumPerSecond } = spec.retry;
    const share = { percent: budgetPercent, minimumPerSecond };
    if (upstream.extras >= spec.limits.retries || !upstream.retryBudget.has(this.now(), share)) {
      dependencies.observer.extra(this.backend.name, "retry", "over-budget");
      return false;
    }
    const member = this.pick();
    if (typeof member === "string") return false;
    upstream.retryBudget.withdraw(this.now(), share);
    this.launch("retry", member);
    return true;
  }

  private wait(): void {
    const { waiting, spec, upstream } = this.backend;
    const { limits, wake, workloads } = spec;
    const empty = upstream.pools.length === 0;
    if (empty && workloads.length === 0) {
      return this.refuse("MNO_NO_ENDPOINT", `${this.backend.name} has no endpoint that may be used`);
    }
    const waking = empty && wake !== undefined;
    const most = waking ? wake.held : limits.pending;
    if (waiting.size >= most) {
      return this.refuse(
        "MNO_UPSTREAM_OVERLOADED",
        `${String(most)} requests wait for an endpoint of ${this.backend.name} already`,
      );
    }
    this.waitingSince = this.now();
    waiting.add(this, (waking ? wake.seconds : limits.pendingSeconds) * 1000);
    if (waking) this.backend.wake();
  }

  private writeHead(flight: Flight, status: number, headers: string[], length: boolean): void {
    const { response, bind } = this.request;
    if (this.decisionId !== undefined && this.backend.spec.explain)
      headers.push("mno-balancer-decision", this.decisionId);
    if (bind) headers.push(...bind(flight.attempt.member));
    // Without chunks HTTP/1 has no place for trailers.
    writeHead(response, status, length || this.request.legacy ? withoutTrailer(headers) : headers);
    // A body that begins later must not keep the head from the client; one that is there already goes in the same write.
    process.nextTick(() => {
      if (!this.over && !flight.passed) response.flushHeaders();
    });
  }

  private explain(kind: Kind, member: Member, now: number): void {
    const { dependencies, upstream, spec, name } = this.backend;
    if (kind === "first" && !spec.explain && !dependencies.decisions.sample(now)) return;
    const why = upstream.why();
    this.decisionId = dependencies.decisions.record({
      upstream: name,
      kind,
      endpoint: member.id,
      pool: why?.pool ?? null,
      policy: why?.policy ?? null,
      reason: why?.reason ?? "",
      candidates: why?.candidates ?? [],
      tried: [...this.tried],
    });
  }

  private clientGone(): void {
    if (this.over) return;
    if (this.waitingSince !== undefined) this.backend.waiting.remove(this);
    this.finish("client-gone");
  }

  /** `verdict`: what it says of the endpoints that have the request. */
  private timeout(verdict: Verdict | undefined, what: string): void {
    if (this.waitingSince !== undefined) this.backend.waiting.remove(this);
    for (const flight of [...this.flights]) flight.giveUp(verdict);
    this.fail("timeout", new MnoError("MNO_UPSTREAM_TIMEOUT", `${this.backend.name} ${what}`));
  }

  private refuse(code: "MNO_NO_ENDPOINT" | "MNO_UPSTREAM_OVERLOADED", detail: string): void {
    this.fail("refused", new MnoError(code, detail));
  }

  private fail(ending: Ending, error: MnoError): void {
    if (this.over) return;
    this.finish(ending, error.status);
    sendProblem(this.request.response, error);
  }

  private finish(
    ending: Ending,
    status = this.request.response.headersSent ? this.request.response.statusCode : 0,
  ): void {
    if (this.over) return;
    this.over = true;
    this.deadline.stop();
    for (const flight of [...this.flights]) flight.abandon();
    this.request.body?.discard();
    this.backend.dependencies.observer.request(this.backend.name, ending, status, this.now() - this.arrived);
  }
}
