import type { FastifyInstance } from "fastify";
import { MnoError } from "../../exports";
import type { Clock } from "../../kernel/clock";
import { promote } from "./promotion";
import { JobSchema } from "./models/job";
import { ModelSchema } from "./models/manifest";
import type { OnnxModel } from "./models/onnx";
import type { ModelSigner } from "./models/signing";
import type { Trainer } from "./models/trainer";
import type { Monitor } from "./monitor";
import { Pipeline } from "./pipeline/pipeline";
import { IdParams, items, ModelsQuery, SupervisedSchema, TrainingBody } from "./schemas";
import type { ThreatStore } from "./store";

export interface ModelRouteDependencies {
  monitor: Monitor;
  store: ThreatStore;
  trainer: Trainer;
  signer: ModelSigner;
  supervised: readonly OnnxModel[];
  clock: Clock;
}

/** Training jobs, versions of models, and which of them scores. */
export function installModelRoutes(http: FastifyInstance, deps: ModelRouteDependencies): void {
  const { store, trainer, supervised } = deps;
  const tags = ["models"];
  http.post<{ Body: TrainingBody }>(
    "/v1/training-jobs",
    {
      bodyLimit: 64 * 2 ** 20,
      schema: {
        operationId: "startTraining",
        tags,
        summary: "Make a model of rows, or of what the pipeline keeps, on a worker thread",
        body: TrainingBody,
        response: { 202: JobSchema },
      },
    },
    async ({ body }, reply) => {
      const { pipeline, raw, count } = rowsOf(body, deps);
      return reply.code(202).send(await trainer.start(pipeline, body.assumption, raw, count));
    },
  );
  http.get<{ Params: IdParams }>(
    "/v1/training-jobs/:id",
    {
      schema: {
        operationId: "getTrainingJob",
        tags,
        summary: "How far a job is",
        params: IdParams,
        response: { 200: JobSchema },
      },
    },
    async ({ params }) => {
      const job = await trainer.job(params.id);
      if (job === undefined) throw new MnoError("MNO_THREAT_JOB_NOT_FOUND", `There is no training job ${params.id}`);
      return job;
    },
  );
  http.get<{ Querystring: { pipeline?: string } }>(
    "/v1/models",
    {
      schema: {
        operationId: "listModels",
        tags,
        summary: "Models by pipeline, newest version first",
        querystring: ModelsQuery,
        response: { 200: items(ModelSchema) },
      },
    },
    async ({ query }) => ({ items: await store.models(query.pipeline) }),
  );
  http.post<{ Params: IdParams }>(
    "/v1/models/:id/promote",
    {
      schema: {
        operationId: "promoteModel",
        tags,
        summary:
          "Score with this model from now on, after its signature and hash were checked; an older version: roll back",
        params: IdParams,
        response: { 200: ModelSchema },
      },
    },
    ({ params }) => promote(params.id, deps),
  );
  http.get(
    "/v1/supervised-models",
    {
      schema: {
        operationId: "listSupervisedModels",
        tags,
        summary: "ONNX models, and why one is not used",
        response: { 200: items(SupervisedSchema) },
      },
    },
    async () => ({
      items: supervised.map(({ manifest, state, reason }) => ({
        name: manifest?.name ?? null,
        pipeline: manifest?.pipeline ?? null,
        state,
        reason,
      })),
    }),
  );
}

/** The rows of a request, encoded in the order of their times as a stream would have been, or what the pipeline keeps. */
function rowsOf({ pipeline: name, rows }: TrainingBody, { monitor, clock }: ModelRouteDependencies) {
  const detection = monitor.detection(name);
  if (rows === undefined) {
    const kept = detection.snapshot(0);
    if (kept === null || kept.learning.count + kept.heldOut.count < 100)
      throw new MnoError("MNO_THREAT_EVENT_INVALID", `The pipeline ${name} keeps fewer than 100 events; give rows`);
    const raw = new Float64Array(kept.learning.raw.length + kept.heldOut.raw.length);
    raw.set(kept.learning.raw);
    raw.set(kept.heldOut.raw, kept.learning.raw.length);
    return { pipeline: detection.pipeline, raw, count: kept.learning.count + kept.heldOut.count };
  }
  // Statistics of entities are those of the rows alone.
  const pipeline = new Pipeline(detection.pipeline.spec);
  const timed = rows.map(({ time, data }) => ({ data, time: time === undefined ? clock.now() : Date.parse(time) }));
  const raw = new Float64Array(rows.length * pipeline.columns.length);
  timed
    .sort((a, b) => a.time - b.time)
    .forEach(({ data, time }, index) => raw.set(pipeline.encode(data, time).raw, index * pipeline.columns.length));
  return { pipeline, raw, count: rows.length };
}
