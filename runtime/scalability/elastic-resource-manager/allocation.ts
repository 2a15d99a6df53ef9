import type { Claim } from "./capacity";
import { allocationIdOf } from "./ids";
import { demandOf } from "./quantities";
import type { Decision } from "./decision";
import type { StrategyName } from "./demand";

/** Why capacity came back: asked for, its lease ended, taken back for a request of higher priority, its gang lost a node. */
export type ReleaseReason = "released" | "expired" | "preempted" | "node-lost";

/** Granted capacity. Times are milliseconds since the Unix epoch. */
export interface Allocation extends Claim {
  readonly id: string;
  readonly decisionId: string;
  readonly strategy: StrategyName;
  /** 0 where absent. */
  readonly priority?: number;
  readonly preemptible?: boolean;
  /** The gang it is a member of, if any. */
  readonly gangId?: string;
  /** Of a reservation: allocations may draw from it from then on. Nobody uses what is left of it. */
  readonly reservedFrom?: number;
  readonly createdAt: number;
  /** null is a lease without end. */
  readonly expiresAt: number | null;
  /** null while it is active. */
  readonly releasedAt: number | null;
  readonly releaseReason: ReleaseReason | null;
}

/** When a lease that starts now ends. `leaseSeconds` 0 is without end. */
export function leaseEnd(now: number, leaseSeconds: number): number | null {
  return leaseSeconds === 0 ? null : now + leaseSeconds * 1000;
}

/** What an "allocated" decision grants. */
export function allocationOf(decision: Decision, now: number): Allocation {
  const { request, strategy, chosen } = decision;
  return {
    id: allocationIdOf(decision.id),
    decisionId: decision.id,
    tenant: request.tenant,
    workload: request.workload,
    amount: demandOf(request.requests),
    nodes: chosen,
    ...(decision.devices && { devices: decision.devices }),
    strategy,
    ...(request.priority !== undefined && { priority: request.priority }),
    ...(request.preemptible && { preemptible: true }),
    ...(decision.gang && { gangId: decision.gang.id }),
    ...(request.reserve && { reservedFrom: Date.parse(request.reserve.from) }),
    createdAt: now,
    expiresAt: request.reserve ? Date.parse(request.reserve.until) : leaseEnd(now, request.leaseSeconds),
    releasedAt: null,
    releaseReason: null,
  };
}
