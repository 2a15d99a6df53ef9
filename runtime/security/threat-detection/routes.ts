import { randomUUID } from "node:crypto";
import type { FastifyInstance } from "fastify";
import { MnoError } from "../../exports";
import type { Clock } from "../../kernel/clock";
import { AlertSchema } from "./alerts/alert";
import { installModelRoutes, type ModelRouteDependencies } from "./model-routes";
import type { Monitor, Result } from "./monitor";
import { PipelineSchema, type PipelineSpec } from "./pipeline/fields";
import { AlertsQuery, EventsBody, FeedbackBody, IdParams, items, ResultSchema, StatusSchema } from "./schemas";
import type { ThreatStore } from "./store";

export interface RouteDependencies extends ModelRouteDependencies {
  monitor: Monitor;
  store: ThreatStore;
  clock: Clock;
}

/** The engine's HTTP API. */
export function installRoutes(http: FastifyInstance, deps: RouteDependencies): void {
  alertRoutes(http, deps);
  eventRoutes(http, deps);
  pipelineRoutes(http, deps);
  installModelRoutes(http, deps);
}

function alertRoutes(http: FastifyInstance, { store, monitor }: RouteDependencies): void {
  const tags = ["alerts"];
  http.get<{ Querystring: AlertsQuery }>(
    "/v1/alerts",
    {
      schema: {
        operationId: "listAlerts",
        tags,
        summary: "Alerts, newest first",
        querystring: AlertsQuery,
        response: { 200: items(AlertSchema) },
      },
    },
    async ({ query }) => ({ items: await store.alerts(query) }),
  );
  for (const [path, operationId, summary] of [
    ["/v1/alerts/:id", "getAlert", "One alert: its leading features with what each contributes, and why"],
    ["/v1/decisions/:id", "getDecision", "The same: alerts are what this engine decides"],
  ] as const) {
    http.get<{ Params: IdParams }>(
      path,
      { schema: { operationId, tags, summary, params: IdParams, response: { 200: AlertSchema } } },
      async ({ params }) => {
        const known = await store.alert(params.id);
        if (known === undefined) throw new MnoError("MNO_THREAT_ALERT_NOT_FOUND", `There is no alert ${params.id}`);
        return known.alert;
      },
    );
  }
  http.post<{ Params: IdParams; Body: FeedbackBody }>(
    "/v1/alerts/:id/feedback",
    {
      schema: {
        operationId: "settleAlert",
        tags,
        summary: "Say what an alert was: a false positive is learned as ordinary, and its like is not told again",
        params: IdParams,
        body: FeedbackBody,
        response: { 200: AlertSchema },
      },
    },
    ({ params, body }) => monitor.settle(params.id, body.verdict, body.by, body.reason),
  );
}

function eventRoutes(http: FastifyInstance, { monitor, clock }: RouteDependencies): void {
  http.post<{ Body: EventsBody }>(
    "/v1/events",
    {
      schema: {
        operationId: "takeEvents",
        tags: ["events"],
        summary: "Look at events of other sources: OCSF, or rows of a pipeline",
        body: EventsBody,
        response: { 200: items(ResultSchema) },
      },
    },
    async ({ body }) => {
      const { pipeline, events = [], rows = [] } = body;
      if (rows.length > 0 && pipeline === undefined)
        throw new MnoError("MNO_THREAT_EVENT_INVALID", "Rows need the name of their pipeline");
      const results: Result[] = [];
      for (const event of events) results.push(await monitor.takeOcsf(event, "http"));
      for (const { id = randomUUID(), time, data } of rows)
        results.push(await monitor.takeRow(pipeline!, data, id, time === undefined ? clock.now() : Date.parse(time)));
      return { items: results };
    },
  );
}

function pipelineRoutes(http: FastifyInstance, { monitor }: RouteDependencies): void {
  const tags = ["pipelines"];
  http.get(
    "/v1/pipelines",
    {
      schema: {
        operationId: "listPipelines",
        tags,
        summary: "Pipelines: their features, budgets and thresholds",
        response: { 200: items(StatusSchema) },
      },
    },
    async () => ({
      items: monitor.names.map((name) => {
        const { pipeline, budget, shifts } = monitor.detection(name);
        const { eventsPerDay, perDay: alertsPerDay, risk, threshold, withheld } = budget;
        return {
          ...{ name, columns: [...pipeline.columns], eventsPerDay, alertsPerDay, risk, withheld, shifts },
          threshold: Number.isFinite(threshold) ? threshold : null,
        };
      }),
    }),
  );
  http.post<{ Body: PipelineSpec }>(
    "/v1/pipelines",
    {
      schema: {
        operationId: "definePipeline",
        tags,
        summary: "Say which values of events are looked at, whom they are about and which of them are failures",
        body: PipelineSchema,
        response: { 201: PipelineSchema },
      },
    },
    async ({ body }, reply) => {
      await monitor.define(body);
      return reply.code(201).send(body);
    },
  );
}
