import { limitRate, recordRecommendation, recordScale, type ScalingHistory, stabilise } from "./behavior";
import type { Decision, PredictionResult, Stages } from "./decision";
import { conclude, type Evaluation, type EvaluationInput, explain, NO_STAGES } from "./evaluation";
import { foresee } from "./foresight";
import { lastReplica } from "./idle";
import type { Memory } from "./memory";
import { watchForSurge } from "./panic";
import type { Belief } from "./plausibility";
import { proposeFor } from "./proposals";
import { readyReplicas } from "./replica-calculator";
import { DEFAULT_IDLE } from "./beyond";

const SWITCHED_OFF = "scaling is off while the workload is set to 0 replicas; set 1 or more to turn it on";

/** The decision not to evaluate at all, for a reason that lies outside the numbers. */
export function refuse(input: EvaluationInput, reason: string): Evaluation {
  return conclude(input, NO_STAGES, "skipped", [reason]);
}

/**
 * A request waits for a workload without replicas: the first one is to start, whatever the metrics say. Who asks while there
 * are replicas only keeps them from going idle.
 */
export function wake(input: EvaluationInput): Evaluation {
  const { spec, current, now } = input;
  const history = { ...input.history, memory: { ...input.history.memory, activeAt: now } };
  if (current > 0) return conclude({ ...input, history }, NO_STAGES, "kept", [`awake: ${String(current)} replicas`]);
  if (spec.minReplicas > 0 && history.memory.asleep !== true) {
    return conclude(input, NO_STAGES, "skipped", [SWITCHED_OFF]);
  }
  const stages: Stages = { ...NO_STAGES, clamped: Math.max(spec.minReplicas, 1) };
  const woken = recordRecommendation(spec, history, Math.max(spec.minReplicas, 1), now);
  return conclude({ ...input, history: woken }, stages, "scaled", ["woken: a request waits"]);
}

/**
 * How many replicas a workload should have: the algorithm of Kubernetes' HorizontalPodAutoscaler (autoscaling/v2). Every
 * metric proposes a number, the largest counts, and the behavior damps it: stabilise, limit the rate, clamp. What the scaler
 * asks for beyond that (panic, idle, prediction) comes on top. Pure: nothing is scaled here; the action "scaled" says that the
 * caller has to, and to record it with `recordScale`.
 */
export function evaluate(asked: EvaluationInput): Evaluation {
  const { spec, current, now } = asked;
  const { minReplicas, maxReplicas } = spec;
  const noted = noteChanges(asked);
  const memory = noted.memory ?? {};
  // The number found at the first evaluation counts as the first recommendation, so that a new scaler does not jump down.
  const isFirst = noted.recommendations.length === 0;
  const input = { ...asked, history: isFirst ? recordRecommendation(spec, noted, current, now) : noted };
  const stages: Stages = { ...NO_STAGES };

  if (current === 0 && minReplicas > 0 && memory.asleep !== true) {
    return conclude(input, stages, "skipped", [SWITCHED_OFF]);
  }
  if (current > maxReplicas || (current < minReplicas && current > 0)) {
    stages.clamped = current < minReplicas ? minReplicas : maxReplicas;
    const bound =
      current < minReplicas ? `below minReplicas ${String(minReplicas)}` : `above maxReplicas ${String(maxReplicas)}`;
    return conclude(input, stages, "scaled", [`${String(current)} replicas are ${bound}`]);
  }

  const belief: Belief = { believed: {}, doubted: {} };
  const results = spec.metrics.map((metric, place) => proposeFor(metric, input.readings[place], input, memory, belief));
  const readings = results.map((result) => result.reading);
  const proposals = results.map((result) => result.proposal);
  const reasons = results.flatMap((result) => result.reasons);
  const valid = proposals.filter((proposal) => proposal.proposal !== null);
  const failed = proposals.length - valid.length;
  const failing = `${String(failed)} of ${String(proposals.length)} metrics could not be read`;
  const isComplete = failed === 0 && readings.every(({ missing }) => missing === 0);
  const remembered: Memory = { ...memory, ...belief };
  // No demand that can be read is not the same as no demand.
  const isIdle = isComplete && Object.values(belief.believed).every((total) => total === 0);
  if (!isIdle || memory.activeAt === undefined) remembered.activeAt = now;
  const end = (action: Decision["action"], why: string, changed: Partial<ScalingHistory> = {}): Evaluation =>
    conclude(
      { ...input, history: { ...input.history, ...changed, memory: remembered } },
      stages,
      action,
      [...reasons, why],
      { readings, perMetric: proposals, prediction },
    );
  let prediction: PredictionResult | undefined;

  if (valid.length === 0) {
    return end(
      "skipped",
      current === 0 ? "asleep: a request wakes it" : `no metric could be read: keep ${String(current)}`,
    );
  }
  stages.raw = Math.max(...valid.map((proposal) => proposal.raw ?? 0));
  const desired = Math.max(...valid.map((proposal) => proposal.proposal ?? 0));
  stages.tolerance = desired;
  if (failed > 0 && desired < current) {
    return end("skipped", `${failing}: no scaling down to ${String(desired)} on missing data`);
  }

  stages.stabilised = stabilise(spec, input.history, current, desired, now);
  stages.rateLimited = limitRate(spec, input.history, current, stages.stabilised, now);
  const ready = readyReplicas(input.replicas).length;
  const alarm = watchForSurge(spec.panic, memory, input.history.recommendations, desired, ready, now);
  remembered.panic = alarm.panic;
  if (alarm.panic && spec.behavior.scaleUp.selectPolicy !== "Disabled") {
    stages.stabilised = Math.max(current, alarm.panic.replicas);
    stages.rateLimited = stages.stabilised;
  }
  // Where somebody else acts, a workload that was woken may have no replica for a while.
  const isWaking = current === 0 && spec.act === "serve" && memory.asleep !== true;
  const mayGoIdle = minReplicas === 0 && (isWaking || (current > 0 && spec.idle !== undefined));
  const lastOne = mayGoIdle ? lastReplica(spec.idle ?? DEFAULT_IDLE, remembered, now) : undefined;
  const floor = lastOne === undefined ? minReplicas : 1;
  const clamp = (replicas: number): number => Math.min(Math.max(replicas, floor), maxReplicas);
  stages.clamped = clamp(stages.rateLimited);
  // What panic passed over was not stabilised.
  const explained = alarm.panic ? { ...stages, tolerance: stages.stabilised } : stages;
  reasons.push(...alarm.reasons, ...explain(explained, spec), ...(lastOne === undefined ? [] : [lastOne]));

  const foreseen = foresee(input, memory, stages.clamped, isComplete);
  if (foreseen) {
    remembered.forecasts = foreseen.state;
    prediction = foreseen.result;
    reasons.push(...foreseen.reasons);
    if (prediction?.acted) {
      const held = Math.max(prediction.replicas, alarm.panic?.replicas ?? 0);
      stages.forecast = held;
      stages.clamped = clamp(alarm.panic ? held : limitRate(spec, input.history, current, held, now));
    }
  }
  const { recommendations } = recordRecommendation(spec, input.history, desired, now);
  if (stages.clamped === current) return end("kept", `${String(current)} replicas are right`, { recommendations });
  const leading = valid.find((proposal) => proposal.proposal === desired)?.metric ?? "the metrics";
  const metricsSay =
    stages.clamped > current
      ? `${leading} asks for ${String(desired)}`
      : `all metrics are below target, ${leading} the highest`;
  const why = prediction?.acted ? "the forecast asks for it" : metricsSay;
  return end("scaled", `from ${String(current)} to ${String(stages.clamped)}: ${why}`, { recommendations });
}

/** Where somebody else scales, what he changed counts for the scaling policies from the evaluation that sees it. */
function noteChanges({ spec, history, current, now }: EvaluationInput): ScalingHistory {
  if (spec.act !== "serve") return history;
  const seen = history.memory?.seen ?? current;
  const noted = seen === current ? history : recordScale(spec, history, current - seen, now);
  return { ...noted, memory: { ...noted.memory, seen: current } };
}
