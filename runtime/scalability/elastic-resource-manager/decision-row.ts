import type { ResourceQuantities } from "../../exports";
import type { Allocation } from "./allocation";
import type { Decision, NodeVerdict } from "./decision";
import { quantitiesOf } from "./quantities";

/** The part of a decision that its allocation's row does not hold already, in short keys: it is written with every grant. */
export interface DecisionRow {
  /** Node, score, reason of refusal. */
  n: [string, number | null, string?][];
  /** Nodes considered. */
  c: number;
  /** Counts of refusals. */
  f?: Decision["refusals"];
  /** Free before and after: cores, bytes, and the rest of the quantities where there is any. */
  b: PackedQuantities;
  a: PackedQuantities;
  r: string[];
  /** Lease in seconds. */
  l?: number;
  z?: string;
  /** Models of GPU asked for. */
  m?: string[];
  /** The rest of the request, and of the decision, where it has any. */
  q?: Pick<Decision["request"], "preempt" | "rules" | "reserve" | "reservationId">;
  /** Nodes and devices chosen, of a reservation: its allocation has only what is left of them. */
  k?: Pick<Decision, "chosen" | "devices">;
  x?: Pick<Decision, "preempted" | "gang">;
}

type PackedQuantities = [number, number, Partial<ResourceQuantities>?];

export function packDecision(decision: Decision): DecisionRow {
  const { nodes, considered, refusals, capacity, reasons, request, preempted, gang } = decision;
  const { preempt, rules, reserve, reservationId } = request;
  const rest = {
    ...(preempt && { preempt }),
    ...(rules && { rules }),
    ...(reserve && { reserve }),
    ...(reservationId !== undefined && { reservationId }),
  };
  const { before, after } = capacity;
  return {
    n: nodes.map(({ node, score, reason }) => (reason === null ? [node, score] : [node, score, reason])),
    c: considered,
    ...(Object.keys(refusals).length > 0 && { f: refusals }),
    b: packQuantities(before),
    a: packQuantities(after),
    r: reasons,
    ...(request.leaseSeconds > 0 && { l: request.leaseSeconds }),
    ...(request.zone !== null && { z: request.zone }),
    ...(request.requests.gpuModels && { m: request.requests.gpuModels }),
    ...(Object.keys(rest).length > 0 && { q: rest }),
    ...(reserve && { k: { chosen: decision.chosen, ...(decision.devices && { devices: decision.devices }) } }),
    ...((preempted || gang) && { x: { ...(preempted && { preempted }), ...(gang && { gang }) } }),
  };
}

export function unpackDecision(allocation: Allocation, row: DecisionRow): Decision {
  return {
    id: allocation.decisionId,
    time: new Date(allocation.createdAt).toISOString(),
    request: {
      tenant: allocation.tenant,
      workload: allocation.workload,
      replicas: (row.k?.chosen ?? allocation.nodes).length,
      requests: { ...quantitiesOf(allocation.amount), ...(row.m && { gpuModels: row.m }) },
      zone: row.z ?? null,
      leaseSeconds: row.l ?? 0,
      ...(allocation.priority !== undefined && { priority: allocation.priority }),
      ...(allocation.preemptible && { preemptible: true }),
      ...row.q,
    },
    strategy: allocation.strategy,
    outcome: "allocated",
    nodes: row.n.map(([node, score, reason]): NodeVerdict => ({ node, score, reason: reason ?? null })),
    considered: row.c,
    refusals: row.f ?? {},
    chosen: [...allocation.nodes],
    ...(allocation.devices && { devices: allocation.devices.map((each) => [...each]) }),
    capacity: {
      before: unpackQuantities(row.b),
      after: unpackQuantities(row.a),
    },
    ...row.k,
    ...row.x,
    reasons: row.r,
  };
}

function packQuantities({ cpuCores, memoryBytes, ...rest }: ResourceQuantities): PackedQuantities {
  return Object.keys(rest).length > 0 ? [cpuCores, memoryBytes, rest] : [cpuCores, memoryBytes];
}

function unpackQuantities([cpuCores, memoryBytes, rest]: PackedQuantities): ResourceQuantities {
  return { cpuCores, memoryBytes, ...rest };
}
