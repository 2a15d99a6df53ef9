import { type Static, Type } from "@sinclair/typebox";

/**
 * Every event type and its schema. Types are `mno.<fabric>.<noun>.<past-tense verb>`; a schema may only grow by optional
 * members. Quantities: CPU in cores, memory in bytes, times RFC 3339 UTC.
 */

const Quantities = Type.Object({
  cpuCores: Type.Number({ minimum: 0 }),
  memoryBytes: Type.Number({ minimum: 0 }),
  /** Below 1 a share of one GPU. */
  gpus: Type.Optional(Type.Number({ minimum: 0 })),
  /** Pieces of other resources, by name. */
  custom: Type.Optional(Type.Record(Type.String(), Type.Number({ minimum: 0 }))),
});

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
  /** Granted capacity came back: on request, its lease ended, preempted, or its gang lost a node. Subject: as the allocation's. */
  "mno.scalability.resource.released": Type.Object(
    {
      allocationId: Type.String({ minLength: 1 }),
      tenant: Type.String({ minLength: 1 }),
      workload: Type.Union([Type.String({ minLength: 1 }), Type.Null()]),
      replicas: Type.Integer({ minimum: 1 }),
      reason: Type.Union([
        Type.Literal("released"),
        Type.Literal("expired"),
        Type.Literal("preempted"),
        Type.Literal("node-lost"),
      ]),
    },
    closed,
  ),
  /** The auto-scaling engine advises another number of nodes, or that the last advice is over. Subject: the cluster's kind. */
  "mno.scalability.nodes.advised": Type.Object(
    {
      advice: Type.Union([Type.Literal("add"), Type.Literal("remove"), Type.Literal("none")]),
      /** How many nodes to add (like the largest one) or to remove. */
      nodes: Type.Integer({ minimum: 0 }),
      /** Nodes to remove: the others have room for their replicas. */
      names: Type.Array(Type.String({ minLength: 1 })),
      /** Replicas that no node has room for, their workloads, and what they request together. */
      unplacedReplicas: Type.Integer({ minimum: 0 }),
      workloads: Type.Array(Type.String({ minLength: 1 })),
      shortfall: Quantities,
      reason: Type.String({ minLength: 1 }),
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
  /** Somebody has to wait for a shared pool, or was refused; not again before the pool has recovered. Subject: the pool. */
  "mno.scalability.pool.exhausted": Type.Object(
    {
      pool: Type.String({ minLength: 1 }),
      /** Slots of the pool, and how many of them are leased. */
      maximum: Type.Integer({ minimum: 0 }),
      leased: Type.Integer({ minimum: 0 }),
      /** Requests in the queue. */
      waiting: Type.Integer({ minimum: 0 }),
    },
    closed,
  ),
  /** A lease of a shared pool ended without its holder's doing: it was neither renewed nor released. Subject: the pool. */
  "mno.scalability.lease.expired": Type.Object(
    {
      leaseId: Type.String({ minLength: 1 }),
      pool: Type.String({ minLength: 1 }),
      holder: Type.String({ minLength: 1 }),
      /** Where in the holder's code it was acquired; null where the holder did not say. */
      site: Type.Union([Type.String({ minLength: 1 }), Type.Null()]),
      slots: Type.Array(Type.String({ minLength: 1 }), { minItems: 1 }),
      fencingToken: Type.Integer({ minimum: 1 }),
      heldSeconds: Type.Number({ minimum: 0 }),
    },
    closed,
  ),
  /** The global load balancer stopped sending requests to an endpoint. Subject: the upstream. */
  "mno.scalability.endpoint.ejected": Type.Object(
    {
      upstream: Type.String({ minLength: 1 }),
      endpoint: Type.String({ minLength: 1 }),
      /** What found it out: what its answers say, or active probes. */
      by: Type.Union([Type.Literal("outlier"), Type.Literal("probe")]),
      reason: Type.String({ minLength: 1 }),
      /** End of the ejection; null where a probe has to succeed first. */
      until: Type.Union([Type.String({ format: "date-time" }), Type.Null()]),
    },
    closed,
  ),
  /** The endpoint gets requests again. Subject: the upstream. */
  "mno.scalability.endpoint.restored": Type.Object(
    {
      upstream: Type.String({ minLength: 1 }),
      endpoint: Type.String({ minLength: 1 }),
      by: Type.Union([Type.Literal("outlier"), Type.Literal("probe")]),
    },
    closed,
  ),
  /** The performance optimizer advises to change what each replica of a workload requests. Subject: the workload. */
  "mno.scalability.advice.issued": Type.Object(
    {
      adviceId: Type.String({ minLength: 1 }),
      workload: Type.String({ minLength: 1 }),
      kind: Type.Literal("right-size"),
      from: Quantities,
      to: Quantities,
      /** 0 to 1. */
      confidence: Type.Number({ minimum: 0, maximum: 1 }),
      reasons: Type.Array(Type.String({ minLength: 1 }), { minItems: 1 }),
    },
    closed,
  ),
} as const;

export type EventType = keyof typeof EVENT_SCHEMAS;
export type EventData<T extends EventType> = Static<(typeof EVENT_SCHEMAS)[T]>;
