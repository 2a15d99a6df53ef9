import type { ResourceQuantities } from "../../exports";
import type { ReplicaStatus } from "../../kernel/cluster/cluster";
import { limitRate, recordRecommendation, type ScalingHistory, stabilise } from "./behavior";
import type { Decision, MetricProposal, Reading, Stages, Trigger } from "./decision";
import {
  type CalculatorOptions,
  liveReplicas,
  proposeFromReplicas,
  proposeFromTotal,
  readyReplicas,
  type Situation,
} from "./replica-calculator";
import { metricName, type MetricSpec, type ScalerSpec } from "./spec";

/** What a metric source said: a value per replica, one value for the workload, or why there is none. */
export type MetricReading =
  { values: ReadonlyMap<string, number>; faults?: readonly string[] } | { value: number } | { error: string };

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
}

/** The decision, and the history to keep for the next one. */
interface Evaluation {
  decision: Decision;
  history: ScalingHistory;
}

const NO_STAGES: Stages = { raw: null, tolerance: null, stabilised: null, rateLimited: null, clamped: null };

/** The decision not to evaluate at all, for a reason that lies outside the numbers. */
export function refuse(input: EvaluationInput, reason: string): Evaluation {
  return conclude(input, NO_STAGES, "skipped", [reason]);
}

/**
 * How many replicas a workload should have: the algorithm of Kubernetes' HorizontalPodAutoscaler (autoscaling/v2). Every
 * metric proposes a number, the largest counts, and the behavior damps it: stabilise, limit the rate, clamp. Pure: nothing
 * is scaled here; the action "scaled" says that the caller has to, and to record it with `recordScale`.
 */
export function evaluate(input: EvaluationInput): Evaluation {
  const { spec, current, now } = input;
  const { minReplicas, maxReplicas } = spec;
  const stages: Stages = { ...NO_STAGES };

  if (current === 0 && minReplicas > 0) {
    return conclude(input, stages, "skipped", [
      "scaling is off while the workload is set to 0 replicas; set 1 or more to turn it on",
    ]);
  }
  if (current < minReplicas || current > maxReplicas) {
    stages.clamped = current < minReplicas ? minReplicas : maxReplicas;
    const bound =
      current < minReplicas ? `below minReplicas ${String(minReplicas)}` : `above maxReplicas ${String(maxReplicas)}`;
    return conclude(input, stages, "scaled", [`${String(current)} replicas are ${bound}`]);
  }

  const results = spec.metrics.map((metric, index) => proposeFor(metric, input.readings[index], input));
  const readings = results.map((result) => result.reading);
  const proposals = results.map((result) => result.proposal);
  const reasons = results.flatMap((result) => result.reasons);
  const valid = proposals.filter((proposal) => proposal.proposal !== null);
  const failed = proposals.length - valid.length;
  const end = (action: Decision["action"], why: string, history = input.history): Evaluation =>
    conclude({ ...input, history }, stages, action, [...reasons, why], readings, proposals);

  if (valid.length === 0) return end("skipped", `no metric could be read: keep ${String(current)}`);
  stages.raw = Math.max(...valid.map((proposal) => proposal.raw ?? 0));
  const desired = Math.max(...valid.map((proposal) => proposal.proposal ?? 0));
  stages.tolerance = desired;
  if (failed > 0 && desired < current) {
    return end(
      "skipped",
      `${String(failed)} of ${String(proposals.length)} metrics could not be read: no scaling down to ${String(desired)} on missing data`,
    );
  }

  // The number found at the first evaluation counts as the first recommendation, so that a new scaler does not jump down.
  const seeded =
    input.history.recommendations.length > 0 ? input.history : recordRecommendation(spec, input.history, current, now);
  stages.stabilised = stabilise(spec, seeded, current, desired, now);
  stages.rateLimited = limitRate(spec, seeded, current, stages.stabilised, now);
  stages.clamped = Math.min(Math.max(stages.rateLimited, minReplicas), maxReplicas);
  reasons.push(...explain(stages, spec));
  const history = recordRecommendation(spec, seeded, desired, now);
  if (stages.clamped === current) return end("kept", `${String(current)} replicas are right`, history);
  const leading = valid.find((proposal) => proposal.proposal === desired)?.metric ?? "the metrics";
  const why =
    stages.clamped > current
      ? `${leading} asks for ${String(desired)}`
      : `all metrics are below target, ${leading} the highest`;
  return end("scaled", `from ${String(current)} to ${String(stages.clamped)}: ${why}`, history);
}

function proposeFor(
  metric: MetricSpec,
  raw: MetricReading | undefined,
  input: EvaluationInput,
): { reading: Reading; proposal: MetricProposal; reasons: string[] } {
  const name = metricName(metric);
  const situation: Situation = input;
  const { reading, reasons } = trust(name, raw ?? { error: "it was not read" });
  const fail = (error: string): ReturnType<typeof proposeFor> => ({
    reading: { ...reading, error },
    proposal: { metric: name, ratio: null, raw: null, proposal: null, arithmetic: error },
    reasons: [...reasons, `${name}: ${error}`],
  });
  if (reading.error !== null) return fail(reading.error);
  let result;
  if (metric.type !== "external") {
    result = proposeFromReplicas(metric, new Map(Object.entries(reading.values)), situation);
  } else {
    if (reading.value === null) return fail("it has no value");
    result = proposeFromTotal(metric, reading.value, situation);
  }
  Object.assign(reading, result.counts);
  if ("error" in result) return fail(result.error);
  const ratio = Number.isFinite(result.ratio) ? result.ratio : null; // no replica to divide by
  return {
    reading,
    proposal: { metric: name, ratio, raw: result.raw, proposal: result.replicas, arithmetic: result.arithmetic },
    reasons,
  };
}

/** NaN, infinite and negative values are lies about a quantity: they count as missing, and are named. */
function trust(name: string, raw: MetricReading): { reading: Reading; reasons: string[] } {
  const reading: Reading = { metric: name, values: {}, value: null, ready: 0, unready: 0, missing: 0, error: null };
  const lie = (value: number): boolean => !Number.isFinite(value) || value < 0;
  if ("error" in raw) return { reading: { ...reading, error: raw.error }, reasons: [] };
  if ("value" in raw) {
    if (lie(raw.value))
      return { reading: { ...reading, error: `reports ${String(raw.value)}, which cannot be` }, reasons: [] };
    return { reading: { ...reading, value: raw.value }, reasons: [] };
  }
  const values = [...raw.values];
  return {
    reading: { ...reading, values: Object.fromEntries(values.filter(([, value]) => !lie(value))) },
    reasons: [
      ...(raw.faults ?? []).map((fault) => `${name}: ${fault}`),
      ...values
        .filter(([, value]) => lie(value))
        .map(
          ([replica, value]) => `${name}: ${replica} reports ${String(value)}, which cannot be; it counts as missing`,
        ),
    ],
  };
}

/** What each stage changed, in words. */
function explain(stages: Stages, spec: ScalerSpec): string[] {
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

function conclude(
  input: EvaluationInput,
  stages: Stages,
  action: Decision["action"],
  reasons: string[],
  readings: Reading[] = [],
  perMetric: MetricProposal[] = [],
): Evaluation {
  const { id, spec, trigger, current, replicas, history } = input;
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
    desiredReplicas: action === "scaled" ? (stages.clamped ?? current) : current,
    action,
    reasons,
  };
  return { decision, history };
}
