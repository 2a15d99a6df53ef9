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
  /** Free before and after: cores, bytes. */
  b: [number, number];
  a: [number, number];
  r: string[];
  /** Lease in seconds. */
  l?: number;
  z?: string;
}

export function packDecision({ nodes, considered, refusals, capacity, reasons, request }: Decision): DecisionRow {
  const { before, after } = capacity;
  return {
    n: nodes.map(({ node, score, reason }) => (reason === null ? [node, score] : [node, score, reason])),
    c: considered,
    ...(Object.keys(refusals).length > 0 && { f: refusals }),
    b: [before.cpuCores, before.memoryBytes],
    a: [after.cpuCores, after.memoryBytes],
    r: reasons,
    ...(request.leaseSeconds > 0 && { l: request.leaseSeconds }),
    ...(request.zone !== null && { z: request.zone }),
  };
}

export function unpackDecision(allocation: Allocation, row: DecisionRow): Decision {
  return {
    id: allocation.decisionId,
    time: new Date(allocation.createdAt).toISOString(),
    request: {
      tenant: allocation.tenant,
      workload: allocation.workload,
      replicas: allocation.nodes.length,
      requests: quantitiesOf(allocation.amount),
      zone: row.z ?? null,
      leaseSeconds: row.l ?? 0,
    },
    strategy: allocation.strategy,
    outcome: "allocated",
    nodes: row.n.map(([node, score, reason]): NodeVerdict => ({ node, score, reason: reason ?? null })),
    considered: row.c,
    refusals: row.f ?? {},
    chosen: [...allocation.nodes],
    capacity: {
      before: { cpuCores: row.b[0], memoryBytes: row.b[1] },
      after: { cpuCores: row.a[0], memoryBytes: row.a[1] },
    },
    reasons: row.r,
  };
}
