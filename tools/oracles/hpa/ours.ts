import type { ReplicaStatus } from "../../../runtime/kernel/cluster/cluster";
import { recordScale, type ScalingHistory } from "../../../runtime/scalability/auto-scaling-engine/behavior";
import { evaluate } from "../../../runtime/scalability/auto-scaling-engine/engine";
import type { MetricReading } from "../../../runtime/scalability/auto-scaling-engine/proposals";
import {
  proposeFromReplicas,
  proposeFromTotal,
  type SampleTime,
  type Situation,
} from "../../../runtime/scalability/auto-scaling-engine/replica-calculator";
import {
  DEFAULT_BEHAVIOR,
  type MetricSpec,
  type ScalerSpec,
} from "../../../runtime/scalability/auto-scaling-engine/spec";
import { validateScaler } from "../../../runtime/scalability/auto-scaling-engine/validate";
import { type Answer, type Case, type CasePod, type CaseTick, existing, type Question } from "./case";

const START = Date.parse("2026-01-01T00:00:00Z");

/** What this project's auto-scaling engine answers. */
export function ours(question: Question): Answer {
  return "calculate" in question ? calculate(question.calculate) : episode(question.episode);
}

function calculate(asked: Case): Answer {
  const spec = specOf(asked);
  const [tick] = asked.ticks as [CaseTick];
  const situation = situationOf(asked, spec, tick, asked.replicas, START);
  return spec.metrics.map((metric, place) => {
    const reading = readingOf(metric, place, tick, asked.replicas, START);
    if ("error" in reading) return null;
    const proposal =
      metric.type === "external"
        ? proposeFromTotal(metric, (reading as { value: number }).value, situation)
        : perReplica(metric, reading, situation);
    return "error" in proposal ? null : proposal.replicas;
  });
}

function perReplica(
  metric: Exclude<MetricSpec, { type: "external" }>,
  reading: MetricReading,
  situation: Situation,
): ReturnType<typeof proposeFromReplicas> {
  const { values, times } = reading as Extract<MetricReading, { values: unknown }>;
  return proposeFromReplicas(metric, values, situation, times);
}

function episode(asked: Case): Answer {
  const spec = specOf(asked);
  let current = asked.replicas;
  let now = START;
  let history: ScalingHistory = { recommendations: [], scaleEvents: [] };
  return asked.ticks.map((tick) => {
    now += tick.after * 1000;
    current = tick.set ?? current;
    const evaluation = evaluate({
      ...situationOf(asked, spec, tick, current, now),
      id: "dec_oracle",
      trigger: "interval",
      readings: spec.metrics.map((metric, place) => readingOf(metric, place, tick, current, now)),
      history,
    });
    history = evaluation.history;
    const { action, desiredReplicas } = evaluation.decision;
    if (action === "scaled") {
      history = recordScale(spec, history, desiredReplicas - current, now);
      current = desiredReplicas;
    }
    return current;
  });
}

function specOf({ metrics, behavior, tolerance, minReplicas, maxReplicas }: Case): ScalerSpec {
  const { scaleUp, scaleDown } = DEFAULT_BEHAVIOR;
  return validateScaler({
    workload: "workload",
    minReplicas,
    maxReplicas,
    metrics: metrics.map(({ type, name, target }) =>
      type === "object" || type === "external"
        ? { type: "external", name: "allocated", target }
        : { type, name, target },
    ),
    behavior: behavior ?? { scaleUp: { ...scaleUp, tolerance }, scaleDown: { ...scaleDown, tolerance } },
  });
}

function situationOf(asked: Case, spec: ScalerSpec, tick: CaseTick, current: number, now: number): Situation {
  return {
    spec,
    current,
    now,
    replicas: existing(tick, current).map((pod, index) => replicaOf(pod, index, now)),
    requests: { cpuCores: asked.request, memoryBytes: asked.request },
    options: {
      cpuInitializationSeconds: asked.cpuInitializationSeconds,
      initialReadinessSeconds: asked.initialReadinessSeconds,
      cpuSampleSeconds: 0,
      // Kubernetes leaves it to the metrics server whether a sample is too old, and believes any.
      mostSampleAgeSeconds: Infinity,
      mostGrowth: Infinity,
    },
  };
}

/** A pod as the Kubernetes driver shows it. */
function replicaOf(pod: CasePod, index: number, now: number): ReplicaStatus {
  const ago = (seconds: number): string => new Date(now - seconds * 1000).toISOString();
  return {
    name: `r-${String(index)}`,
    node: "node",
    phase: phaseOf(pod),
    ...(pod.started === undefined ? {} : { startedAt: ago(pod.started) }),
    ...(pod.ready === undefined ? {} : { readyChangedAt: ago(pod.changed) }),
    restarts: 0,
    endpoints: {},
  };
}

function phaseOf({ phase, deleted, ready }: CasePod): ReplicaStatus["phase"] {
  if (deleted) return "stopping";
  if (phase === "Succeeded" || phase === "Failed") return phase === "Failed" ? "failed" : "succeeded";
  if (phase === "Pending") return "starting";
  return ready === true ? "ready" : "unready";
}

function readingOf(metric: MetricSpec, place: number, tick: CaseTick, current: number, now: number): MetricReading {
  if (metric.type === "external") {
    const value = tick.totals[place] ?? null;
    return value === null ? { error: "the metric could not be read" } : { value };
  }
  const values = new Map<string, number>();
  const times = new Map<string, SampleTime>();
  existing(tick, current).forEach((pod, index) => {
    const value = pod.values[place] ?? null;
    if (value === null) return;
    values.set(`r-${String(index)}`, value);
    times.set(`r-${String(index)}`, { time: now - pod.sampled * 1000, windowSeconds: pod.window });
  });
  return { values, times };
}
