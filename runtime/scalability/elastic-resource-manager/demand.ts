import type { Amount } from "./quantities";

/** How requests are ordered and nodes are chosen; strategies/ has one file for each. */
export const STRATEGY_NAMES = ["best-fit", "spread", "dominant-resource-fairness"] as const;
export type StrategyName = (typeof STRATEGY_NAMES)[number];

/** One request for capacity, in whole units. All of its replicas are placed or none is. */
export interface Demand {
  readonly tenant: string;
  readonly workload: string | null;
  readonly replicas: number;
  /** Of one replica. */
  readonly amount: Amount;
  readonly strategy: StrategyName;
  /** Only nodes of this zone; null is any. */
  readonly zone: string | null;
  /** Seconds; 0 is a lease without end. */
  readonly leaseSeconds: number;
}
