import type { Claim } from "./capacity";
import { allocationIdOf } from "./ids";
import { demandOf } from "./quantities";
import type { Decision } from "./decision";
import type { StrategyName } from "./demand";

export type ReleaseReason = "released" | "expired";

/** Granted capacity. Times are milliseconds since the Unix epoch. */
export interface Allocation extends Claim {
  readonly id: string;
  readonly decisionId: string;
  readonly strategy: StrategyName;
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
    strategy,
    createdAt: now,
    expiresAt: leaseEnd(now, request.leaseSeconds),
    releasedAt: null,
    releaseReason: null,
  };
}
