import type { FastifyInstance } from "fastify";
import type { Clock } from "../../kernel/clock";
import type { WorkerPool } from "../../kernel/workers/pool";
import type { Allocation } from "./allocation";
import type { Capacity } from "./capacity";
import { dominantShare, weightOf } from "./drf";
import { gangRoutes } from "./gang-routes";
import type { ResourceManager } from "./manager";
import type { PlanInput, PlannedDemand } from "./plan";
import { larger, quantitiesOf, WHOLE_GPU, ZERO } from "./quantities";
import { quotaRoutes } from "./quota-routes";
import { type Quota, quotaOf } from "./quotas";
import { reservationRoutes } from "./reservation-routes";
import type { RequestMix } from "./request-mix";
import * as wire from "./schemas";
import type { AllocationStore } from "./store";
import { answerFrom, demandFrom, hashOf, type RequestDefaults } from "./wire";

export interface RouteOptions {
  name: string;
  manager: ResourceManager;
  store: AllocationStore;
  capacity: Capacity;
  mix: RequestMix;
  defaults: RequestDefaults;
  /** Quotas: declared in the configuration, and set over HTTP as of the last batch or refresh. */
  quotas: { declared: Readonly<Record<string, Quota>>; set: () => ReadonlyMap<string, Quota> };
  /** Active allocations by id, as of the last batch or refresh. */
  active: () => ReadonlyMap<string, Allocation>;
  weights: Readonly<Record<string, number>>;
  workers: WorkerPool;
  clock: Clock;
}

const PAGE = 50;

export function installRoutes(http: FastifyInstance, options: RouteOptions): void {
  allocationRoutes(http, options);
  planRoute(http, options);
  reportRoutes(http, options);
  gangRoutes(http, options);
  reservationRoutes(http, options);
  quotaRoutes(http, { manager: options.manager, ...options.quotas });
}

function allocationRoutes(http: FastifyInstance, { name, manager, store, defaults }: RouteOptions): void {
  http.post<{ Body: wire.AllocationRequest; Headers: wire.AllocationHeaders }>(
    "/v1/allocations",
    {
      schema: {
        summary: "Allocate capacity",
        description:
          "All replicas or none. 409 MNO_ALLOCATION_OVER_CAPACITY names each node's reason, _OVER_QUOTA what the tenant holds and may hold.",
        body: wire.AllocationRequest,
        headers: wire.AllocationHeaders,
        response: { 200: wire.AllocationAnswer, 201: wire.AllocationAnswer },
      },
    },
    async ({ body, headers }, reply) => {
      const key = headers["idempotency-key"];
      const { allocation, created } = await manager.allocate(
        demandFrom(body, defaults),
        key === undefined ? undefined : { value: key, requestHash: hashOf(body) },
      );
      if (created) void reply.code(201).header("location", `/${name}/v1/allocations/${allocation.id}`);
      return answerFrom(allocation);
    },
  );

  http.get<{ Querystring: wire.AllocationQuery }>(
    "/v1/allocations",
    {
      schema: {
        summary: "Active allocations, oldest first",
        querystring: wire.AllocationQuery,
        response: { 200: wire.AllocationPage },
      },
    },
    async ({ query: { limit = PAGE, ...filter } }) => {
      const found = await store.list({ ...filter, limit: limit + 1 });
      const page = found.slice(0, limit);
      return { items: page.map(answerFrom), nextCursor: found.length > limit ? (page.at(-1)?.id ?? null) : null };
    },
  );

  http.get<{ Params: wire.AllocationPath }>(
    "/v1/allocations/:id",
    {
      schema: {
        summary: "One allocation, active or released",
        params: wire.AllocationPath,
        response: { 200: wire.AllocationAnswer },
      },
    },
    async ({ params }) => answerFrom(await manager.allocation(params.id)),
  );

  http.delete<{ Params: wire.AllocationPath }>(
    "/v1/allocations/:id",
    {
      schema: {
        summary: "Release an allocation; again is the same",
        params: wire.AllocationPath,
        response: { 204: { type: "null", description: "Released" } },
      },
    },
    async ({ params }, reply) => {
      await manager.release(params.id);
      return reply.code(204).send();
    },
  );

  http.post<{ Params: wire.AllocationPath; Body: wire.RenewRequest }>(
    "/v1/allocations/:id/renew",
    {
      schema: {
        summary: "Start an allocation's lease anew",
        params: wire.AllocationPath,
        body: wire.RenewRequest,
        response: { 200: wire.AllocationAnswer },
      },
    },
    async ({ params, body }) => answerFrom(await manager.renew(params.id, body.leaseSeconds)),
  );
}

function planRoute(http: FastifyInstance, options: RouteOptions): void {
  const { workers, clock, capacity, mix, defaults, weights, quotas, active } = options;
  http.post<{ Body: wire.PlanRequest }>(
    "/v1/plans",
    {
      schema: {
        summary: "What if: where requests would go if they came now; nothing is allocated",
        body: wire.PlanRequest,
        response: { 200: wire.PlanAnswer },
      },
    },
    async ({ body }) => {
      // A thousand requests over a thousand nodes take seconds of CPU: not on the thread that grants allocations.
      const items = await workers.run<PlanInput, PlannedDemand[]>(require.resolve("./plan"), {
        state: capacity.snapshot(),
        demands: body.requests.map((request) => demandFrom(request, defaults)),
        quotas: new Map(body.requests.map(({ tenant }) => [tenant, quotaOf(tenant, quotas.declared, quotas.set())])),
        held: body.requests.some(({ preempt }) => preempt) ? active() : new Map<string, Allocation>(),
        time: new Date(clock.now()).toISOString(),
        weights,
        mix: mix.snapshot(),
      });
      const allocated = items.filter(({ outcome }) => outcome === "allocated").length;
      return { items, allocated, refused: items.length - allocated };
    },
  );
}

function reportRoutes(http: FastifyInstance, { manager, capacity, weights }: RouteOptions): void {
  http.get(
    "/v1/capacity",
    { schema: { summary: "Allocatable, allocated and free, per node", response: { 200: wire.CapacityAnswer } } },
    () => {
      const { allocatable, free } = capacity.totals();
      const nodes = capacity.nodes.map((node, index) => ({
        name: node.name,
        zone: node.zone,
        ready: node.ready,
        allocatable: {
          ...quantitiesOf(node.allocatable),
          ...(node.gpuModel !== undefined && { gpuModels: [node.gpuModel] }),
        },
        allocated: quantitiesOf(capacity.usedOn(node.name)),
        free: quantitiesOf(larger(capacity.table.freeOn(index), ZERO)),
        ...(node.allocatable.gpuMilli && {
          gpuFree: capacity.table.devicesOn(index).map((milli) => milli / WHOLE_GPU),
        }),
      }));
      return Promise.resolve({
        nodes,
        total: { allocatable: quantitiesOf(allocatable), free: quantitiesOf(free) },
      });
    },
  );

  http.get(
    "/v1/tenants",
    { schema: { summary: "Tenants and their dominant shares", response: { 200: wire.TenantsAnswer } } },
    () => {
      const { allocatable } = capacity.totals();
      const tenants = capacity.tenantNames().map((name) => {
        const held = capacity.allocatedTo(name);
        const weight = weightOf(name, weights);
        const { share, resource } = dominantShare(held, allocatable, weight);
        return {
          name,
          allocated: quantitiesOf(held),
          dominantResource: resource,
          dominantShare: share,
          weight,
        };
      });
      return Promise.resolve({ items: tenants });
    },
  );

  http.get<{ Querystring: wire.DecisionQuery }>(
    "/v1/decisions",
    {
      schema: {
        summary: "The latest decisions, newest first",
        querystring: wire.DecisionQuery,
        response: { 200: wire.DecisionList },
      },
    },
    async ({ query: { limit = PAGE } }) => ({ items: await manager.decisions(limit) }),
  );

  http.get<{ Params: wire.DecisionPath }>(
    "/v1/decisions/:id",
    {
      schema: {
        summary: "Why a request was granted or refused",
        params: wire.DecisionPath,
        response: { 200: wire.DecisionAnswer },
      },
    },
    ({ params }) => manager.decision(params.id),
  );
}
