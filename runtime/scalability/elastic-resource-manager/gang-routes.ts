import type { FastifyInstance } from "fastify";
import { MnoError } from "../../exports";
import type { Allocation } from "./allocation";
import * as gang from "./gang-schemas";
import type { ResourceManager } from "./manager";
import { AllocationHeaders } from "./schemas";
import { answerFrom, demandFrom, gangHashOf, type RequestDefaults } from "./wire";

export interface GangRouteOptions {
  name: string;
  manager: ResourceManager;
  defaults: RequestDefaults;
}

/** Replicas of all members: they are placed in one go, and nobody is answered meanwhile. */
const MOST_REPLICAS = 2000;

export function gangRoutes(http: FastifyInstance, { name, manager, defaults }: GangRouteOptions): void {
  http.post<{ Body: gang.GangRequest; Headers: AllocationHeaders }>(
    "/v1/gangs",
    {
      schema: {
        summary: "Allocate capacity to requests of different shapes, all or none",
        description:
          "409 MNO_ALLOCATION_OVER_CAPACITY or _OVER_QUOTA is about the first member that cannot be granted.",
        body: gang.GangRequest,
        headers: AllocationHeaders,
        response: { 200: gang.GangAnswer, 201: gang.GangAnswer },
      },
    },
    async ({ body: { members }, headers }, reply) => {
      const replicas = members.reduce((sum, member) => sum + (member.replicas ?? 1), 0);
      if (replicas > MOST_REPLICAS) throw tooLarge(replicas);
      const key = headers["idempotency-key"];
      const { allocations, created } = await manager.allocateGang(
        members.map((member) => demandFrom(member, defaults)),
        key === undefined ? undefined : { value: key, requestHash: gangHashOf(members) },
      );
      const answer = gangFrom(allocations);
      if (created) void reply.code(201).header("location", `/${name}/v1/gangs/${answer.id}`);
      return answer;
    },
  );

  http.get<{ Params: gang.GangPath }>(
    "/v1/gangs/:id",
    { schema: { summary: "One gang, active or released", params: gang.GangPath, response: { 200: gang.GangAnswer } } },
    async ({ params }) => gangFrom(await manager.gang(params.id)),
  );

  http.delete<{ Params: gang.GangPath }>(
    "/v1/gangs/:id",
    {
      schema: {
        summary: "Release a gang; again is the same",
        params: gang.GangPath,
        response: { 204: { type: "null", description: "Released" } },
      },
    },
    async ({ params }, reply) => {
      const [first] = (await manager.gang(params.id)) as [Allocation];
      await manager.release(first.id);
      return reply.code(204).send();
    },
  );
}

function tooLarge(replicas: number): MnoError {
  const detail = `The members of a gang may have ${MOST_REPLICAS} replicas in all, not ${replicas}`;
  return new MnoError("MNO_REQUEST_INVALID", detail, { faults: [{ field: "/members", message: detail }] });
}

function gangFrom(allocations: readonly Allocation[]) {
  const [first] = allocations as [Allocation];
  return {
    id: first.gangId ?? "",
    state: first.releasedAt === null ? ("active" as const) : ("released" as const),
    decisionId: first.decisionId,
    members: allocations.map(answerFrom),
  };
}
