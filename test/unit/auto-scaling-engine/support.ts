import type { ReplicaPhase, ReplicaStatus } from "../../../runtime/kernel/cluster/cluster";
import type { ScalingHistory } from "../../../runtime/scalability/auto-scaling-engine/behavior";
import type { EvaluationInput } from "../../../runtime/scalability/auto-scaling-engine/evaluation";
import { DEFAULT_OPTIONS } from "../../../runtime/scalability/auto-scaling-engine/replica-calculator";
import type { ScalerSpec } from "../../../runtime/scalability/auto-scaling-engine/spec";
import { validateScaler } from "../../../runtime/scalability/auto-scaling-engine/validate";

export const NOW = Date.parse("2026-01-01T12:00:00Z");

export const EMPTY_HISTORY: ScalingHistory = { recommendations: [], scaleEvents: [] };

const ago = (seconds: number): string => new Date(NOW - seconds * 1000).toISOString();

/** A replica that became ready an hour ago, unless told otherwise. */
export function replica(name: string, changes: Partial<ReplicaStatus> = {}): ReplicaStatus {
  return {
    name,
    node: "node-1",
    phase: "ready",
    startedAt: ago(3600),
    readyChangedAt: ago(3590),
    restarts: 0,
    endpoints: {},
    ...changes,
  };
}

/** Ways to be, in the words of Kubernetes' tests. */
export const STATES = {
  ready: {},
  /** Scheduled, but no process yet. */
  pending: { phase: "starting", startedAt: undefined, readyChangedAt: undefined },
  /** Running for a minute and not ready yet. */
  unready: { phase: "starting", startedAt: ago(60), readyChangedAt: undefined },
  /** Ready, but its CPU sample still covers the start. */
  hot: { phase: "ready", startedAt: ago(5), readyChangedAt: ago(3) },
  /** Ran for long, never became ready. */
  neverReady: { phase: "unready", startedAt: ago(900), readyChangedAt: ago(890) },
  /** Was ready for long and is not at the moment. */
  lapsed: { phase: "unready", startedAt: ago(900), readyChangedAt: ago(20) },
  stopping: { phase: "stopping" },
  failed: { phase: "failed" },
} as const satisfies Record<
  string,
  { phase?: ReplicaPhase; startedAt?: string | undefined; readyChangedAt?: string | undefined }
>;

export type State = keyof typeof STATES;

export function replicas(states: readonly State[]): ReplicaStatus[] {
  return states.map((state, index) => replica(`r-${String(index)}`, STATES[state] as Partial<ReplicaStatus>));
}

/** Values of `r-0`, `r-1` …; undefined where a replica has none. */
export function values(levels: readonly (number | undefined)[]): Map<string, number> {
  return new Map(
    levels.flatMap((level, index) => (level === undefined ? [] : [[`r-${String(index)}`, level] as const])),
  );
}

export function scaler(changes: object = {}): ScalerSpec {
  return validateScaler({ workload: "web", minReplicas: 1, maxReplicas: 100, ...changes });
}

/** A scaler of one pods metric with target 10 per replica. */
export const QUEUE = { metrics: [{ type: "pods", name: "queue", target: { averageValue: 10 } }] };

/** An evaluation of `QUEUE` over `current` ready replicas at `level` each. */
export function queueInput(current: number, level: number, changes: Partial<EvaluationInput> = {}): EvaluationInput {
  return {
    id: "dec_1",
    trigger: "interval",
    now: NOW,
    spec: scaler(QUEUE),
    current,
    replicas: replicas(Array<State>(current).fill("ready")),
    requests: { cpuCores: 1, memoryBytes: 1000 },
    readings: [{ values: values(Array<number>(current).fill(level)) }],
    history: EMPTY_HISTORY,
    options: DEFAULT_OPTIONS,
    ...changes,
  };
}
