import { type Static, type TSchema, Type } from "@sinclair/typebox";
import type { FastifyInstance } from "fastify";
import { MnoError } from "../../exports";
import type { Cluster } from "../../kernel/cluster/cluster";
import type { Advisor } from "./advice/advisor";
import { ADVICE_STATES, type Advice, AdviceSchema } from "./advice/schemas";
import { clusterResources } from "./bottlenecks/cluster-resources";
import { findBottlenecks } from "./bottlenecks/find";
import { BottleneckSchema, ResourceSnapshotSchema } from "./bottlenecks/schemas";
import type { ExperimentRunner } from "./experiments/runner";
import { type ExperimentInput, ExperimentInputSchema, ExperimentSchema } from "./experiments/schemas";
import type { OptimizerStore } from "./store";

const IdParams = Type.Object({ id: Type.String({ minLength: 1, maxLength: 64, description: "Id" }) });
type IdParams = Static<typeof IdParams>;
const limit = Type.Integer({ minimum: 1, maximum: 1000, default: 100, description: "At most so many, newest first" });
const AdviceQuery = Type.Object({
  workload: Type.Optional(Type.String({ maxLength: 63, description: "Only advice about this workload" })),
  state: Type.Optional(
    Type.Unsafe<Advice["state"]>(Type.String({ enum: [...ADVICE_STATES], description: "Only advice in this state" })),
  ),
  limit,
});
const LimitQuery = Type.Object({ limit });
const BottlenecksBody = Type.Object(
  { resources: Type.Array(ResourceSnapshotSchema, { maxItems: 10_000, description: "What was measured" }) },
  { additionalProperties: false },
);
const items = <T extends TSchema>(schema: T) => Type.Object({ items: Type.Array(schema, { description: "In order" }) });
const Bottlenecks = items(BottleneckSchema);

interface RouteDependencies {
  store: OptimizerStore;
  advisor: Advisor;
  runner: ExperimentRunner;
  cluster: Cluster;
}

/** The engine's HTTP API. */
export function registerRoutes(http: FastifyInstance, deps: RouteDependencies): void {
  adviceRoutes(http, deps);
  bottleneckRoutes(http, deps);
  experimentRoutes(http, deps);
}

function adviceRoutes(http: FastifyInstance, { store, advisor }: RouteDependencies): void {
  const tags = ["advice"];
  http.get<{ Querystring: Static<typeof AdviceQuery> }>(
    "/v1/advice",
    {
      schema: {
        operationId: "listAdvice",
        tags,
        summary: "What ought to be changed, with the expected effect and how sure that is",
        querystring: AdviceQuery,
        response: { 200: items(AdviceSchema) },
      },
    },
    async ({ query }) => ({ items: await store.listAdvice(query) }),
  );
  for (const [path, operationId, summary] of [
    ["/v1/advice/:id", "getAdvice", "One piece of advice, with all that it rests on"],
    ["/v1/decisions/:id", "getDecision", "The same: advice is what this engine decides"],
  ] as const) {
    http.get<{ Params: IdParams }>(
      path,
      { schema: { operationId, tags, summary, params: IdParams, response: { 200: AdviceSchema } } },
      async ({ params }) => {
        const advice = await store.advice(params.id);
        if (!advice) throw new MnoError("MNO_ADVICE_NOT_FOUND", `There is no advice ${params.id}`);
        return advice;
      },
    );
  }
  for (const [verb, summary] of [
    ["apply", "Change the workload as advised; its replicas are rolled"],
    ["revert", "Give the workload back what it requested before"],
  ] as const) {
    http.post<{ Params: IdParams }>(
      `/v1/advice/:id/${verb}`,
      { schema: { operationId: `${verb}Advice`, tags, summary, params: IdParams, response: { 200: AdviceSchema } } },
      ({ params }) => advisor[verb](params.id),
    );
  }
}

function bottleneckRoutes(http: FastifyInstance, { cluster }: RouteDependencies): void {
  const tags = ["bottlenecks"];
  http.get(
    "/v1/bottlenecks",
    {
      schema: {
        operationId: "listBottlenecks",
        tags,
        summary: "Nodes and workloads that are short of CPU or memory, most suspect first",
        response: { 200: Bottlenecks },
      },
    },
    async () => ({ items: findBottlenecks(clusterResources(await cluster.list(), await cluster.nodes())) }),
  );
  http.post<{ Body: Static<typeof BottlenecksBody> }>(
    "/v1/bottlenecks",
    {
      schema: {
        operationId: "findBottlenecks",
        tags,
        summary: "Ranks the resources given, by the USE method and Little's law, with the evidence",
        body: BottlenecksBody,
        response: { 200: Bottlenecks },
      },
    },
    async ({ body }) => ({ items: findBottlenecks(body.resources) }),
  );
}

function experimentRoutes(http: FastifyInstance, { store, runner }: RouteDependencies): void {
  const tags = ["experiments"];
  http.post<{ Body: ExperimentInput }>(
    "/v1/experiments",
    {
      schema: {
        operationId: "startExperiment",
        tags,
        summary: "Try another value of a knob, in turn with the present one, and turn it back at the end",
        body: ExperimentInputSchema,
        response: { 201: ExperimentSchema },
      },
    },
    async ({ body }, reply) => reply.code(201).send(await runner.start(body)),
  );
  http.get<{ Querystring: Static<typeof LimitQuery> }>(
    "/v1/experiments",
    {
      schema: {
        operationId: "listExperiments",
        tags,
        summary: "Experiments, newest first",
        querystring: LimitQuery,
        response: { 200: items(ExperimentSchema) },
      },
    },
    async ({ query }) => ({ items: await store.listExperiments(query.limit) }),
  );
  http.get<{ Params: IdParams }>(
    "/v1/experiments/:id",
    {
      schema: {
        operationId: "getExperiment",
        tags,
        summary: "One experiment, with every window and what was concluded",
        params: IdParams,
        response: { 200: ExperimentSchema },
      },
    },
    async ({ params }) => {
      const experiment = await store.experiment(params.id);
      if (!experiment) throw new MnoError("MNO_EXPERIMENT_NOT_FOUND", `There is no experiment ${params.id}`);
      return experiment;
    },
  );
  http.post<{ Params: IdParams }>(
    "/v1/experiments/:id/stop",
    {
      schema: {
        operationId: "stopExperiment",
        tags,
        summary: "End an experiment and turn its knob back",
        params: IdParams,
        response: { 200: ExperimentSchema },
      },
    },
    ({ params }) => runner.stop(params.id),
  );
}
