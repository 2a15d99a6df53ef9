import { type Static, Type } from "@sinclair/typebox";
import { PlainRequest } from "./schemas";

/** The wire forms of reservations. */
export const ReservationRequest = Type.Object(
  {
    ...Type.Omit(PlainRequest, ["leaseSeconds", "preemptible"]).properties,
    from: Type.String({ format: "date-time", description: "Allocations may draw from it from then on" }),
    until: Type.String({ format: "date-time", description: "What was not drawn by then is free again" }),
  },
  { additionalProperties: false },
);
export type ReservationRequest = Static<typeof ReservationRequest>;
