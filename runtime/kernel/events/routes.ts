import { Type } from "@sinclair/typebox";
import type { FastifyInstance } from "fastify";
import type { EventBus } from "./bus";

const DeadLetters = Type.Object({
  items: Type.Array(
    Type.Object({
      sequence: Type.Integer({ description: "Position in the log" }),
      event: Type.Unknown({ description: "The event as it was stored" }),
      error: Type.String({ description: "Why the last delivery failed" }),
      attempts: Type.Integer({ description: "Deliveries made" }),
      time: Type.String({ format: "date-time", description: "When it was set aside" }),
    }),
    { description: "Oldest first" },
  ),
});
const EventParams = Type.Object({ id: Type.String({ minLength: 1, maxLength: 200, description: "Id of the event" }) });

/** What an operator does about events that an engine could not handle; its consumer is called as the engine is. */
export function installDeadLetterRoutes(http: FastifyInstance, bus: EventBus, consumer: string): void {
  http.get(
    "/v1/dead-letters",
    {
      schema: {
        tags: ["events"],
        summary: "Events set aside after their last delivery failed",
        response: { 200: DeadLetters },
      },
    },
    async () => ({ items: await bus.deadLetters(consumer) }),
  );
  http.post<{ Params: { id: string } }>(
    "/v1/dead-letters/:id/redrive",
    {
      schema: {
        tags: ["events"],
        summary: "Deliver an event again, after the cause was mended",
        params: EventParams,
        response: { 204: Type.Null({ description: "It will be delivered" }) },
      },
    },
    async ({ params }, reply) => {
      await bus.redrive(consumer, params.id);
      return reply.code(204).send();
    },
  );
}
