import type { Amount } from "./quantities";

/** How requests are ordered and nodes are chosen; strategies/ has one file for each. */
export const STRATEGY_NAMES = [
  "best-fit",
  "spread",
  "dominant-resource-fairness",
  "least-allocated",
  "most-allocated",
  "fragmentation-gradient",
  "fragmentation-aware",
] as const;
export type StrategyName = (typeof STRATEGY_NAMES)[number];

/** A workload, and within what it is a neighbour. */
export interface Neighbour {
  readonly workload: string;
  readonly per: "node" | "zone";
}

/** Where replicas may go, besides what the request's zone and GPU models say. */
export interface PlacementRules {
  /** Only nodes that carry all of these labels with these values. */
  readonly nodeSelector?: Readonly<Record<string, string>>;
  /** Not where replicas of these workloads are. */
  readonly apartFrom?: readonly Neighbour[];
  /** Only where replicas of each of these workloads are. */
  readonly togetherWith?: readonly Neighbour[];
  /** Replicas that a zone may have more than the zone with the fewest. */
  readonly maxSkew?: number;
}

/** One request for capacity, in whole units. All of its replicas are placed or none is. */
export interface Demand {
  readonly tenant: string;
  readonly workload: string | null;
  readonly replicas: number;
  /** Of one replica. */
  readonly amount: Amount;
  /** Only nodes with GPUs of one of these models; absent is any. */
  readonly gpuModels?: readonly string[];
  readonly strategy: StrategyName;
  /** Only nodes of this zone; null is any. */
  readonly zone: string | null;
  /** Seconds; 0 is a lease without end. */
  readonly leaseSeconds: number;
  /** Higher ones are served first within a batch; 0 where absent. */
  readonly priority?: number;
  /** May be taken back for a request of higher priority that asks for preemption. */
  readonly preemptible?: boolean;
  /** Take preemptible allocations of lower priority back where it does not fit otherwise. */
  readonly preempt?: boolean;
  readonly rules?: PlacementRules;
  /** Set aside to be drawn from within this time, instead of a lease: milliseconds since the Unix epoch. */
  readonly reserve?: { readonly from: number; readonly until: number };
  /** Draw from this reservation. */
  readonly reservationId?: string;
}
