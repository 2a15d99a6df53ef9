import pino from "pino";
import { systemClock } from "../../../runtime/kernel/clock";
import { OUTBOX_MIGRATIONS } from "../../../runtime/kernel/events/outbox";
import { createApp, DEFAULT_LIMITS } from "../../../runtime/kernel/http/app";
import type { Database } from "../../../runtime/kernel/store/database";
import { createMetrics, type Metrics } from "../../../runtime/kernel/telemetry/metrics";
import { tracer } from "../../../runtime/kernel/telemetry/traces";
import { openPolicy, type PolicyPart } from "../../../runtime/security/zero-trust-gateway/policy";
import type { PolicyConfiguration } from "../../../runtime/security/zero-trust-gateway/policy/configuration";

export interface Reply {
  readonly status: number;
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- answers are judged member by member
  readonly body: any;
}

/** The policy part as an agent opens it, whose loops run when the test says so. */
export class OpenedPolicy {
  private constructor(
    readonly part: PolicyPart,
    readonly metrics: Metrics,
    private readonly http: Awaited<ReturnType<typeof createApp>>["http"],
    /** What runs every so often. */
    readonly refresh: () => Promise<void>,
    readonly ready: () => Promise<void>,
    private readonly cleanups: (() => Promise<void>)[],
  ) {}

  static async open(database: Database, config: Partial<PolicyConfiguration> = {}): Promise<OpenedPolicy> {
    const log = pino({ enabled: false });
    const metrics = createMetrics();
    let refresh!: () => Promise<void>;
    let ready!: () => Promise<void>;
    const cleanups: (() => Promise<void>)[] = [];
    await database.migrate("outbox", OUTBOX_MIGRATIONS);
    const part = await openPolicy({
      config: { MNO_ZTG_POLICY_REFRESH_SECONDS: 2, ...config },
      log,
      clock: systemClock,
      tracer,
      outbox: { nudge: () => undefined },
      metrics,
      database,
      every: (_name, _milliseconds, work) => void (refresh = work),
      readyWhen: (_name, check) => void (ready = check),
      onStop: (cleanup) => void cleanups.push(cleanup),
    });
    const limits = DEFAULT_LIMITS;
    const { http } = await createApp({
      name: "ztg",
      version: "0",
      log,
      metrics,
      tracer,
      access: { host: "127.0.0.1" },
      limits,
    });
    part.routes(http);
    await http.ready();
    return new OpenedPolicy(part, metrics, http, refresh, ready, cleanups);
  }

  async call(
    method: "GET" | "PUT" | "POST" | "PATCH" | "DELETE",
    url: string,
    body?: object,
    headers: Record<string, string> = {},
  ): Promise<Reply> {
    const answer = await this.http.inject({ method, url, headers, ...(body && { payload: body }) });
    return { status: answer.statusCode, body: answer.json() };
  }

  async close(): Promise<void> {
    await this.http.close();
    for (const cleanup of this.cleanups.reverse()) await cleanup();
  }
}
