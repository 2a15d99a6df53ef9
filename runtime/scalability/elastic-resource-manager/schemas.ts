import { type Static, type TSchema, Type } from "@sinclair/typebox";
import { TEXT_PATTERN } from "../../kernel/http/text";
import { STRATEGY_NAMES } from "./demand";
import { DECISION, PREEMPT, PRIORITY, RULES } from "./request-schemas";

/** The wire forms of the engine's HTTP interface. */

const closed = { additionalProperties: false } as const;
const nullable = <S extends TSchema>(schema: S) => Type.Union([schema, Type.Null()]);

const Name = (description: string) =>
  Type.String({ minLength: 1, maxLength: 63, pattern: "^[a-z0-9]([-a-z0-9]*[a-z0-9])?$", description });

const StrategyName = Type.Unsafe<(typeof STRATEGY_NAMES)[number]>({
  type: "string",
  enum: [...STRATEGY_NAMES],
  description: "How nodes are chosen; MNO_ERM_STRATEGY where absent",
});

const LeaseSeconds = Type.Integer({
  minimum: 0,
  maximum: 31_536_000,
  description: "Seconds until the allocation expires by itself; 0 is never",
});

const ResourceName = Type.String({ pattern: "^(?!(?:cpu|memory|gpu)$)[a-zA-Z0-9][-a-zA-Z0-9_./]{0,252}$" });

const Requests = Type.Object(
  {
    cpuCores: Type.Number({
      minimum: 0.001,
      maximum: 100_000,
      description: "Cores for each replica; rounded up to a thousandth",
    }),
    memoryBytes: Type.Integer({ minimum: 0, maximum: 2 ** 50, description: "Bytes for each replica" }),
    gpus: Type.Optional(
      Type.Unsafe<number>({
        type: "number",
        exclusiveMinimum: 0,
        maximum: 1024,
        anyOf: [{ maximum: 1 }, { multipleOf: 1 }],
        description: "GPUs for each replica: below 1 a share of one, rounded up to a thousandth, else whole ones",
      }),
    ),
    gpuModels: Type.Optional(
      Type.Array(Type.String({ minLength: 1, maxLength: 63, pattern: TEXT_PATTERN }), {
        minItems: 1,
        maxItems: 16,
        description: "Any of these models will do; any at all where absent",
      }),
    ),
    custom: Type.Optional(
      Type.Record(ResourceName, Type.Integer({ minimum: 1, maximum: 1_000_000_000 }), {
        ...closed,
        maxProperties: 16,
        description: "Pieces of other resources for each replica, by the name that nodes have them under",
      }),
    ),
  },
  closed,
);

/** In answers: what is granted, or free, may be 0. */
const Quantities = Type.Object(
  {
    cpuCores: Type.Number(),
    memoryBytes: Type.Integer(),
    gpus: Type.Optional(Type.Number()),
    gpuModels: Type.Optional(Type.Array(Type.String())),
    custom: Type.Optional(Type.Record(Type.String(), Type.Integer())),
  },
  closed,
);

const Devices = Type.Array(Type.Array(Type.Integer()), {
  description: "GPUs of each replica, by their numbers on its node; absent where none were asked for",
});

const Time = Type.String({ format: "date-time" });

export const PlainRequest = Type.Object(
  {
    tenant: Name("Who the capacity is for"),
    workload: Type.Optional(Name("The workload that will use it; what its replicas already use is not counted twice")),
    replicas: Type.Optional(Type.Integer({ minimum: 1, maximum: 1000, default: 1, description: "Placed all or none" })),
    requests: Requests,
    strategy: Type.Optional(StrategyName),
    leaseSeconds: Type.Optional(LeaseSeconds),
    zone: Type.Optional(
      Type.String({ minLength: 1, maxLength: 63, pattern: TEXT_PATTERN, description: "Only nodes of this zone" }),
    ),
    ...PRIORITY,
    ...PREEMPT,
    ...RULES,
  },
  closed,
);

export const AllocationRequest = Type.Object(
  {
    ...PlainRequest.properties,
    reservationId: Type.Optional(
      Type.String({
        pattern: "^alc_[0-9a-v]{26}$",
        description: "Draw from this reservation: the same requests, its nodes; no zone, models or rules",
      }),
    ),
  },
  closed,
);
export type AllocationRequest = Static<typeof AllocationRequest>;

export const PlanRequest = Type.Object(
  {
    requests: Type.Array(PlainRequest, {
      minItems: 1,
      maxItems: 1000,
      description: "Served as if they came together, in this order",
    }),
  },
  closed,
);
export type PlanRequest = Static<typeof PlanRequest>;

export const PlanAnswer = Type.Object(
  {
    items: Type.Array(
      Type.Object(
        {
          outcome: Type.Unsafe<"allocated" | "refused">({ type: "string", enum: ["allocated", "refused"] }),
          nodes: Type.Array(Type.String(), { description: "Node of each replica; empty where refused" }),
          reasons: Type.Array(Type.String()),
        },
        closed,
      ),
      { description: "In the order of the requests" },
    ),
    allocated: Type.Integer({ description: "Requests that would be granted" }),
    refused: Type.Integer({ description: "Requests that would be refused" }),
  },
  closed,
);

export const AllocationHeaders = Type.Object({
  "idempotency-key": Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: 255,
      pattern: "^[\\x21-\\x7e]+$",
      description: "The same key with the same body returns the same allocation and makes no other",
    }),
  ),
});
export type AllocationHeaders = Static<typeof AllocationHeaders>;

export const RenewRequest = Type.Object({ leaseSeconds: LeaseSeconds }, closed);
export type RenewRequest = Static<typeof RenewRequest>;

export const AllocationAnswer = Type.Object(
  {
    id: Type.String(),
    state: Type.Unsafe<"active" | "released">({ type: "string", enum: ["active", "released"] }),
    tenant: Type.String(),
    workload: nullable(Type.String()),
    replicas: Type.Integer(),
    requests: Quantities,
    nodes: Type.Array(Type.String(), { description: "Node of each replica, in order" }),
    devices: Type.Optional(Devices),
    strategy: StrategyName,
    ...PRIORITY,
    gangId: Type.Optional(Type.String()),
    reservedFrom: Type.Optional(Time),
    decisionId: Type.String(),
    createdAt: Time,
    expiresAt: nullable(Time),
    releasedAt: nullable(Time),
    releaseReason: nullable(
      Type.String({ description: "released, expired, preempted, or node-lost: its gang lost a node" }),
    ),
  },
  closed,
);
export type AllocationAnswer = Static<typeof AllocationAnswer>;

const AllocationId = Type.String({ pattern: "^alc_[0-9a-v]{26}$", description: "Id of an allocation" });
const DecisionId = Type.String({ pattern: "^dec_[0-9a-v]{26}$", description: "Id of a decision" });
const Limit = Type.Integer({ minimum: 1, maximum: 500, default: 50, description: "Entries in one answer" });

export const AllocationPath = Type.Object({ id: AllocationId }, closed);
export type AllocationPath = Static<typeof AllocationPath>;

export const DecisionPath = Type.Object({ id: DecisionId }, closed);
export type DecisionPath = Static<typeof DecisionPath>;

export const AllocationQuery = Type.Object(
  {
    tenant: Type.Optional(Name("Only this tenant's")),
    workload: Type.Optional(Name("Only this workload's")),
    limit: Type.Optional(Limit),
    cursor: Type.Optional(Type.String({ pattern: "^alc_[0-9a-v]{26}$", description: "nextCursor of the page before" })),
  },
  closed,
);
export type AllocationQuery = Static<typeof AllocationQuery>;

export const AllocationPage = Type.Object(
  { items: Type.Array(AllocationAnswer), nextCursor: nullable(Type.String()) },
  closed,
);

export const CapacityAnswer = Type.Object(
  {
    nodes: Type.Array(
      Type.Object(
        {
          name: Type.String(),
          zone: Type.String(),
          ready: Type.Boolean(),
          allocatable: Quantities,
          allocated: Quantities,
          free: Quantities,
          gpuFree: Type.Optional(Type.Array(Type.Number(), { description: "Of each GPU, in order; 1 is all of it" })),
        },
        closed,
      ),
    ),
    total: Type.Object({ allocatable: Quantities, free: Quantities }, closed),
  },
  closed,
);

export const TenantsAnswer = Type.Object(
  {
    items: Type.Array(
      Type.Object(
        {
          name: Type.String(),
          allocated: Quantities,
          dominantResource: Type.String({ description: "cpu, memory, gpu, or the name of a custom resource" }),
          dominantShare: Type.Number({ description: "Of the ready cluster, divided by the weight" }),
          weight: Type.Number(),
        },
        closed,
      ),
    ),
  },
  closed,
);

export const DecisionAnswer = Type.Object(
  {
    id: Type.String(),
    time: Time,
    request: Type.Object(
      {
        tenant: Type.String(),
        workload: nullable(Type.String()),
        replicas: Type.Integer(),
        requests: Quantities,
        zone: nullable(Type.String()),
        leaseSeconds: Type.Integer(),
        ...PRIORITY,
        ...PREEMPT,
        rules: Type.Optional(Type.Object(RULES, closed)),
        reserve: Type.Optional(Type.Object({ from: Time, until: Time }, closed)),
        reservationId: Type.Optional(Type.String()),
      },
      closed,
    ),
    strategy: StrategyName,
    outcome: Type.Unsafe<"allocated" | "refused">({ type: "string", enum: ["allocated", "refused"] }),
    nodes: Type.Array(
      Type.Object({ node: Type.String(), score: nullable(Type.Number()), reason: nullable(Type.String()) }, closed),
    ),
    considered: Type.Integer(),
    refusals: Type.Record(Type.String(), Type.Integer()),
    chosen: Type.Array(Type.String()),
    devices: Type.Optional(Devices),
    capacity: Type.Object({ before: Quantities, after: Quantities }, closed),
    ...DECISION,
    reasons: Type.Array(Type.String()),
  },
  closed,
);

export const DecisionQuery = Type.Object({ limit: Type.Optional(Limit) }, closed);
export type DecisionQuery = Static<typeof DecisionQuery>;

export const DecisionList = Type.Object({ items: Type.Array(DecisionAnswer) }, closed);
