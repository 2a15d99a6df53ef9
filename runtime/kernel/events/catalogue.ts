import { type Static, Type } from "@sinclair/typebox";

/**
 * Every event type and its schema. Types are `mno.<fabric>.<noun>.<past-tense verb>`; a schema may only grow by optional
 * members. Quantities: CPU in cores, memory in bytes, times RFC 3339 UTC.
 */

const Quantities = Type.Object({ cpuCores: Type.Number({ minimum: 0 }), memoryBytes: Type.Number({ minimum: 0 }) });

const closed = { additionalProperties: false } as const;

export const EVENT_SCHEMAS = {
  /** Capacity was granted to a tenant; emitted by the elastic resource manager. Subject: the workload or tenant. */
  "mno.scalability.resource.allocated": Type.Object(
    {
      allocationId: Type.String({ minLength: 1 }),
      decisionId: Type.String({ minLength: 1 }),
      tenant: Type.String({ minLength: 1 }),
      /** The workload that the capacity is meant for; null where the tenant named none. */
      workload: Type.Union([Type.String({ minLength: 1 }), Type.Null()]),
      /** Replicas' worth of capacity granted to the workload. */
      replicas: Type.Integer({ minimum: 1 }),
      /** What one replica was granted. */
      requests: Quantities,
      /** Node of each replica, in order. */
      nodes: Type.Array(Type.String({ minLength: 1 }), { minItems: 1 }),
      strategy: Type.String({ minLength: 1 }),
      expiresAt: Type.Union([Type.String({ format: "date-time" }), Type.Null()]),
    },
    closed,
  ),
  /** Granted capacity came back, on request or because its lease ended. Subject: as the allocation's. */
  "mno.scalability.resource.released": Type.Object(
    {
      allocationId: Type.String({ minLength: 1 }),
      tenant: Type.String({ minLength: 1 }),
      workload: Type.Union([Type.String({ minLength: 1 }), Type.Null()]),
      replicas: Type.Integer({ minimum: 1 }),
      reason: Type.Union([Type.Literal("released"), Type.Literal("expired")]),
    },
    closed,
  ),
  /** The auto-scaling engine changed a workload's replicas. Subject: the workload. */
  "mno.scalability.workload.scaled": Type.Object(
    {
      workload: Type.String({ minLength: 1 }),
      decisionId: Type.String({ minLength: 1 }),
      fromReplicas: Type.Integer({ minimum: 0 }),
      toReplicas: Type.Integer({ minimum: 0 }),
      reason: Type.String({ minLength: 1 }),
    },
    closed,
  ),
} as const;

export type EventType = keyof typeof EVENT_SCHEMAS;
export type EventData<T extends EventType> = Static<(typeof EVENT_SCHEMAS)[T]>;
