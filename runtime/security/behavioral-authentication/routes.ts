import { Type } from "@sinclair/typebox";
import type { FastifyInstance } from "fastify";
import { MnoError } from "../../exports";
import type { Assessor } from "./assessor";
import type { CommonKnowledge } from "./common-knowledge";
import * as wire from "./schemas";
import type { Settlement } from "./settlement";
import type { Users } from "./users";

export interface RouteDependencies {
  name: string;
  assessor: Assessor;
  settlement: Settlement;
  users: Users;
  knowledge: CommonKnowledge;
}

interface IdPath {
  Params: { id: string };
}

/** The engine's HTTP API. */
export function installRoutes(http: FastifyInstance, deps: RouteDependencies): void {
  assessmentRoutes(http, deps);
  userRoutes(http, deps);
  modelRoute(http, deps);
}

function assessmentRoutes(http: FastifyInstance, { name, assessor, settlement, users }: RouteDependencies): void {
  const tags = ["assessments"];
  http.post<{ Body: wire.AssessmentRequest }>(
    "/v1/assessments",
    {
      schema: {
        operationId: "assess",
        tags,
        summary: "How likely it is that an attempt is not the user's, and why; advice, never the sole factor",
        body: wire.AssessmentRequest,
        response: { 201: wire.AssessmentAnswer },
      },
    },
    async ({ body }, reply) => {
      const record = await assessor.assess(body);
      return reply.code(201).header("location", `/${name}/v1/assessments/${record.assessmentId}`).send(record);
    },
  );
  http.get<IdPath>(
    "/v1/assessments/:id",
    {
      schema: {
        operationId: "getAssessment",
        tags,
        summary: "Everything that an assessment rested on",
        params: wire.AssessmentPath,
        response: { 200: wire.AssessmentRecord },
      },
    },
    async ({ params: { id } }) => {
      const record = await users.assessment(id);
      if (record === undefined)
        throw new MnoError("MNO_ASSESSMENT_NOT_FOUND", `There is no assessment ${id}, or no more`);
      return record;
    },
  );
  http.post<IdPath & { Body: wire.OutcomeBody }>(
    "/v1/assessments/:id/outcome",
    {
      schema: {
        operationId: "settle",
        tags,
        summary: "What became of the attempt; a user's history learns only from what was at low risk or confirmed",
        params: wire.AssessmentPath,
        body: wire.OutcomeBody,
        response: { 200: wire.OutcomeAnswer },
      },
    },
    ({ params: { id }, body }) => settlement.settle(id, body.outcome),
  );
}

function userRoutes(http: FastifyInstance, { users }: RouteDependencies): void {
  const tags = ["users"];
  http.get<IdPath>(
    "/v1/users/:id/export",
    {
      schema: {
        operationId: "exportUser",
        tags,
        summary: "Everything that is kept of a user",
        params: wire.UserPath,
        response: { 200: wire.UserExport },
      },
    },
    ({ params: { id } }) => users.export(id),
  );
  http.delete<IdPath>(
    "/v1/users/:id",
    {
      schema: {
        operationId: "deleteUser",
        tags,
        summary: "Forgets a user; again is the same",
        params: wire.UserPath,
        response: { 204: Type.Null() },
      },
    },
    async ({ params: { id } }, reply) => {
      await users.delete(id);
      return reply.code(204).send(null);
    },
  );
}

function modelRoute(http: FastifyInstance, { knowledge }: RouteDependencies): void {
  http.get(
    "/v1/model",
    {
      schema: {
        operationId: "getModel",
        tags: ["model"],
        summary: "Thresholds and calibration at present, and what they rest on",
        response: { 200: wire.ModelAnswer },
      },
    },
    () => {
      const { users, thresholds, calibration } = knowledge.current;
      const error = knowledge.calibrationError ?? null;
      return Promise.resolve({ users, thresholds, calibration: { ...calibration, error } });
    },
  );
}
