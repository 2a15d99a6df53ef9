import { Type } from "@sinclair/typebox";
import type { FastifyInstance } from "fastify";
import { MnoError } from "../../exports";
import type { Backend } from "./backend";
import { endpointAnswers } from "./endpoint-status";
import { renderEds, renderHttpRoute } from "./mesh";
import type { Proxy } from "./proxy";
import { missing, type UpstreamRegistry } from "./registry";
import type { GlobalResolver } from "./resolver";
import * as wire from "./schemas";
import { UpstreamSpec } from "./spec";
import type { UpstreamStore, UpstreamVersion } from "./store";

export interface RouteOptions {
  readonly registry: UpstreamRegistry;
  readonly store: UpstreamStore;
  readonly proxy: Proxy;
  readonly resolver: GlobalResolver;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

export function registerRoutes(http: FastifyInstance, options: RouteOptions): void {
  upstreamRoutes(http, options);
  meshRoutes(http, options);
  stateRoutes(http, options);
}

function upstreamRoutes(http: FastifyInstance, { registry, store }: RouteOptions): void {
  http.put<{ Params: wire.UpstreamPath; Headers: wire.UpstreamHeaders; Body: unknown }>(
    "/v1/upstreams/:name",
    {
      schema: {
        operationId: "putUpstream",
        tags: ["upstreams"],
        summary: "Create an upstream, or put another configuration of it in force; no request is dropped",
        params: wire.UpstreamPath,
        headers: wire.UpstreamHeaders,
        body: UpstreamSpec,
        response: { 200: wire.ChangeAnswer, 201: wire.ChangeAnswer },
      },
      // The body's schema is for readers: validateUpstream reports all faults, those between members included, at once.
      validatorCompiler: () => () => true,
    },
    async (request, reply) => {
      const { name } = request.params;
      const body = typeof request.body === "object" && !Array.isArray(request.body) ? request.body : undefined;
      const input = body && { name, ...body };
      if (input && input.name !== name) {
        const message = `must be ${name}, as in the path, or left out`;
        throw new MnoError("MNO_UPSTREAM_INVALID", `/name ${message}`, { faults: [{ field: "/name", message }] });
      }
      const put = await registry.put(input, expectedVersion(request.headers["if-match"]));
      return await reply
        .code(put.created ? 201 : 200)
        .header("etag", `"${String(put.version)}"`)
        .send(changeAnswer(put));
    },
  );

  http.get<{ Params: wire.UpstreamPath }>(
    "/v1/upstreams/:name",
    {
      schema: {
        operationId: "getUpstream",
        tags: ["upstreams"],
        summary: "An upstream, with all defaults filled in",
        params: wire.UpstreamPath,
        response: { 200: wire.UpstreamAnswer },
      },
    },
    async (request, reply) => {
      const found = await registry.get(request.params.name);
      return await reply.header("etag", `"${String(found.version)}"`).send(found);
    },
  );

  http.delete<{ Params: wire.UpstreamPath }>(
    "/v1/upstreams/:name",
    {
      schema: {
        operationId: "deleteUpstream",
        tags: ["upstreams"],
        summary: "Take no more requests for an upstream; those under way finish",
        params: wire.UpstreamPath,
        response: { 204: Type.Null({ description: "The upstream is gone" }) },
      },
    },
    async (request, reply) => {
      await registry.delete(request.params.name);
      return await reply.code(204).send();
    },
  );

  http.get(
    "/v1/upstreams",
    {
      schema: {
        operationId: "listUpstreams",
        tags: ["upstreams"],
        summary: "All upstreams, by name",
        response: { 200: Type.Object({ items: Type.Array(wire.UpstreamAnswer, { description: "The upstreams" }) }) },
      },
    },
    async () => ({ items: await store.list() }),
  );

  http.get<{ Params: wire.UpstreamPath }>(
    "/v1/upstreams/:name/versions",
    {
      schema: {
        operationId: "listUpstreamVersions",
        tags: ["upstreams"],
        summary: "The last 50 versions of an upstream, newest first, and what each changed",
        params: wire.UpstreamPath,
        response: { 200: Type.Object({ items: Type.Array(wire.ChangeAnswer, { description: "The versions" }) }) },
      },
    },
    async (request) => ({ items: (await store.versions(request.params.name)).map(changeAnswer) }),
  );
}

function meshRoutes(http: FastifyInstance, { proxy }: RouteOptions): void {
  http.get<{ Params: wire.UpstreamPath; Querystring: wire.HttpRouteQuery }>(
    "/v1/upstreams/:name/httproute",
    {
      schema: {
        operationId: "getHttpRoute",
        tags: ["mesh"],
        summary: "The upstream's present weights as a Gateway API HTTPRoute",
        params: wire.UpstreamPath,
        querystring: wire.HttpRouteQuery,
        response: { 200: wire.Rendered },
      },
    },
    async (request) => renderHttpRoute(backendOf(proxy, request.params.name).upstream, request.query),
  );

  http.get<{ Params: wire.UpstreamPath }>(
    "/v1/upstreams/:name/eds",
    {
      schema: {
        operationId: "getClusterLoadAssignment",
        tags: ["mesh"],
        summary: "The upstream's present endpoints as Envoy's ClusterLoadAssignment",
        params: wire.UpstreamPath,
        response: { 200: wire.Rendered },
      },
    },
    async (request) => renderEds(backendOf(proxy, request.params.name).upstream),
  );
}

function stateRoutes(http: FastifyInstance, { proxy, resolver, now }: RouteOptions): void {
  http.get<{ Querystring: wire.EndpointsQuery }>(
    "/v1/endpoints",
    {
      schema: {
        operationId: "listEndpoints",
        tags: ["state"],
        summary:
          "Every endpoint with its share of the traffic, and who keeps requests from it and why; of this replica",
        querystring: wire.EndpointsQuery,
        response: { 200: Type.Object({ items: Type.Array(wire.EndpointAnswer, { description: "The endpoints" }) }) },
      },
    },
    async ({ query: { upstream } }) => {
      const backends = upstream === undefined ? proxy.list() : [backendOf(proxy, upstream)];
      return { items: backends.flatMap((backend) => endpointAnswers(backend, now())) };
    },
  );

  http.get<{ Querystring: wire.DecisionsQuery }>(
    "/v1/decisions",
    {
      schema: {
        operationId: "listDecisions",
        tags: ["decisions"],
        summary: "The last picks of this replica, newest first: a sample of 20 a second, all retries and hedges",
        querystring: wire.DecisionsQuery,
        response: { 200: Type.Object({ items: Type.Array(wire.DecisionAnswer, { description: "The decisions" }) }) },
      },
    },
    async ({ query: { upstream, limit } }) => ({ items: proxy.decisions.latest(upstream, limit) }),
  );

  http.get<{ Params: wire.DecisionPath }>(
    "/v1/decisions/:id",
    {
      schema: {
        operationId: "getDecision",
        tags: ["decisions"],
        summary: "Why one request went where it went",
        params: wire.DecisionPath,
        response: { 200: wire.DecisionAnswer },
      },
    },
    async ({ params: { id } }) => {
      const decision = proxy.decisions.find(id);
      if (decision) return decision;
      throw new MnoError(
        "MNO_DECISION_NOT_FOUND",
        `There is no decision ${id}; this replica keeps the last 200 of each upstream`,
      );
    },
  );

  http.get<{ Querystring: wire.ResolveQuery }>(
    "/v1/resolve",
    {
      schema: {
        operationId: "resolve",
        tags: ["global"],
        summary: "Where a client should go, as a DNS server with a sense of place would say it",
        querystring: wire.ResolveQuery,
        response: { 200: wire.ResolveAnswer },
      },
    },
    async ({ query: { upstream: name, client, region } }) => {
      const resolution = resolver.ofUpstream(backendOf(proxy, name).name, {
        ...(client === undefined ? {} : { client }),
        ...(region === undefined ? {} : { region }),
      });
      if (!resolution) throw new MnoError("MNO_UPSTREAM_NOT_FOUND", `Upstream ${name} has no \`global\` addresses`);
      const { byRegion: _addresses, ...answer } = resolution;
      return answer;
    },
  );
}

function expectedVersion(match: string | undefined): number | undefined {
  if (match === undefined) return undefined;
  const version = /^"?(\d{1,15})"?$/.exec(match)?.[1];
  if (version !== undefined) return Number(version);
  throw new MnoError("MNO_REQUEST_INVALID", 'headers/if-match must be a version, as the ETag has it: "42"');
}

function backendOf(proxy: Proxy, name: string): Backend {
  const backend = proxy.backend(name);
  if (!backend) throw missing(name);
  return backend;
}

function changeAnswer({ spec, version, time, changes }: UpstreamVersion) {
  return { spec, version, time: new Date(time).toISOString(), changes: [...changes] };
}
