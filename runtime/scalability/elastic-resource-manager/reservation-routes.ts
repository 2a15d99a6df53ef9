import type { FastifyInstance } from "fastify";
import { MnoError } from "../../exports";
import type { Clock } from "../../kernel/clock";
import type { ResourceManager } from "./manager";
import { ReservationRequest } from "./reservation-schemas";
import { AllocationAnswer, AllocationHeaders } from "./schemas";
import { answerFrom, demandFrom, type RequestDefaults, reservationHashOf } from "./wire";

export interface ReservationRouteOptions {
  name: string;
  manager: ResourceManager;
  clock: Clock;
  defaults: RequestDefaults;
}

export function reservationRoutes(http: FastifyInstance, options: ReservationRouteOptions): void {
  const { name, manager, clock, defaults } = options;
  http.post<{ Body: ReservationRequest; Headers: AllocationHeaders }>(
    "/v1/reservations",
    {
      schema: {
        summary: "Set capacity aside; allocations that name it as reservationId draw from it",
        description:
          "It has to fit now and is held from now on. It is an allocation with reservedFrom: read and released as one.",
        body: ReservationRequest,
        headers: AllocationHeaders,
        response: { 200: AllocationAnswer, 201: AllocationAnswer },
      },
    },
    async ({ body, headers }, reply) => {
      const [from, until] = [timeFrom("from", body.from), timeFrom("until", body.until)];
      if (until <= Math.max(from, clock.now())) {
        throw new MnoError(
          "MNO_REQUEST_INVALID",
          `until: ${body.until} must be after from (${body.from}) and after now`,
        );
      }
      const key = headers["idempotency-key"];
      const { allocation, created } = await manager.allocate(
        { ...demandFrom(body, defaults), reserve: { from, until } },
        key === undefined ? undefined : { value: key, requestHash: reservationHashOf(body) },
      );
      if (created) void reply.code(201).header("location", `/${name}/v1/allocations/${allocation.id}`);
      return answerFrom(allocation);
    },
  );
}

/** The last moment that both ISO 8601 as JavaScript writes it and the store can tell, in milliseconds since the epoch. */
const LATEST = Date.parse("9999-12-31T23:59:59.999Z");

/** RFC 3339 also has leap seconds, which are no Date. */
function timeFrom(field: string, text: string): number {
  const time = Date.parse(text);
  if (time >= 0 && time <= LATEST) return time;
  const detail = `${field}: ${text} must be a time of the years 1970 to 9999, and no leap second`;
  throw new MnoError("MNO_REQUEST_INVALID", detail, { faults: [{ field: `/${field}`, message: detail }] });
}
