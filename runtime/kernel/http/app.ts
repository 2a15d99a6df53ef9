import swagger from "@fastify/swagger";
import { context as otelContext } from "@opentelemetry/api";
import Ajv, { type Options as AjvOptions } from "ajv";
import addFormats from "ajv-formats";
import Fastify, { type FastifyInstance, LogController } from "fastify";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Logger } from "pino";
import { MnoError } from "../../exports";
import type { Metrics } from "../telemetry/metrics";
import { SpanKind, type Tracer } from "../telemetry/traces";
import { type AccessRule, checkAccess } from "./access";
import { declareProblems } from "./problem-schema";
import { installProblems, sendProblem, toCodedError } from "./problems";

export interface AppOptions {
  name: string;
  version: string;
  log: Logger;
  metrics: Metrics;
  tracer: Tracer;
  access: AccessRule;
  limits: HttpLimits;
}

export interface HttpLimits {
  /** Bytes; larger bodies are refused with 413. */
  bodyBytes: number;
  /** Requests at work at once in this application; further ones are refused with 503. */
  inFlight: number;
  /** Seconds for a request to arrive in full. */
  requestSeconds: number;
}

export const DEFAULT_LIMITS: HttpLimits = { bodyBytes: 256 * 1024, inFlight: 1000, requestSeconds: 30 };

/** A Fastify application that does not listen: the front hands it requests (see front.ts). */
export interface App {
  http: FastifyInstance;
  /** Answers a request whose URL already lost the application's prefix. */
  readonly handle: (request: IncomingMessage, response: ServerResponse) => void;
}

/**
 * The HTTP side of one engine: problem documents, access rule, in-flight limit, a server span and RED metrics
 * (rate, errors, duration) per route, and OpenAPI at `/openapi.json`.
 */
export async function createApp(options: AppOptions): Promise<App> {
  const { metrics, tracer, access, limits } = options;
  const http = Fastify({
    loggerInstance: options.log,
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: limits.bodyBytes,
    routerOptions: { maxParamLength: 256, ignoreTrailingSlash: true },
    // What Fastify itself refuses, before any route: a malformed URL.
    frameworkErrors: (thrown, _request, reply) => {
      void sendProblem(reply, toCodedError(thrown));
    },
  }) as unknown as FastifyInstance;
  // A query and a header are text and have to be converted; a body says what it means, and null is not 0.
  const text = ajv({ coerceTypes: "array" });
  const body = ajv({ coerceTypes: false });
  http.setValidatorCompiler<object>(({ schema, httpPart }) => (httpPart === "body" ? body : text).compile(schema));
  installProblems(http, `/${options.name}`);

  const requests = metrics.counter("mno_http_requests_total", "Requests answered", [
    "engine",
    "method",
    "route",
    "code",
  ]);
  const seconds = metrics.histogram("mno_http_request_duration_seconds", "Time to answer", [
    "engine",
    "method",
    "route",
  ]);
  const inFlightGauge = metrics.gauge("mno_http_requests_in_flight", "Requests at work", ["engine"]);
  let inFlight = 0;

  http.addHook("onRequest", async (request, reply) => {
    request.startedAt = process.hrtime.bigint();
    inFlight += 1;
    inFlightGauge.set({ engine: options.name }, inFlight);
    // "close" comes once whatever happens, an aborted client included; Fastify's onResponse does not.
    reply.raw.once("close", () => {
      inFlight -= 1;
      inFlightGauge.set({ engine: options.name }, inFlight);
    });
    checkAccess(request.method, request.headers, access);
    if (inFlight > limits.inFlight) {
      throw new MnoError(
        "MNO_OVERLOADED",
        `${String(limits.inFlight)} requests are at work already; try again shortly`,
      );
    }
  });
  http.addHook("onResponse", async (request, reply) => {
    const labels = { engine: options.name, method: request.method, route: request.routeOptions.url ?? "unknown" };
    requests.inc({ ...labels, code: String(reply.statusCode) });
    seconds.observe(labels, Number(process.hrtime.bigint() - request.startedAt) / 1e9);
  });
  // The span covers the handler only, where the work is; hooks before it refuse in microseconds.
  http.addHook("onRoute", (route) => {
    const inner = route.handler;
    const name = `${[route.method].flat().join("|")} /${options.name}${route.url}`;
    route.handler = function (request, reply) {
      const { traceparent, tracestate } = request.headers as { traceparent?: string; tracestate?: string };
      const parent =
        traceparent === undefined
          ? {}
          : { parent: { traceparent, ...(tracestate === undefined ? {} : { tracestate }) } };
      return tracer.span(
        name,
        {
          kind: SpanKind.SERVER,
          attributes: { "http.request.method": request.method, "http.route": route.url },
          ...parent,
        },
        async (span) => {
          const answer: unknown = await otelContext.bind(otelContext.active(), inner).call(this, request, reply);
          span.setAttribute("http.response.status_code", reply.statusCode);
          return answer;
        },
      );
    };
  });

  await http.register(swagger, {
    openapi: {
      openapi: "3.1.0",
      info: { title: `Machine Native Ops: ${options.name}`, version: options.version },
      servers: [{ url: `/${options.name}` }],
    },
    transformObject: (document) => ("openapiObject" in document ? declareProblems(document.openapiObject) : {}),
  });
  http.get("/openapi.json", { schema: { hide: true } }, () => http.swagger());
  return { http, handle: (request, response) => void http.routing(request, response) };
}

function ajv(options: AjvOptions): Ajv {
  return addFormats(new Ajv({ allErrors: true, useDefaults: true, strict: true, ...options }));
}

declare module "fastify" {
  interface FastifyRequest {
    startedAt: bigint;
  }
}
