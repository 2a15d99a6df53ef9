import { Type } from "@sinclair/typebox";
import type { FastifyInstance } from "fastify";
import { MnoError } from "../../exports";
import { askedBy, digestOf, type PolicyEvents } from "./policy/events";
import type { DataPlane } from "./data-plane";
import { type DecisionRecord, explain } from "./enforcement/record";
import type { RouteRegistry } from "./routing/registry";
import { Route } from "./routing/route";
import type { RouteStore } from "./routing/store";
import * as wire from "./schemas";

export interface RouteOptions {
  readonly plane: DataPlane;
  readonly registry: RouteRegistry;
  readonly store: RouteStore;
  readonly events: PolicyEvents;
  readonly policyVersion: () => string | undefined;
}

/** What operators ask the gateway, and tell it. */
export function registerRoutes(http: FastifyInstance, options: RouteOptions): void {
  routeRoutes(http, options);
  decisionRoutes(http, options);
}

function routeRoutes(http: FastifyInstance, { registry, store, events }: RouteOptions): void {
  http.get(
    "/v1/routes",
    {
      schema: {
        operationId: "getRoutes",
        tags: ["routes"],
        summary: "The gateway's routes",
        response: { 200: wire.RoutesAnswer },
      },
    },
    async (_request, reply) => {
      const { version, routes } = await store.get();
      return reply.header("etag", `"${String(version)}"`).send({ version, routes: [...routes] });
    },
  );

  http.put<{ Body: unknown; Headers: wire.RoutesHeaders }>(
    "/v1/routes",
    {
      schema: {
        operationId: "putRoutes",
        tags: ["routes"],
        summary: "Replace the routes, on every replica; no request is lost, and what lasts goes on if it still may",
        headers: wire.RoutesHeaders,
        body: Type.Array(Route),
        response: { 200: wire.RoutesAnswer },
      },
      // The body's schema is for readers: validateRoutes reports all faults, those between routes included, at once.
      validatorCompiler: () => () => true,
    },
    async (request, reply) => {
      const expected = /^"([0-9]+)"$/.exec(request.headers["if-match"] ?? "")?.[1];
      const change = askedBy(request, "put-routes", "routes", "routes");
      const { version, routes } = await events.watched(change, () =>
        registry.put(request.body, expected === undefined ? undefined : Number(expected)),
      );
      await events.made({ ...change, after: digestOf(routes), facts: { number: version } });
      return reply.header("etag", `"${String(version)}"`).send({ version, routes: [...routes] });
    },
  );
}

function decisionRoutes(http: FastifyInstance, { plane, policyVersion }: RouteOptions): void {
  http.get<{ Querystring: wire.DecisionsQuery }>(
    "/v1/decisions",
    {
      schema: {
        operationId: "listDecisions",
        tags: ["decisions"],
        summary: "The last decisions of this replica, newest first",
        querystring: wire.DecisionsQuery,
        response: { 200: wire.DecisionsAnswer },
      },
    },
    async ({ query }) => ({ items: plane.journal.records.latest(query).map(plain) }),
  );

  http.get<{ Params: wire.DecisionPath }>(
    "/v1/decisions/:id",
    {
      schema: {
        operationId: "explainDecision",
        tags: ["decisions"],
        summary: "Why a request was let through or refused",
        params: wire.DecisionPath,
        response: { 200: wire.DecisionAnswer },
      },
    },
    async ({ params: { id } }) => {
      const record = plane.journal.records.find(id);
      if (!record) throw new MnoError("MNO_DECISION_NOT_FOUND", `This replica keeps no decision ${id} (any more)`);
      return { ...plain(record), why: explain(record) };
    },
  );

  http.get(
    "/v1/assertion-keys",
    {
      schema: {
        operationId: "getAssertionKeys",
        tags: ["decisions"],
        summary: "Keys that upstreams verify x-mno-assertion with (RFC 7517)",
        response: { 200: wire.KeysAnswer },
      },
    },
    async () => plane.keySet,
  );

  http.get(
    "/v1/state",
    {
      schema: {
        operationId: "getState",
        tags: ["routes"],
        summary: "Where this replica listens, and what it goes by",
        response: { 200: wire.StateAnswer },
      },
    },
    async () => ({
      addresses: { gateway: plane.addresses.gateway ?? null, extAuthz: plane.addresses.extAuthz },
      policyVersion: policyVersion() ?? null,
      routes: plane.routes.map(({ name }) => name),
      live: plane.live.size,
    }),
  );
}

/** As JSON has it: lists that may be changed. */
function plain(record: DecisionRecord) {
  return structuredClone(record) as unknown as ReturnType<typeof structuredClone<DecisionRecord>> &
    Record<string, never>;
}
