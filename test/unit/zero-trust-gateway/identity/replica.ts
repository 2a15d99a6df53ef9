import assert from "node:assert/strict";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { MnoError } from "../../../../runtime/exports";
import type { Clock } from "../../../../runtime/kernel/clock";
import type { CloudEvent } from "../../../../runtime/kernel/events/cloudevent";
import { OUTBOX_MIGRATIONS } from "../../../../runtime/kernel/events/outbox";
import { createApp, DEFAULT_LIMITS } from "../../../../runtime/kernel/http/app";
import type { Database } from "../../../../runtime/kernel/store/database";
import { createMetrics } from "../../../../runtime/kernel/telemetry/metrics";
import { tracer } from "../../../../runtime/kernel/telemetry/traces";
import type { GatewayRequest, Principal, Reply, Risk } from "../../../../runtime/security/zero-trust-gateway/contracts";
import { openIdentity } from "../../../../runtime/security/zero-trust-gateway/identity/open";
import type {
  GatewayIdentity,
  IdentityContext,
  SubjectChange,
} from "../../../../runtime/security/zero-trust-gateway/identity/parts";
import { FakeBus } from "../../auto-scaling-engine/fakes";
import { configurationOf, ORIGIN, requestOf, silent } from "./support";

/** One gateway's identity, opened as its agent opens it; its loops run when the test says so. */
export class Replica {
  readonly changes: SubjectChange[] = [];
  readonly metrics = createMetrics();
  identity!: GatewayIdentity;
  private app!: Awaited<ReturnType<typeof createApp>>;
  private readonly loops = new Map<string, () => Promise<void>>();
  private readonly cleanups: (() => Promise<void>)[] = [];

  constructor(
    private readonly database: Database,
    private readonly clock: Clock,
    readonly bus: FakeBus = new FakeBus(tracer),
  ) {}

  async open(values: Record<string, unknown> = {}, loopback = true): Promise<this> {
    await this.database.migrate("outbox", OUTBOX_MIGRATIONS);
    this.app = await createApp({
      name: "zero-trust-gateway",
      version: "test",
      log: silent,
      metrics: this.metrics,
      tracer,
      access: { host: "127.0.0.1" },
      limits: DEFAULT_LIMITS,
    });
    const context: IdentityContext = {
      config: configurationOf({ MNO_ZTG_ASSESSMENT: "off", ...values }),
      log: silent,
      clock: this.clock,
      http: this.app.http,
      metrics: this.metrics,
      tracer,
      bus: this.bus as never,
      outbox: { nudge: () => undefined },
      database: this.database,
      every: (name, _milliseconds, work) => void this.loops.set(name, work),
      onStop: (cleanup) => void this.cleanups.push(cleanup),
      readyWhen: () => undefined,
    };
    this.identity = await openIdentity(context, { origins: [ORIGIN], loopback });
    this.identity.onChange((change) => this.changes.push(change));
    return this;
  }

  /** A look at what other replicas revoked. */
  poll(): Promise<void> {
    return this.loop("look at revocations");
  }

  prune(): Promise<void> {
    return this.loop("prune identity");
  }

  private loop(name: string): Promise<void> {
    const work = this.loops.get(name);
    assert.ok(work, name);
    return work();
  }

  /** What the enforcement point does up to the decision. */
  async enter(request: GatewayRequest): Promise<{ principal: Principal; risk: Risk }> {
    const principal = await this.identity.identifier.identify(request);
    return { principal, risk: await this.identity.risk.riskOf(principal, request) };
  }

  async api(method: "GET" | "DELETE", url: string): Promise<{ status: number; body: Record<string, unknown> }> {
    const answer = await this.app.http.inject({ method, url, headers: { host: "localhost" } });
    return { status: answer.statusCode, body: answer.body === "" ? {} : answer.json() };
  }

  /** Events that were committed and wait in the outbox. */
  async events(type: CloudEvent["type"]): Promise<CloudEvent[]> {
    const rows = await this.database.query<{ event: CloudEvent }>("SELECT event FROM outbox ORDER BY id");
    return rows.map(({ event }) => event).filter((event) => event.type === type);
  }

  async close(): Promise<void> {
    for (const cleanup of this.cleanups.reverse()) await cleanup();
    await this.app.http.close();
  }
}

export const TABLES =
  "outbox, ztg_changes, ztg_sessions, ztg_subjects, ztg_risks, ztg_once, ztg_authenticators, ztg_devices, ztg_keys, ztg_login_limits";

/** A browser as far as cookies and headers go. */
export class Browser {
  readonly cookies = new Map<string, string>();

  constructor(
    private readonly replica: Replica,
    private readonly more: Partial<GatewayRequest> = {},
    private readonly headers: Record<string, string> = {},
  ) {}

  request(target: string, headers: Record<string, string> = {}, more: Partial<GatewayRequest> = {}): GatewayRequest {
    const cookie = [...this.cookies].map(([name, value]) => `${name}=${value}`).join("; ");
    return requestOf(
      { ...this.headers, ...(cookie !== "" && { cookie }), ...headers },
      { target, ...this.more, ...more },
    );
  }

  get(target: string): Promise<Reply> {
    return this.send("GET", this.request(target, { "sec-fetch-site": "none", accept: "text/html" }), Buffer.alloc(0));
  }

  post(target: string, body: Record<string, unknown>, headers: Record<string, string> = {}): Promise<Reply> {
    const request = this.request(
      target,
      { "content-type": "application/json", "sec-fetch-site": "same-origin", origin: ORIGIN, ...headers },
      { method: "POST" },
    );
    return this.send("POST", request, Buffer.from(JSON.stringify(body)));
  }

  async send(method: string, request: GatewayRequest, body: Buffer): Promise<Reply> {
    const route = this.replica.identity.routes.find((one) => one.method === method && one.path === request.path);
    assert.ok(route, `${method} ${request.path} is no route`);
    const reply = await route.handle(request, body);
    for (const header of [reply.headers["set-cookie"] ?? []].flat()) this.take(header);
    return reply;
  }

  private take(header: string): void {
    const [, name = "", value = ""] = /^([^=]+)=([^;]*)/.exec(header) ?? [];
    if (/Max-Age=0\b/.test(header)) this.cookies.delete(name);
    else this.cookies.set(name, value);
  }

  enter(target = "/orders", more: Partial<GatewayRequest> = {}, headers: Record<string, string> = {}) {
    return this.replica.enter(this.request(target, headers, more));
  }
}

/** What an assessment is asked with. */
interface Assessment {
  subject: { userId: string; sessionId?: string };
  context: { address: string };
  keystrokes?: unknown;
}

/** Behavioural authentication as its schema has it, thinking what the test says. */
export class BehaviourServer {
  level: "low" | "medium" | "high" = "low";
  readonly assessments: Assessment[] = [];
  readonly outcomes: string[] = [];
  /** Answers with it instead. */
  answer: { status: number; body: string } | undefined;
  /** Answers 422 to who sends samples. */
  refusesSamples = false;
  /** Gives no answer at all. */
  hangs = false;
  private server!: Server;

  async start(): Promise<string> {
    this.server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on("data", (chunk: Buffer) => chunks.push(chunk));
      request.on("end", () => {
        const body = JSON.parse(Buffer.concat(chunks).toString());
        if (request.url?.endsWith("/outcome")) this.outcomes.push(body.outcome);
        else this.assessments.push(body);
        if (this.hangs) return;
        const probability = { low: 0.01, medium: 0.4, high: 0.95 }[this.level];
        const refused = this.refusesSamples && body.keystrokes !== undefined && { status: 422, body: "{}" };
        const given = (refused || this.answer) ?? {
          status: 200,
          body: JSON.stringify({
            assessmentId: `bas_${this.assessments.length}`,
            level: this.level,
            probability,
            reasons: [`it looks ${this.level}`],
          }),
        };
        response.writeHead(given.status, { "content-type": "application/json" }).end(given.body);
      });
    });
    await new Promise<void>((resolve) => this.server.listen(0, "127.0.0.1", resolve));
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** Outcomes are reported behind the answer to the browser. */
  async told(outcome: string): Promise<void> {
    while (!this.outcomes.includes(outcome)) await new Promise((resolve) => setImmediate(resolve));
  }

  reset(): void {
    this.level = "low";
    this.answer = undefined;
    this.hangs = false;
    this.refusesSamples = false;
    this.assessments.length = 0;
    this.outcomes.length = 0;
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }
}

export const coded =
  (code: MnoError["code"], says?: RegExp) =>
  (error: unknown): boolean => {
    assert.ok(error instanceof MnoError, String(error));
    assert.equal(error.code, code, error.message);
    if (says !== undefined) assert.match(error.message, says);
    return true;
  };
