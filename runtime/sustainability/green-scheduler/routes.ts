import { type Static, type TSchema, Type } from "@sinclair/typebox";
import type { FastifyInstance } from "fastify";
import { MnoError } from "../../exports";
import type { Clock } from "../../kernel/clock";
import { TEXT_PATTERN } from "../../kernel/http/text";
import type { Desk } from "./jobs/desk";
import type { Outlooks } from "./outlook";
import { whatIfPlot } from "./plot";
import { EndBody, JobBody, PlansBody } from "./requests";
import { DecisionSchema, JobSchema, OutlookSchema, PlanSchema, SavingsSchema, WhatIfSchema } from "./schemas";
import type { SchedulerStore } from "./store";
import { decisionView, jobView, outlookView, planView, savingsView, whatIfView } from "./views";

const NameParams = Type.Object({ name: Type.String({ minLength: 1, maxLength: 63, description: "The job's name" }) });
type NameParams = Static<typeof NameParams>;
const IdParams = Type.Object({ id: Type.String({ minLength: 1, maxLength: 64, description: "Id" }) });
const STATES = ["waiting", "running", "paused", "succeeded", "failed", "deleted"];
const ListQuery = Type.Object({
  state: Type.Optional(Type.String({ enum: STATES, description: "Only jobs in this state" })),
  limit: Type.Integer({ minimum: 1, maximum: 1000, default: 100, description: "At most so many, newest first" }),
});
const WhatIfQuery = Type.Object({
  format: Type.String({ enum: ["json", "svg"], default: "json", description: "svg: as a plot" }),
});
const SavingsQuery = Type.Object({
  from: Type.Optional(Type.String({ format: "date-time", description: "Jobs that ended from then on; 30 days ago" })),
  to: Type.Optional(Type.String({ format: "date-time", description: "and before then; now" })),
});
const DAY = 86_400_000;
const SVG = "image/svg+xml; charset=utf-8";

const items = <T extends TSchema>(schema: T) => Type.Object({ items: Type.Array(schema, { description: "In order" }) });

const OutlookQuery = Type.Object({
  region: Type.Optional(
    Type.String({ minLength: 1, maxLength: 64, pattern: TEXT_PATTERN, description: "The configured one without it" }),
  ),
  hours: Type.Number({ minimum: 1, maximum: 168, default: 24, description: "Of the region's own day, ahead" }),
});

interface RouteDependencies {
  desk: Desk;
  outlooks: Outlooks;
  store: SchedulerStore;
  clock: Clock;
}

/** The engine's HTTP API. */
export function registerRoutes(http: FastifyInstance, deps: RouteDependencies): void {
  callersRoutes(http, deps);
  readingRoutes(http, deps);
  accountRoutes(http, deps);
  outlookRoutes(http, deps);
}

/** For callers that run their jobs themselves: here they learn when. */
function callersRoutes(http: FastifyInstance, { desk }: RouteDependencies): void {
  const tags = ["jobs"];
  http.post<{ Body: JobBody }>(
    "/v1/jobs",
    {
      schema: {
        operationId: "planJob",
        tags,
        summary:
          "When and where a job ought to run that the caller runs himself; it is kept and planned again until then",
        body: JobBody,
        response: { 200: JobSchema, 201: JobSchema },
      },
    },
    async ({ body }, reply) => {
      const { record, created } = await desk.post(body);
      return reply.code(created ? 201 : 200).send(jobView(record));
    },
  );
  http.post<{ Body: Static<typeof PlansBody> }>(
    "/v1/plans",
    {
      schema: {
        operationId: "previewPlans",
        tags,
        summary: "What would be planned for jobs that might be; nothing is kept",
        body: PlansBody,
        response: { 200: items(PlanSchema) },
      },
    },
    async ({ body }) => ({ items: (await desk.preview(body.jobs)).plans.map(planView) }),
  );
  http.post<{ Params: NameParams; Body: EndBody }>(
    "/v1/jobs/:name/end",
    {
      schema: {
        operationId: "endJob",
        tags,
        summary: "The caller's job is over: when it ran, so that its emissions can be told and its run time be learned",
        params: NameParams,
        body: EndBody,
        response: { 200: JobSchema },
      },
    },
    async ({ params, body }) => jobView(await desk.finish(params.name, body)),
  );
  http.delete<{ Params: NameParams }>(
    "/v1/jobs/:name",
    {
      schema: {
        operationId: "withdrawJob",
        tags,
        summary: "Withdraws a caller's job; jobs of the cluster are deleted there",
        params: NameParams,
        response: { 204: Type.Null() },
      },
    },
    async ({ params }, reply) => {
      await desk.withdraw(params.name);
      return reply.code(204).send(null);
    },
  );
}

function readingRoutes(http: FastifyInstance, { desk, store }: RouteDependencies): void {
  const tags = ["jobs"];
  http.get<{ Querystring: Static<typeof ListQuery> }>(
    "/v1/jobs",
    {
      schema: {
        operationId: "listJobs",
        tags,
        summary: "Jobs with their plans, newest first",
        querystring: ListQuery,
        response: { 200: items(JobSchema) },
      },
    },
    async ({ query }) => ({ items: (await store.list(query)).map(jobView) }),
  );
  http.get<{ Params: NameParams }>(
    "/v1/jobs/:name",
    {
      schema: {
        operationId: "getJob",
        tags,
        summary: "The newest job of that name",
        params: NameParams,
        response: { 200: JobSchema },
      },
    },
    async ({ params }) => jobView((await desk.find(params.name)).record),
  );
  http.get<{ Params: NameParams; Querystring: Static<typeof WhatIfQuery> }>(
    "/v1/jobs/:name/what-if",
    {
      schema: {
        operationId: "whatIf",
        tags,
        summary: "What the job would emit at each start from now on, as JSON or as a plot",
        params: NameParams,
        querystring: WhatIfQuery,
        response: {
          200: {
            content: { "application/json": { schema: WhatIfSchema }, "image/svg+xml": { schema: Type.String() } },
          },
        },
      },
    },
    async ({ params, query }, reply) => {
      const { starts, grounds, plan } = await desk.whatIf(params.name);
      const view = whatIfView(params.name, grounds, starts, plan);
      return query.format === "svg"
        ? reply.type(SVG).send(whatIfPlot(view))
        : reply.type("application/json").send(view);
    },
  );
}

function accountRoutes(http: FastifyInstance, { store, clock }: RouteDependencies): void {
  http.get<{ Params: Static<typeof IdParams> }>(
    "/v1/decisions/:id",
    {
      schema: {
        operationId: "getDecision",
        tags: ["decisions"],
        summary: "A decision, with the forecasts and estimates that it rests on",
        params: IdParams,
        response: { 200: DecisionSchema },
      },
    },
    async ({ params }) => {
      const decision = await store.decision(params.id);
      if (!decision) throw new MnoError("MNO_DECISION_NOT_FOUND", `There is no decision ${params.id}`);
      return decisionView(decision);
    },
  );
  http.get<{ Querystring: Static<typeof SavingsQuery> }>(
    "/v1/savings",
    {
      schema: {
        operationId: "getSavings",
        tags: ["savings"],
        summary: "What jobs emitted, and what they would have emitted from a start at once; signals are kept apart",
        querystring: SavingsQuery,
        response: { 200: SavingsSchema },
      },
    },
    async ({ query }) => {
      // What ended this very millisecond is among what ended until now.
      const to = query.to === undefined ? clock.now() + 1 : Date.parse(query.to);
      const from = query.from === undefined ? to - 30 * DAY : Date.parse(query.from);
      return savingsView(from, to, await store.savings(from, to));
    },
  );
}

function outlookRoutes(http: FastifyInstance, { outlooks }: RouteDependencies): void {
  http.get<{ Querystring: Static<typeof OutlookQuery> }>(
    "/v1/outlook",
    {
      schema: {
        operationId: "getOutlook",
        tags: ["outlook"],
        summary: "Intensity of a region as plans see it: what was, is and is foretold, and whether that is believed",
        querystring: OutlookQuery,
        response: { 200: OutlookSchema },
      },
    },
    async ({ query }) => outlookView(await outlooks.of(query.region, query.hours)),
  );
}
