import { type Static } from "@sinclair/typebox";
import type { FastifyInstance } from "fastify";
import { askedBy } from "./events";
import { POLICY_BODY_BYTES, type RouteOptions } from "./routes";
import * as wire from "./wire";

/** Routes that show and change the stored entities. */
export function entityRoutes(http: FastifyInstance, { point, keeper, events }: RouteOptions): void {
  http.get<{ Querystring: Static<typeof wire.EntitiesQuery> }>(
    "/v1/entities",
    { schema: { summary: "Entities in use, by type and id", querystring: wire.EntitiesQuery } },
    async ({ query: { type, after = "", limit } }) => {
      const { entities } = point.current;
      if (type === undefined)
        return {
          types: [...entities.types()].sort().map((name) => ({ type: name, count: [...entities.ofType(name)].length })),
        };
      const records = entities.sorted(type).map(({ record }) => record);
      return { entities: records.filter(({ id }) => id > after).slice(0, limit) };
    },
  );

  http.put<{ Body: Static<typeof wire.EntitiesBody> }>(
    "/v1/entities",
    {
      bodyLimit: POLICY_BODY_BYTES,
      schema: { summary: "Store these entities and no others", body: wire.EntitiesBody },
    },
    async (request) => {
      const intent = askedBy(request, "put-policy-entities", "policy-entities", "entities");
      const { entities } = request.body;
      return { stored: await events.watched(intent, () => keeper.changeEntities(intent, entities, "all")) };
    },
  );

  http.patch<{ Body: Static<typeof wire.EntitiesPatch> }>(
    "/v1/entities",
    {
      bodyLimit: POLICY_BODY_BYTES,
      schema: { summary: "Put and remove some stored entities", body: wire.EntitiesPatch },
    },
    async (request) => {
      const intent = askedBy(request, "change-policy-entities", "policy-entities", "entities");
      const { put = [], remove = [] } = request.body;
      return { stored: await events.watched(intent, () => keeper.changeEntities(intent, put, remove)) };
    },
  );
}
