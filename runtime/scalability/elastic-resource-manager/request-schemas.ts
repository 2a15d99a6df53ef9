import { Type } from "@sinclair/typebox";
import { TEXT_PATTERN } from "../../kernel/http/text";

/** Members of an allocation request, and of what is said of it, beyond how much and for whom. */

const closed = { additionalProperties: false } as const;

const Neighbours = (description: string) =>
  Type.Array(
    Type.Object(
      {
        workload: Type.String({ minLength: 1, maxLength: 63, pattern: "^[a-z0-9]([-a-z0-9]*[a-z0-9])?$" }),
        per: Type.Unsafe<"node" | "zone">({ type: "string", enum: ["node", "zone"] }),
      },
      closed,
    ),
    { minItems: 1, maxItems: 16, description },
  );

export const RULES = {
  nodeSelector: Type.Optional(
    Type.Record(Type.String({ pattern: TEXT_PATTERN }), Type.String({ maxLength: 63, pattern: TEXT_PATTERN }), {
      ...closed,
      propertyNames: { minLength: 1, maxLength: 317 },
      maxProperties: 16,
      description: "Only nodes that carry all of these labels",
    }),
  ),
  apartFrom: Type.Optional(Neighbours("On no node, or in no zone, where replicas of these workloads are")),
  togetherWith: Type.Optional(Neighbours("Only where replicas of each of these workloads are")),
  maxSkew: Type.Optional(
    Type.Integer({
      minimum: 1,
      maximum: 1000,
      description: "Replicas of the workload that a zone may have more than the zone with the fewest",
    }),
  ),
} as const;

export const PRIORITY = {
  priority: Type.Optional(
    Type.Integer({ minimum: -1_000_000, maximum: 1_000_000, description: "Higher is served first; 0 where absent" }),
  ),
  preemptible: Type.Optional(
    Type.Boolean({ description: "May be taken back for a request of higher priority that asks for preemption" }),
  ),
} as const;

export const PREEMPT = {
  preempt: Type.Optional(
    Type.Boolean({
      description: "Take preemptible allocations of lower priority back where it does not fit otherwise",
    }),
  ),
} as const;

/** What a decision says beyond nodes and reasons. */
export const DECISION = {
  overQuota: Type.Optional(
    Type.Array(
      Type.Object(
        { resource: Type.String(), held: Type.Number(), asked: Type.Number(), allowed: Type.Number() },
        closed,
      ),
    ),
  ),
  preempted: Type.Optional(
    Type.Array(
      Type.Object(
        {
          allocationId: Type.String(),
          tenant: Type.String(),
          workload: Type.Union([Type.String(), Type.Null()]),
          priority: Type.Integer(),
          nodes: Type.Array(Type.String()),
          reason: Type.String(),
        },
        closed,
      ),
    ),
  ),
  gang: Type.Optional(
    Type.Object(
      {
        id: Type.String(),
        members: Type.Array(
          Type.Object(
            {
              tenant: Type.String(),
              workload: Type.Union([Type.String(), Type.Null()]),
              replicas: Type.Integer(),
              nodes: Type.Array(Type.String(), { description: "Empty where the gang was refused" }),
            },
            closed,
          ),
        ),
      },
      closed,
    ),
  ),
} as const;
