import type { FastifyInstance } from "fastify";
import type { Static } from "@sinclair/typebox";
import { MnoError } from "../../../exports";
import type { Database } from "../../../kernel/store/database";
import { bulkLines } from "../export/ecs";
import type { Checkpoints } from "../log/checkpoint";
import type { Stored } from "../log/log";
import { eventsByUid, type EventFilter, findEvents } from "../log/queries";
import type { Verification } from "../log/verify";
import * as wire from "../schemas";

const PAGE = 100;
const INDEX = "mno-security";

/** Reading the log, and proving it. */
export function eventRoutes(
  http: FastifyInstance,
  {
    database,
    checkpoints,
    verify,
  }: { database: Database; checkpoints: Checkpoints; verify: (kept?: wire.VerifyRequest) => Promise<Verification> },
): void {
  http.get<{ Querystring: wire.EventQuery }>(
    "/v1/events",
    { schema: { summary: "Events, the latest first", querystring: wire.EventQuery } },
    async ({ query }) => {
      const limit = query.limit ?? PAGE;
      const found = await findEvents(database, filterOf(query, limit + 1));
      const page = found.slice(0, limit);
      return { items: page.map(answerOf), nextCursor: found.length > limit ? (page.at(-1)?.seq ?? null) : null };
    },
  );

  http.get<{ Params: Static<typeof wire.Uid> }>(
    "/v1/events/:uid",
    { schema: { summary: "One event", params: wire.Uid } },
    async ({ params: { uid } }) => {
      const [found] = await eventsByUid(database, [uid]);
      if (!found) throw new MnoError("MNO_NOT_FOUND", `There is no event ${uid}; its time may be up`);
      return answerOf(found);
    },
  );

  http.get<{ Querystring: wire.ExportQuery }>(
    "/v1/export/ecs",
    {
      schema: {
        summary: "Events as lines for Elasticsearch's _bulk, in ECS; x-next-cursor says where it goes on",
        querystring: wire.ExportQuery,
      },
    },
    async ({ query: { index = INDEX, ...query } }, reply) => {
      const limit = query.limit ?? 1000;
      const found = await findEvents(database, filterOf(query, limit + 1));
      const page = found.slice(0, limit);
      if (found.length > limit) void reply.header("x-next-cursor", String(page.at(-1)!.seq));
      return reply.type("application/x-ndjson").send(bulkLines(page, index));
    },
  );

  http.get(
    "/v1/log/checkpoint",
    { schema: { summary: "The latest signed checkpoint of the log; keep it elsewhere to be able to show a cut" } },
    async () => {
      const latest = await checkpoints.latest();
      if (!latest) throw new MnoError("MNO_NOT_FOUND", "The log has no checkpoint yet");
      return latest;
    },
  );

  http.post<{ Body: wire.VerifyRequest }>(
    "/v1/log/verifications",
    {
      schema: { summary: "Read the whole log again, and say what is not as it was written", body: wire.VerifyRequest },
    },
    ({ body }) => verify(body),
  );
}

function filterOf(query: wire.EventQuery, limit: number): EventFilter {
  const { from, to, class: classUid, ...rest } = query;
  return {
    ...rest,
    ...(from === undefined ? {} : { from: Date.parse(from) }),
    ...(to === undefined ? {} : { to: Date.parse(to) }),
    ...(classUid === undefined ? {} : { classUid }),
    limit,
  };
}

function answerOf({ seq, text }: Stored): unknown {
  return { seq, event: JSON.parse(text) as unknown };
}
