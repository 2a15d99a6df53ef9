import { type Static, Type } from "@sinclair/typebox";
import { ocsfOf } from "../ocsf/schema";

/**
 * Every event type and its schema. Types are `mno.<fabric>.<noun>.<past-tense verb>`; a schema may only grow by optional
 * members. Quantities: CPU in cores, memory in bytes, energy in kWh, carbon in gCO2e, times RFC 3339 UTC.
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

const Text = Type.String({ minLength: 1 });
const Time = Type.String({ format: "date-time" });
const Amount = Type.Number({ minimum: 0 });

/** Which intensity a figure of carbon rests on; no figure goes without. Average and marginal are never mixed. */
const Intensity = Type.Object(
  {
    gramsPerKwh: Amount,
    signal: Type.Union([Type.Literal("average"), Type.Literal("marginal")]),
    /** Name of the feed and of its data, and the date or year that the data are of. */
    source: Text,
    asOf: Time,
    /** The provider's own estimate, or a figure that stands in for a missing one. */
    estimated: Type.Boolean(),
    /** Older than the feed should be. */
    stale: Type.Boolean(),
  },
  closed,
);

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
  /**
   * What a node used in a stretch of time, and whose it was; emitted by the carbon monitor. Subject: the node. Energy comes in
   * whole 1e-9 kWh and carbon in whole 1e-6 g, and the parts' sum is the node's, to the last digit.
   */
  "mno.sustainability.energy.measured": Type.Object(
    {
      node: Text,
      /** The grid's zone or the cloud's region. */
      region: Text,
      from: Time,
      to: Time,
      /** How the node's energy is known: `rapl`, or the power model's name. */
      method: Text,
      /** Half of the 95 % interval of the node's energy, in percent of it; null where nobody can tell. */
      uncertaintyPercent: Type.Union([Amount, Type.Null()]),
      intensity: Intensity,
      /** How idle energy was shared among the parts. */
      idleRule: Text,
      /** At the meter of the data centre: power usage effectiveness included. */
      energyKwh: Amount,
      gramsCo2e: Amount,
      parts: Type.Array(
        Type.Object(
          {
            /** `workload`, or what no workload is charged with: `system`, `idle`. */
            kind: Type.Union([Type.Literal("workload"), Type.Literal("system"), Type.Literal("idle")]),
            /** Null where the kind is not workload. */
            workload: Type.Union([Text, Type.Null()]),
            tenant: Type.Union([Text, Type.Null()]),
            energyKwh: Amount,
            /** Of it, what the node would have used idle. */
            idleKwh: Amount,
            gramsCo2e: Amount,
            /** Share of the making of the hardware. Reported, and never decided by. */
            embodiedGramsCo2e: Amount,
          },
          closed,
        ),
      ),
    },
    closed,
  ),
  /** Carbon intensity of a region went above or came below a line; emitted by the carbon monitor. Subject: the region. */
  "mno.sustainability.intensity.crossed": Type.Object(
    {
      region: Text,
      lineGramsPerKwh: Amount,
      direction: Type.Union([Type.Literal("above"), Type.Literal("below")]),
      intensity: Intensity,
    },
    closed,
  ),
  /** A carbon budget passed a share of what it allows; emitted by the carbon monitor. Subject: the budget. */
  "mno.sustainability.budget.crossed": Type.Object(
    {
      budget: Text,
      periodStart: Time,
      periodEnd: Time,
      limitGramsCo2e: Amount,
      usedGramsCo2e: Amount,
      /** The line that was crossed, in percent of the limit. */
      percent: Amount,
    },
    closed,
  ),
  /** The green scheduler gave a job a plan, or another one. Subject: the job. */
  "mno.sustainability.job.planned": Type.Object(
    {
      job: Text,
      decisionId: Text,
      region: Text,
      /** Stretches in which it is to run, in order. */
      slots: Type.Array(Type.Object({ from: Time, to: Time }, closed), { minItems: 1 }),
      deadline: Time,
      /** Expected, of the plan and of a start at once. */
      gramsCo2e: Amount,
      baselineGramsCo2e: Amount,
      reason: Text,
    },
    closed,
  ),
  /** A job of the green scheduler is done. Subject: the job. */
  "mno.sustainability.job.finished": Type.Object(
    {
      job: Text,
      decisionId: Text,
      tenant: Type.Union([Text, Type.Null()]),
      region: Text,
      outcome: Type.Union([Type.Literal("succeeded"), Type.Literal("failed"), Type.Literal("deleted")]),
      submittedAt: Time,
      startedAt: Type.Union([Time, Type.Null()]),
      finishedAt: Time,
      deadlineMet: Type.Boolean(),
      energyKwh: Amount,
      gramsCo2e: Amount,
      /** What the same energy would have emitted from a start at once. */
      baselineGramsCo2e: Amount,
      intensity: Intensity,
    },
    closed,
  ),
  /** The energy optimizer has a plan that waits for approval, or was told to act on it at once. Subject: the plan. */
  "mno.sustainability.plan.proposed": Type.Object(
    {
      planId: Text,
      kind: Type.Union([
        Type.Literal("sleep"),
        Type.Literal("consolidate"),
        Type.Literal("right-size"),
        Type.Literal("power-cap"),
        Type.Literal("retention"),
      ]),
      workloads: Type.Array(Text),
      nodes: Type.Array(Text),
      /** Expected saving in 30 days. */
      energyKwh: Amount,
      gramsCo2e: Amount,
      risk: Text,
      reasons: Type.Array(Text, { minItems: 1 }),
    },
    closed,
  ),
  /** What a plan of the energy optimizer saved, measured beside what it had promised. Subject: the plan. */
  "mno.sustainability.saving.measured": Type.Object(
    {
      planId: Text,
      kind: Text,
      tenant: Type.Union([Text, Type.Null()]),
      workload: Type.Union([Text, Type.Null()]),
      region: Text,
      from: Time,
      to: Time,
      expectedKwh: Amount,
      /** Negative where more was used than before. */
      measuredKwh: Type.Number(),
      gramsCo2e: Type.Number(),
      intensity: Intensity,
    },
    closed,
  ),
  /** A period's report was closed; from now on it changes by restatement only. Subject: the report. */
  "mno.sustainability.report.closed": Type.Object(
    {
      reportId: Text,
      periodStart: Time,
      periodEnd: Time,
      revision: Type.Integer({ minimum: 1 }),
      energyKwh: Amount,
      locationBasedGramsCo2e: Amount,
      sha256: Type.String({ pattern: "^[0-9a-f]{64}$" }),
    },
    closed,
  ),
  /** The gateway decided on a request: OCSF HTTP Activity with the policy that spoke. Subject: the principal. */
  "mno.security.access.decided": ocsfOf("httpActivity"),
  /** The gateway began a session: OCSF Authentication, activity 1 (logon). Subject: the session. */
  "mno.security.session.established": ocsfOf("authentication"),
  /** The gateway ended a session before its time: OCSF Authentication, activity 2 (logoff). Subject: the session. */
  "mno.security.session.revoked": ocsfOf("authentication"),
  /** The gateway refused a login: OCSF Authentication, activity 1 (logon), status 2. Subject: the user as it was claimed. */
  "mno.security.login.refused": ocsfOf("authentication"),
  /** Behavioural authentication scored an attempt or a session: OCSF Authentication with its risk. Subject: the user. */
  "mno.security.authentication.assessed": ocsfOf("authentication"),
  /** What is thought of a subject changed; whoever caches decisions about it asks again (CAEP, risk-level-change). Subject: the same. */
  "mno.security.risk.changed": Type.Object(
    {
      subjectType: Type.Union([
        Type.Literal("user"),
        Type.Literal("session"),
        Type.Literal("device"),
        Type.Literal("workload"),
      ]),
      subject: Text,
      level: Type.Union([Type.Literal("low"), Type.Literal("medium"), Type.Literal("high")]),
      previousLevel: Type.Union([Type.Literal("low"), Type.Literal("medium"), Type.Literal("high"), Type.Null()]),
      /** Probability that it is not whom it claims to be, or is misused. */
      probability: Type.Number({ minimum: 0, maximum: 1 }),
      reasons: Type.Array(Text, { minItems: 1 }),
      /** The decision or incident that it rests on. */
      because: Text,
      expiresAt: Time,
    },
    closed,
  ),
  /** Threat detection raised an alert: OCSF Detection Finding with its leading features. Subject: the entity. */
  "mno.security.threat.detected": ocsfOf("detectionFinding"),
  /** A key was made, rotated, disabled, scheduled for destruction or destroyed: OCSF API Activity. Subject: the key. */
  "mno.security.key.changed": ocsfOf("apiActivity"),
  /** Uses of a key were refused or failed, counted over some seconds: OCSF API Activity. Subject: the key. */
  "mno.security.key.refused": ocsfOf("apiActivity"),
  /** Access policies, their schema or entities, or routes were changed, reloaded, tried or refused: OCSF API Activity. Subject: which. */
  "mno.security.policy.changed": ocsfOf("apiActivity"),
  /** Security intelligence opened an incident or added to one: OCSF Incident Finding. Subject: the incident. */
  "mno.security.incident.changed": ocsfOf("incidentFinding"),
  /** A response to an incident was carried out, or failed: OCSF Remediation Activity. Subject: the incident. */
  "mno.security.response.executed": ocsfOf("remediationActivity"),
} as const;

export type EventType = keyof typeof EVENT_SCHEMAS;
export type EventData<T extends EventType> = Static<(typeof EVENT_SCHEMAS)[T]>;
