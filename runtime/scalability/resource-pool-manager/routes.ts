import type { FastifyInstance } from "fastify";
import { MnoError } from "../../exports";
import type { Clock } from "../../kernel/clock";
import { leakReport } from "./leaks";
import type { PoolManager } from "./manager";
import * as wire from "./schemas";
import type { PoolStore } from "./store";
import { definitionFrom, hashOf, leaseFrom, poolFrom, requestFrom } from "./wire";

export interface RouteOptions {
  name: string;
  manager: PoolManager;
  store: PoolStore;
  clock: Clock;
}

const PAGE = 50;

export function installRoutes(http: FastifyInstance, options: RouteOptions): void {
  poolRoutes(http, options);
  acquireRoute(http, options);
  leaseRoutes(http, options);
  reportRoutes(http, options);
}

function poolRoutes(http: FastifyInstance, { manager, store, clock }: RouteOptions): void {
  http.put<{ Params: wire.PoolPath; Body: wire.PoolRequest }>(
    "/v1/pools/:name",
    {
      schema: {
        summary: "Create or replace a pool; leases that there are go on",
        params: wire.PoolPath,
        body: wire.PoolRequest,
        response: { 200: wire.PoolAnswer, 201: wire.PoolAnswer },
      },
    },
    async ({ params, body }, reply) => {
      const { state, isNew } = await manager.define(definitionFrom(params.name, body));
      void reply.code(isNew ? 201 : 200);
      return poolFrom(state);
    },
  );

  http.get("/v1/pools", { schema: { summary: "All pools, by name", response: { 200: wire.PoolList } } }, async () => ({
    items: (await store.pools(clock.now())).map(poolFrom),
  }));

  http.get<{ Params: wire.PoolPath }>(
    "/v1/pools/:name",
    { schema: { summary: "One pool, and how it stands", params: wire.PoolPath, response: { 200: wire.PoolAnswer } } },
    async ({ params }) => poolFrom(await manager.pool(params.name)),
  );

  http.delete<{ Params: wire.PoolPath }>(
    "/v1/pools/:name",
    {
      schema: {
        summary: "Remove a pool that has no leases",
        params: wire.PoolPath,
        response: { 204: { type: "null", description: "Removed" } },
      },
    },
    async ({ params }, reply) => {
      await manager.remove(params.name);
      return reply.code(204).send();
    },
  );
}

function acquireRoute(http: FastifyInstance, { name, manager, clock }: RouteOptions): void {
  http.post<{ Params: wire.PoolPath; Body: wire.AcquireRequest; Headers: wire.AcquireHeaders }>(
    "/v1/pools/:name/acquire",
    {
      schema: {
        summary: "Lease one or more slots, waiting for them in the queue where that is asked for",
        description: "First come, first served, over all replicas. 409 MNO_POOL_EXHAUSTED names the holders.",
        params: wire.PoolPath,
        headers: wire.AcquireHeaders,
        body: wire.AcquireRequest,
        response: { 200: wire.LeaseAnswer, 201: wire.LeaseAnswer },
      },
    },
    async ({ params, body, headers }, reply) => {
      const value = headers["idempotency-key"];
      const request = requestFrom(body);
      const key = value === undefined ? null : { value, requestHash: hashOf(request) };
      // A caller that hangs up gives up its place, so that nothing is leased to nobody.
      const gone = new AbortController();
      const onClose = (): void => {
        if (!reply.raw.writableFinished) gone.abort(new MnoError("MNO_POOL_EXHAUSTED", "The caller hung up"));
      };
      reply.raw.once("close", onClose);
      try {
        const { lease, created } = await manager.acquire(params.name, request, key, body.waitSeconds ?? 0, gone.signal);
        if (created) void reply.code(201).header("location", `/${name}/v1/leases/${lease.id}`);
        return leaseFrom(lease, clock.now());
      } finally {
        reply.raw.off("close", onClose);
      }
    },
  );
}

function leaseRoutes(http: FastifyInstance, { manager, store, clock }: RouteOptions): void {
  http.get<{ Params: wire.PoolPath; Querystring: wire.LeaseQuery }>(
    "/v1/pools/:name/leases",
    {
      schema: {
        summary: "Active leases of a pool with their holders and ages, in the order they were asked for",
        params: wire.PoolPath,
        querystring: wire.LeaseQuery,
        response: { 200: wire.LeasePage },
      },
    },
    async ({ params, query: { limit = PAGE, cursor } }) => {
      await manager.pool(params.name);
      const found = await store.leases(params.name, limit + 1, cursor);
      const page = found.slice(0, limit);
      const items = page.map((lease) => leaseFrom(lease, clock.now()));
      return { items, nextCursor: found.length > limit ? (page.at(-1)?.id ?? null) : null };
    },
  );

  http.get<{ Params: wire.LeasePath }>(
    "/v1/leases/:id",
    {
      schema: { summary: "One lease, active or ended", params: wire.LeasePath, response: { 200: wire.LeaseAnswer } },
    },
    async ({ params }) => leaseFrom(await manager.lease(params.id), clock.now()),
  );

  http.post<{ Params: wire.LeasePath; Body: wire.RenewRequest }>(
    "/v1/leases/:id/renew",
    {
      schema: {
        summary: "Start a lease anew; 409 MNO_LEASE_OVER where it has ended",
        params: wire.LeasePath,
        body: wire.RenewRequest,
        response: { 200: wire.LeaseAnswer },
      },
    },
    async ({ params, body }) => leaseFrom(await manager.renew(params.id, body.leaseSeconds ?? null), clock.now()),
  );

  http.delete<{ Params: wire.LeasePath }>(
    "/v1/leases/:id",
    {
      schema: {
        summary: "Release a lease; again is the same. 409 MNO_LEASE_OVER where it had expired before",
        params: wire.LeasePath,
        response: { 204: { type: "null", description: "Released" } },
      },
    },
    async ({ params }, reply) => {
      await manager.release(params.id);
      return reply.code(204).send();
    },
  );
}

function reportRoutes(http: FastifyInstance, { manager, store, clock }: RouteOptions): void {
  http.get<{ Params: wire.PoolPath; Querystring: wire.LimitQuery }>(
    "/v1/pools/:name/leaks",
    {
      schema: {
        summary: "Leases that were never released, or are held for long, and who holds them",
        params: wire.PoolPath,
        querystring: wire.LimitQuery,
        response: { 200: wire.LeakAnswer },
      },
    },
    async ({ params, query: { limit = PAGE } }) => {
      const { definition } = await manager.pool(params.name);
      const now = clock.now();
      const before = definition.leakAfterSeconds === null ? null : now - definition.leakAfterSeconds * 1000;
      const { holders, items } = leakReport(await store.suspects(params.name, before, limit));
      return { holders, items: items.map(({ kind, lease }) => ({ kind, lease: leaseFrom(lease, now) })) };
    },
  );

  http.get<{ Querystring: wire.LimitQuery }>(
    "/v1/decisions",
    {
      schema: {
        summary: "The latest decisions, newest first",
        querystring: wire.LimitQuery,
        response: { 200: wire.DecisionList },
      },
    },
    async ({ query: { limit = PAGE } }) => ({ items: await store.decisions(limit) }),
  );

  http.get<{ Params: wire.DecisionPath }>(
    "/v1/decisions/:id",
    {
      schema: {
        summary: "Why a lease was granted or refused, how long that took and who held the rest",
        params: wire.DecisionPath,
        response: { 200: wire.DecisionAnswer },
      },
    },
    ({ params }) => manager.decision(params.id),
  );
}
