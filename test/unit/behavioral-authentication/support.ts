import pino from "pino";
import { ManualClock } from "../../../runtime/kernel/clock";
import { loadConfiguration } from "../../../runtime/kernel/config";
import type { CloudEvent } from "../../../runtime/kernel/events/cloudevent";
import { OUTBOX_MIGRATIONS } from "../../../runtime/kernel/events/outbox";
import { createApp, DEFAULT_LIMITS } from "../../../runtime/kernel/http/app";
import type { AgentContext, LeaderTerm } from "../../../runtime/kernel/lifecycle/agent";
import type { Database } from "../../../runtime/kernel/store/database";
import { createMetrics } from "../../../runtime/kernel/telemetry/metrics";
import { behavioralAuthentication } from "../../../runtime/security/behavioral-authentication/agent";
import type { Configuration } from "../../../runtime/security/behavioral-authentication/configuration";
import type {
  AssessmentAnswer,
  AssessmentRecord,
  AssessmentRequest,
  Outcome,
  OutcomeAnswer,
} from "../../../runtime/security/behavioral-authentication/schemas";

/** A Wednesday. */
export const NOW = Date.parse("2026-03-04T12:00:00Z");
export const HOUR = 3_600_000;
export const DAY = 24 * HOUR;
export const SECRET = "a secret of the tests, which is long enough";
export const silent = pino({ level: "silent" });

export const FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";
export const SAFARI =
  "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1";

const tracer = {
  span: (_name: string, _options: object, work: (span: unknown) => Promise<unknown>) =>
    work({ setAttribute: () => undefined }),
  carrier: () => ({}),
};

type Handler = (event: { type: string; data: unknown }) => Promise<void>;

/** The agent with real HTTP routing, a real database and a real outbox table. */
export async function startAgent(database: Database, environment: Record<string, string> = {}) {
  await database.migrate("outbox", OUTBOX_MIGRATIONS);
  const clock = new ManualClock(NOW);
  const metrics = createMetrics();
  const loops = new Map<string, () => Promise<void>>();
  let handler: Handler = async () => undefined;
  const app = await createApp({
    name: "behavioral-authentication",
    version: "0.0.0",
    log: silent,
    metrics,
    tracer: tracer as never,
    access: { host: "127.0.0.1" },
    limits: DEFAULT_LIMITS,
  });
  const every = (name: string, _milliseconds: number, work: () => Promise<void>): void => void loops.set(name, work);
  let led: Promise<void> = Promise.resolve();
  const context = {
    name: "behavioral-authentication",
    config: loadConfiguration(
      { environment: { MNO_BA_SECRET: SECRET, ...environment }, file: {} },
      behavioralAuthentication.configuration,
    ) as Configuration,
    log: silent,
    clock,
    http: app.http,
    metrics,
    tracer,
    outbox: { nudge: () => undefined },
    database,
    every,
    onStop: () => undefined,
    whileLeading: (start: (term: LeaderTerm) => Promise<void>) => {
      led = start({ number: 0, signal: new AbortController().signal, every, onStop: () => undefined });
    },
    bus: {
      subscribe: (_options: unknown, handle: Handler) => {
        handler = handle;
        return Promise.resolve({ close: async () => undefined });
      },
    },
    readyWhen: () => undefined,
  };
  await behavioralAuthentication.start(context as unknown as AgentContext<Configuration>);
  await led;
  const call = async <T>(method: "GET" | "POST" | "DELETE", url: string, body?: object) => {
    const payload = body === undefined ? {} : { payload: body };
    const response = await app.http.inject({ method, url, headers: { host: "localhost" }, ...payload });
    return { status: response.statusCode, body: (response.body === "" ? undefined : response.json()) as T };
  };
  const assess = async (request: AssessmentRequest): Promise<AssessmentAnswer> => {
    const { status, body } = await call<AssessmentAnswer>("POST", "/v1/assessments", request);
    if (status !== 201) throw new Error(`${String(status)} ${JSON.stringify(body)}`);
    return body;
  };
  const settle = async (id: string, outcome: Outcome): Promise<OutcomeAnswer> =>
    (await call<OutcomeAnswer>("POST", `/v1/assessments/${id}/outcome`, { outcome })).body;
  return {
    clock,
    metrics,
    call,
    assess,
    settle,
    record: async (id: string) => (await call<AssessmentRecord>("GET", `/v1/assessments/${id}`)).body,
    /** A day's login that another factor confirmed, for so many days. */
    async habit(request: AssessmentRequest, days: number): Promise<void> {
      for (let day = 0; day < days; day++) {
        await clock.advance(DAY);
        await settle((await assess(request)).assessmentId, "step-up-passed");
      }
    },
    refresh: () => loops.get("refresh")!(),
    prune: () => loops.get("prune")!(),
    tell: (type: string, data: unknown) => handler({ type, data }),
    async events(type: string): Promise<CloudEvent[]> {
      const rows = await database.query<{ event: CloudEvent }>("SELECT event FROM outbox ORDER BY id");
      return rows.map(({ event }) => event).filter((event) => event.type === type);
    },
    stop: () => app.http.close(),
  };
}

export type StartedAgent = Awaited<ReturnType<typeof startAgent>>;
