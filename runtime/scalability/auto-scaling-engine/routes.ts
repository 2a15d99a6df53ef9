import { type Static, Type } from "@sinclair/typebox";
import type { FastifyInstance } from "fastify";
import { MnoError } from "../../exports";
import { DecisionSchema } from "./decision";
import type { Evaluator } from "./evaluator";
import type { Forecaster } from "./forecaster";
import type { Instruments } from "./instruments";
import type { MetricsSource } from "./metrics-source";
import { ScalerInputSchema, ScalerSpecSchema } from "./spec";
import type { ScalerStore } from "./store";
import { validateScaler } from "./validate";

const WorkloadParams = Type.Object({
  workload: Type.String({ minLength: 1, maxLength: 63, description: "Name of the workload" }),
});
const DecisionParams = Type.Object({
  id: Type.String({ minLength: 1, maxLength: 64, description: "Id of the decision" }),
});
const DecisionsQuery = Type.Object({
  workload: Type.Optional(Type.String({ maxLength: 63, description: "Only decisions of this workload" })),
  limit: Type.Integer({ minimum: 1, maximum: 1000, default: 50, description: "At most so many, newest first" }),
});
interface RouteDependencies {
  store: ScalerStore;
  source: MetricsSource;
  forecaster: Forecaster;
  evaluator: Evaluator;
  instruments: Instruments;
}

/** The engine's HTTP API. */
export function registerRoutes(
  http: FastifyInstance,
  { store, source, forecaster, evaluator, instruments }: RouteDependencies,
): void {
  const missing = (workload: string): MnoError =>
    new MnoError("MNO_SCALER_NOT_FOUND", `There is no scaler for workload ${workload}`);

  http.put<{ Params: Static<typeof WorkloadParams>; Body: unknown }>(
    "/v1/scalers/:workload",
    {
      schema: {
        operationId: "putScaler",
        tags: ["scalers"],
        summary: "Create or replace the scaler of a workload",
        params: WorkloadParams,
        body: ScalerInputSchema,
        response: { 200: ScalerSpecSchema, 201: ScalerSpecSchema },
      },
      // The body's schema is for readers: validateScaler reports all faults, those between members included, at once.
      validatorCompiler: () => () => true,
    },
    async (request, reply) => {
      const { workload } = request.params;
      const body = typeof request.body === "object" && !Array.isArray(request.body) ? request.body : undefined;
      const spec = validateScaler(body && { workload, ...body });
      if (spec.workload !== workload) {
        const message = `must be ${workload}, as in the path, or left out`;
        throw new MnoError("MNO_SCALER_INVALID", `/workload ${message}`, { faults: [{ field: "/workload", message }] });
      }
      const created = await evaluator.inTurn(workload, async () => {
        const isNew = await store.put(spec);
        instruments.forget(workload);
        return isNew;
      });
      return await reply.code(created ? 201 : 200).send(spec);
    },
  );

  http.get<{ Params: Static<typeof WorkloadParams> }>(
    "/v1/scalers/:workload",
    {
      schema: {
        operationId: "getScaler",
        tags: ["scalers"],
        summary: "The scaler of a workload, with all defaults filled in",
        params: WorkloadParams,
        response: { 200: ScalerSpecSchema },
      },
    },
    async (request) => {
      const spec = await store.get(request.params.workload);
      if (!spec) throw missing(request.params.workload);
      return spec;
    },
  );

  http.delete<{ Params: Static<typeof WorkloadParams> }>(
    "/v1/scalers/:workload",
    {
      schema: {
        operationId: "deleteScaler",
        tags: ["scalers"],
        summary: "Stop scaling a workload; its replicas stay as they are",
        params: WorkloadParams,
        response: { 204: Type.Null({ description: "The scaler is gone" }) },
      },
    },
    async (request, reply) => {
      const { workload } = request.params;
      await evaluator.inTurn(workload, async () => {
        if (!(await store.delete(workload))) throw missing(workload);
        source.forget(workload);
        forecaster.forget(workload);
        instruments.forget(workload);
      });
      return await reply.code(204).send();
    },
  );

  http.get(
    "/v1/scalers",
    {
      schema: {
        operationId: "listScalers",
        tags: ["scalers"],
        summary: "All scalers, by workload",
        response: { 200: Type.Object({ items: Type.Array(ScalerSpecSchema, { description: "The scalers" }) }) },
      },
    },
    async () => ({ items: await store.list() }),
  );

  http.post<{ Params: Static<typeof WorkloadParams> }>(
    "/v1/scalers/:workload/evaluate",
    {
      schema: {
        operationId: "evaluateScaler",
        tags: ["decisions"],
        summary: "Evaluate a workload now, and scale it where it has to be",
        params: WorkloadParams,
        response: { 200: DecisionSchema },
      },
    },
    (request) => evaluator.evaluate(request.params.workload, "request"),
  );

  http.post<{ Params: Static<typeof WorkloadParams> }>(
    "/v1/scalers/:workload/wake",
    {
      schema: {
        operationId: "wakeScaler",
        tags: ["decisions"],
        summary:
          "Start the first replica of a workload that was scaled to zero; answers when it is asked for, not when it is ready",
        params: WorkloadParams,
        response: { 200: DecisionSchema },
      },
    },
    (request) => evaluator.wake(request.params.workload),
  );

  http.get<{ Querystring: Static<typeof DecisionsQuery> }>(
    "/v1/decisions",
    {
      schema: {
        operationId: "listDecisions",
        tags: ["decisions"],
        summary: "Past decisions, newest first: the last 1000 of each workload, none older than 24 hours",
        querystring: DecisionsQuery,
        response: { 200: Type.Object({ items: Type.Array(DecisionSchema, { description: "The decisions" }) }) },
      },
    },
    async (request) => ({ items: await store.decisions(request.query.workload, request.query.limit) }),
  );

  http.get<{ Params: Static<typeof DecisionParams> }>(
    "/v1/decisions/:id",
    {
      schema: {
        operationId: "getDecision",
        tags: ["decisions"],
        summary: "One decision, with everything it rests on",
        params: DecisionParams,
        response: { 200: DecisionSchema },
      },
    },
    async (request) => {
      const decision = await store.decision(request.params.id);
      if (decision) return decision;
      throw new MnoError(
        "MNO_DECISION_NOT_FOUND",
        `There is no decision ${request.params.id}; the last 1000 of each workload are kept, for 24 hours`,
      );
    },
  );
}
