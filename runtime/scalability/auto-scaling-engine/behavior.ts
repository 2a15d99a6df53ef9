import type { Memory } from "./memory";
import type { ScalerSpec, ScalingRules } from "./spec";

/** What the engine remembers of one workload. Times are milliseconds since the epoch; order does not matter. */
export interface ScalingHistory {
  /** Past results of the metrics, before damping. */
  recommendations: readonly { time: number; replicas: number }[];
  /** Past changes that were carried out: positive added replicas, negative removed them. */
  scaleEvents: readonly { time: number; change: number }[];
  /** Absent before the first evaluation. */
  memory?: Memory;
}

/**
 * Stabilisation: brings `current` as far as every recommendation of the windows agrees. Going up, the lowest one of the up
 * window counts; going down, the highest of the down window; the newest recommendation belongs to both.
 */
export function stabilise(
  spec: ScalerSpec,
  history: ScalingHistory,
  current: number,
  desired: number,
  now: number,
): number {
  const within = (rules: ScalingRules): number[] => [
    desired,
    ...history.recommendations
      .filter((past) => past.time > now - rules.stabilizationWindowSeconds * 1000)
      .map((past) => past.replicas),
  ];
  const lowest = Math.min(...within(spec.behavior.scaleUp));
  const highest = Math.max(...within(spec.behavior.scaleDown));
  return Math.min(Math.max(current, lowest), highest);
}

/**
 * Rate limit: each policy allows a change of so many replicas, or so many percent, from the number at the start of its
 * period. Percentages round up going up (else one replica could never grow) and are truncated going down.
 */
export function limitRate(
  spec: ScalerSpec,
  history: ScalingHistory,
  current: number,
  desired: number,
  now: number,
): number {
  if (desired > current) {
    const allowed = rateLimit(spec.behavior.scaleUp, history, current, now, +1);
    return Math.min(desired, Math.max(allowed, current));
  }
  if (desired < current) {
    const allowed = rateLimit(spec.behavior.scaleDown, history, current, now, -1);
    return Math.max(desired, Math.min(allowed, current));
  }
  return desired;
}

function rateLimit(
  rules: ScalingRules,
  history: ScalingHistory,
  current: number,
  now: number,
  direction: 1 | -1,
): number {
  if (rules.selectPolicy === "Disabled") return current;
  const limits = rules.policies.map((policy) => {
    const changed = history.scaleEvents
      .filter((event) => event.time > now - policy.periodSeconds * 1000)
      .reduce((sum, event) => sum + event.change, 0);
    const start = current - changed;
    if (policy.type === "Pods") return start + direction * policy.value;
    const limit = start * (1 + (direction * policy.value) / 100);
    return direction > 0 ? Math.ceil(limit) : Math.trunc(limit);
  });
  // "Max" is the policy that allows the largest change: the highest limit going up, the lowest going down.
  const highest = (rules.selectPolicy === "Max") === direction > 0;
  return highest ? Math.max(...limits) : Math.min(...limits);
}

/** The history after a recommendation; what no window can reach any more is left out. */
export function recordRecommendation(
  spec: ScalerSpec,
  history: ScalingHistory,
  replicas: number,
  time: number,
): ScalingHistory {
  const { scaleUp, scaleDown } = spec.behavior;
  const window = Math.max(scaleUp.stabilizationWindowSeconds, scaleDown.stabilizationWindowSeconds);
  const kept = history.recommendations.filter((past) => past.time > time - window * 1000);
  return { ...history, recommendations: [...kept, { time, replicas }] };
}

/** The history after a change was carried out; what no policy's period can reach any more is left out. */
export function recordScale(spec: ScalerSpec, history: ScalingHistory, change: number, time: number): ScalingHistory {
  const policies = [...spec.behavior.scaleUp.policies, ...spec.behavior.scaleDown.policies];
  const period = Math.max(...policies.map((policy) => policy.periodSeconds));
  const kept = history.scaleEvents.filter((event) => event.time > time - period * 1000);
  return { ...history, scaleEvents: [...kept, { time, change }] };
}
