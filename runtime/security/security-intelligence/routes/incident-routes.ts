import type { FastifyInstance } from "fastify";
import type { Static } from "@sinclair/typebox";
import { MnoError } from "../../../exports";
import type { Database } from "../../../kernel/store/database";
import { stixBundle } from "../export/stix";
import { graphOf } from "../incidents/graph";
import { type Incident, STATUSES } from "../incidents/incident";
import type { IncidentStore } from "../incidents/store";
import { tacticOf, techniqueOf } from "../incidents/attack";
import { eventsByUid } from "../log/queries";
import type { ResponseStore } from "../responses/store";
import { RESPONSE_STATUSES } from "../responses/response";
import * as wire from "../schemas";

const PAGE = 50;
const MAX_TIMELINE = 1000;

export interface IncidentRouteOptions {
  readonly database: Database;
  readonly incidents: IncidentStore;
  readonly responses: ResponseStore;
  readonly changeStatus: (id: string, change: wire.StatusChange) => Promise<Incident>;
}

export function incidentRoutes(http: FastifyInstance, options: IncidentRouteOptions): void {
  const { database, incidents, responses } = options;

  http.get<{ Querystring: wire.IncidentQuery }>(
    "/v1/incidents",
    {
      schema: {
        summary: "Incidents, the latest first; those that are only watched, by status=watching",
        querystring: wire.IncidentQuery,
      },
    },
    async ({ query: { status, cursor, limit = PAGE } }) => {
      const [lastTime, id] = cursor?.split("-") ?? [];
      const found = await incidents.list({
        statuses: status === undefined ? STATUSES.filter((one) => one !== "watching") : [status],
        ...(lastTime !== undefined && id !== undefined ? { cursor: { lastTime: Number(lastTime), id } } : {}),
        limit: limit + 1,
      });
      const page = found.slice(0, limit);
      const last = page.at(-1);
      return { items: page, nextCursor: found.length > limit && last ? `${last.lastTime}-${last.id}` : null };
    },
  );

  http.get<{ Params: Static<typeof wire.Id> }>(
    "/v1/incidents/:id",
    { schema: { summary: "One incident: its timeline, who and what it concerns, and responses", params: wire.Id } },
    async ({ params: { id } }) => {
      const incident = await incidents.get(id);
      const alerts = await incidents.alerts(id, MAX_TIMELINE);
      return {
        ...incident,
        attack: { tactics: incident.tactics.map(tacticOf), techniques: incident.techniques.map(techniqueOf) },
        timeline: alerts,
        graph: graphOf(alerts),
        responses: await responses.list({ incident: id, statuses: RESPONSE_STATUSES, limit: PAGE }),
      };
    },
  );

  http.put<{ Params: Static<typeof wire.Id>; Body: wire.StatusChange }>(
    "/v1/incidents/:id/status",
    { schema: { summary: "Change an incident's status", params: wire.Id, body: wire.StatusChange } },
    ({ params: { id }, body }) => options.changeStatus(id, body),
  );

  http.get<{ Params: Static<typeof wire.Id> }>(
    "/v1/incidents/:id/stix",
    { schema: { summary: "An incident as a STIX 2.1 bundle", params: wire.Id } },
    async ({ params: { id } }, reply) => {
      const bundle = stixBundle(await incidents.get(id), await incidents.alerts(id, MAX_TIMELINE));
      return reply.type("application/stix+json;version=2.1").send(JSON.stringify(bundle));
    },
  );

  http.get<{ Params: Static<typeof wire.Id> }>(
    "/v1/decisions/:id",
    { schema: { summary: "Why an alert was raised: the rule, and the events it rests on", params: wire.Id } },
    async ({ params: { id } }) => {
      const found = await incidents.alert(id);
      if (!found) throw new MnoError("MNO_NOT_FOUND", `There is no alert ${id}`);
      const events = await eventsByUid(database, found.alert.events);
      return {
        ...found,
        events: events.map(({ seq, text }) => ({ seq, event: JSON.parse(text) as unknown })),
        missing: found.alert.events.length - events.length,
      };
    },
  );
}
