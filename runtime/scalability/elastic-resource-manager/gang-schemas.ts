import { type Static, Type } from "@sinclair/typebox";
import { AllocationAnswer, PlainRequest } from "./schemas";

/** The wire forms of gangs. */

const closed = { additionalProperties: false } as const;

export const GangRequest = Type.Object(
  {
    members: Type.Array(PlainRequest, {
      minItems: 2,
      maxItems: 100,
      description: "Placed all or none, in this order; released, renewed and preempted together; 2,000 replicas in all",
    }),
  },
  closed,
);
export type GangRequest = Static<typeof GangRequest>;

export const GangPath = Type.Object({ id: Type.String({ pattern: "^gng_[0-9a-v]{26}$" }) }, closed);
export type GangPath = Static<typeof GangPath>;

export const GangAnswer = Type.Object(
  {
    id: Type.String(),
    state: Type.Unsafe<"active" | "released">({ type: "string", enum: ["active", "released"] }),
    decisionId: Type.String({ description: "Of its first member; it lists all of them" }),
    members: Type.Array(AllocationAnswer),
  },
  closed,
);
