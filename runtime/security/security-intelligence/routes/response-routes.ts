import type { FastifyInstance } from "fastify";
import type { Static } from "@sinclair/typebox";
import { RESPONSE_STATUSES, type Response } from "../responses/response";
import type { Executor } from "../responses/executor";
import type { ResponseStore } from "../responses/store";
import * as wire from "../schemas";

const PAGE = 50;

export function responseRoutes(
  http: FastifyInstance,
  options: {
    responses: ResponseStore;
    executor: Executor;
    proposeFor: (incident: string, request: wire.ResponseRequest) => Promise<Response>;
  },
): void {
  const { responses, executor, proposeFor } = options;

  http.get<{ Querystring: wire.ResponseQuery }>(
    "/v1/responses",
    { schema: { summary: "Responses, the latest changed first", querystring: wire.ResponseQuery } },
    async ({ query: { incident, status, limit = PAGE } }) => ({
      items: await responses.list({
        ...(incident === undefined ? {} : { incident }),
        statuses: status === undefined ? RESPONSE_STATUSES : [status],
        limit,
      }),
    }),
  );

  http.get<{ Params: Static<typeof wire.Id> }>(
    "/v1/responses/:id",
    { schema: { summary: "One response, with its history", params: wire.Id } },
    ({ params }) => responses.get(params.id),
  );

  http.post<{ Params: Static<typeof wire.Id>; Body: wire.ResponseRequest }>(
    "/v1/incidents/:id/responses",
    {
      schema: {
        summary: "Propose a response to an incident; again is the same",
        params: wire.Id,
        body: wire.ResponseRequest,
      },
    },
    ({ params, body }) => proposeFor(params.id, body),
  );

  const verdict = (
    name: string,
    summary: string,
    work: (id: string, body: wire.Verdict) => Promise<Response>,
  ): void => {
    http.post<{ Params: Static<typeof wire.Id>; Body: wire.Verdict }>(
      `/v1/responses/:id/${name}`,
      { schema: { summary, params: wire.Id, body: wire.Verdict } },
      ({ params, body }) => work(params.id, body),
    );
  };
  verdict("approval", "Approve a response and carry it out", (id, { by }) => executor.approve(id, by));
  verdict("rejection", "Reject a response", (id, { by, reason }) => executor.reject(id, by, reason ?? "rejected"));
  verdict("undoing", "Take an executed response back, where that can be", (id, { by }) => executor.undo(id, by));
}
