import type { MetricSpec, ScalingRules } from "../../../runtime/scalability/auto-scaling-engine/spec";

/** A pod as Kubernetes describes it. Times are seconds before the evaluation. */
export interface CasePod {
  phase: "Pending" | "Running" | "Succeeded" | "Failed";
  deleted?: true;
  /** Its Ready condition; absent where it has none. */
  ready?: boolean;
  /** Since its start; absent where it has not begun. */
  started?: number;
  /** Since the Ready condition's last transition. */
  changed: number;
  /** Age of its samples, and what they cover. */
  sampled: number;
  window: number;
  /** By the metric's place; null where the metric has no value of this pod. */
  values: (number | null)[];
}

export interface CaseTick {
  /** Seconds after the tick before. */
  after: number;
  /** What somebody else set the workload to meanwhile. */
  set?: number;
  pods: CasePod[];
  /** All pods exist, not only as many as the workload has replicas. */
  all?: true;
  /** Values of external metrics by the metric's place; null where there is none. */
  totals: (number | null)[];
}

/** Kubernetes tells a number about an object from an external one; to us both are external. */
export type CaseMetric =
  | Exclude<MetricSpec, { type: "external" }>
  | { type: "object" | "external"; name: string; target: { value: number } | { averageValue: number } };

/** What both sides are asked: one evaluation of each metric alone, or a whole controller over many ticks. */
export interface Case {
  metrics: CaseMetric[];
  /** Of each resource: cores, or bytes. */
  request: number;
  cpuInitializationSeconds: number;
  initialReadinessSeconds: number;
  /** For both directions, where `behavior` says nothing else. */
  tolerance: number;
  behavior?: { scaleUp: ScalingRules; scaleDown: ScalingRules };
  minReplicas: number;
  maxReplicas: number;
  /** Before the first tick. */
  replicas: number;
  ticks: CaseTick[];
}

export type Question = { calculate: Case } | { episode: Case };

/** Per metric: replicas, or null where it cannot be computed. Of an episode: the replicas after each tick. */
export type Answer = (number | null)[];

export function existing({ pods, all }: CaseTick, replicas: number): CasePod[] {
  return all ? pods : pods.slice(0, replicas);
}
