import { type Static, Type } from "@sinclair/typebox";
import type { FastifyInstance } from "fastify";
import type { Session } from "./session";
import type { Sessions } from "./sessions";

const PAGE = 50;
const closed = { additionalProperties: false } as const;

const Query = Type.Object(
  {
    user: Type.Optional(Type.String({ minLength: 1, maxLength: 256 })),
    cursor: Type.Optional(Type.String({ maxLength: 64 })),
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 500 })),
  },
  closed,
);
const EndQuery = Type.Object({ user: Type.String({ minLength: 1, maxLength: 256 }) }, closed);
const Path = Type.Object({ id: Type.String({ pattern: "^[A-Za-z0-9_-]{43}$" }) });

const Answer = Type.Object({
  id: Type.String({ description: "Digest of the session's secret" }),
  user: Type.String(),
  source: Type.String({ description: "Issuer that vouched for the user, or directory" }),
  assurance: Type.String({ description: "password, mfa, phishing-resistant or reduced" }),
  establishedAt: Type.String({ format: "date-time" }),
  authenticatedAt: Type.String({ format: "date-time" }),
  seenAt: Type.String({ format: "date-time", description: "Not more exact than a minute" }),
  expiresAt: Type.String({ format: "date-time" }),
  agent: Type.String({ description: "Browser, system and kind of device" }),
  endedAt: Type.Union([Type.String({ format: "date-time" }), Type.Null()]),
  endReason: Type.Union([Type.String(), Type.Null()]),
});
const Page = Type.Object({ items: Type.Array(Answer), nextCursor: Type.Union([Type.String(), Type.Null()]) });

/** What operators do with sessions. */
export function sessionRoutes(http: FastifyInstance, sessions: Sessions): void {
  http.get<{ Querystring: Static<typeof Query> }>(
    "/v1/sessions",
    { schema: { summary: "Active sessions, of all users or of one", querystring: Query, response: { 200: Page } } },
    async ({ query: { user, cursor, limit = PAGE } }) => {
      const found = await sessions.list({
        ...(user !== undefined && { userId: user }),
        ...(cursor !== undefined && { cursor }),
        limit: limit + 1,
      });
      const page = found.slice(0, limit);
      return { items: page.map(answerOf), nextCursor: found.length > limit ? (page.at(-1)?.id ?? null) : null };
    },
  );

  http.get<{ Params: Static<typeof Path> }>(
    "/v1/sessions/:id",
    { schema: { summary: "One session, active or ended within a day", params: Path, response: { 200: Answer } } },
    async ({ params }) => answerOf(await sessions.find(params.id)),
  );

  http.delete<{ Params: Static<typeof Path> }>(
    "/v1/sessions/:id",
    {
      schema: {
        summary: "End a session, on every replica within a second; again is the same",
        params: Path,
        response: { 204: { type: "null", description: "Ended" } },
      },
    },
    async ({ params }, reply) => {
      await sessions.find(params.id);
      await sessions.end({ id: params.id }, "revoked by an operator");
      return reply.code(204).send();
    },
  );

  http.delete<{ Querystring: Static<typeof EndQuery> }>(
    "/v1/sessions",
    {
      schema: {
        summary: "End all sessions of a user",
        querystring: EndQuery,
        response: { 200: Type.Object({ ended: Type.Integer() }) },
      },
    },
    async ({ query }) => {
      const ended = await sessions.end({ userId: query.user }, "revoked by an operator");
      return { ended: ended.length };
    },
  );
}

function answerOf(session: Session): Static<typeof Answer> {
  const time = (milliseconds: number): string => new Date(milliseconds).toISOString();
  return {
    id: session.id,
    user: session.userId,
    source: session.source,
    assurance: session.assurance,
    establishedAt: time(session.establishedAt),
    authenticatedAt: time(session.authenticatedAt),
    seenAt: time(session.seenAt),
    expiresAt: time(session.expiresAt),
    agent: session.client.agent,
    endedAt: session.endedAt === null ? null : time(session.endedAt),
    endReason: session.endReason,
  };
}
