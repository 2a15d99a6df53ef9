import type { ResourceQuantities } from "../../exports";
import type { ReplicaStatus } from "../../kernel/cluster/cluster";
import type { ScalingHistory } from "./behavior";
import type { Decision, MetricProposal, PredictionResult, Reading, Stages, Trigger } from "./decision";
import type { Forecast } from "./prediction/predictor";
import type { MetricReading } from "./proposals";
import { type CalculatorOptions, liveReplicas, readyReplicas } from "./replica-calculator";
import type { ScalerSpec } from "./spec";

/** Everything one evaluation looks at. */
export interface EvaluationInput {
  /** Id that the decision gets. */
  id: string;
  trigger: Trigger;
  /** Milliseconds since the epoch. */
  now: number;
  spec: ScalerSpec;
  /** Desired replicas of the workload at present. */
  current: number;
  replicas: readonly ReplicaStatus[];
  /** What one replica requests. */
  requests: ResourceQuantities;
  /** In the order of the scaler's metrics. */
  readings: readonly MetricReading[];
  history: ScalingHistory;
  options: CalculatorOptions;
  /** What is expected, and the load that one replica is to carry, in units of the first metric. */
  prediction?: { forecast: Forecast | undefined; targetPerReplica: number };
}

/** The decision, and the history to keep for the next one. */
export interface Evaluation {
  decision: Decision;
  history: ScalingHistory;
}

export const NO_STAGES: Stages = { raw: null, tolerance: null, stabilised: null, rateLimited: null, clamped: null };

/** What each stage changed, in words. */
export function explain(stages: Stages, spec: ScalerSpec): string[] {
  const { tolerance, stabilised, rateLimited, clamped } = stages;
  const { scaleUp, scaleDown } = spec.behavior;
  const reasons: string[] = [];
  if (stabilised !== null && tolerance !== null && stabilised !== tolerance) {
    reasons.push(
      stabilised > tolerance
        ? `stabilised at ${String(stabilised)}: a recommendation of the last ${String(scaleDown.stabilizationWindowSeconds)} s was higher than ${String(tolerance)}`
        : `stabilised at ${String(stabilised)}: a recommendation of the last ${String(scaleUp.stabilizationWindowSeconds)} s was lower than ${String(tolerance)}`,
    );
  }
  if (rateLimited !== stabilised)
    reasons.push(`the scaling policies allow ${String(rateLimited)} for now, not ${String(stabilised)}`);
  if (clamped !== rateLimited) {
    reasons.push(
      `${String(rateLimited)} is outside minReplicas ${String(spec.minReplicas)} to maxReplicas ${String(spec.maxReplicas)}`,
    );
  }
  return reasons;
}

/** The decision of an evaluation that ends so. */
export function conclude(
  input: EvaluationInput,
  stages: Stages,
  action: Decision["action"],
  reasons: string[],
  seen: { readings?: Reading[]; perMetric?: MetricProposal[]; prediction?: PredictionResult | undefined } = {},
): Evaluation {
  const { id, spec, trigger, current, replicas } = input;
  const { readings = [], perMetric = [], prediction } = seen;
  const changes = action === "scaled";
  const desiredReplicas = changes ? (stages.clamped ?? current) : current;
  const history = withSleep(input.history, changes ? desiredReplicas : current, changes);
  const decision: Decision = {
    id,
    workload: spec.workload,
    time: new Date(input.now).toISOString(),
    trigger,
    inputs: {
      currentReplicas: current,
      liveReplicas: liveReplicas(replicas).length,
      readyReplicas: readyReplicas(replicas).length,
      readings,
      scaler: spec,
    },
    perMetric,
    stages,
    ...(prediction ? { prediction } : {}),
    desiredReplicas,
    action: changes && spec.act === "serve" ? "served" : action,
    reasons,
  };
  return { decision, history };
}

/** Whether a workload without replicas sleeps: only if this engine took the last one. */
function withSleep(history: ScalingHistory, replicas: number, changes: boolean): ScalingHistory {
  const asleep = replicas === 0 && (changes || history.memory?.asleep === true);
  if (asleep === (history.memory?.asleep ?? false)) return history;
  return { ...history, memory: { ...history.memory, asleep } };
}
