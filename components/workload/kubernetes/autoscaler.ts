import type * as k8s from "@pulumi/kubernetes";
import type { AutoscalingArgs } from "./autoscaling-types";

type HpaSpec = k8s.types.input.autoscaling.v2.HorizontalPodAutoscalerSpec;
type Behavior = k8s.types.input.autoscaling.v2.HorizontalPodAutoscalerBehavior;

const CPU_PERCENT = 70;

export interface ScaleTarget {
  kind: string;
  name: string;
}

/** Up at once and at most twofold in 15 s, down only after five calm minutes and a tenth at a time. */
const BEHAVIOR: Behavior = {
  scaleUp: {
    stabilizationWindowSeconds: 0,
    selectPolicy: "Max",
    policies: [
      { type: "Percent", value: 100, periodSeconds: 15 },
      { type: "Pods", value: 4, periodSeconds: 15 },
    ],
  },
  scaleDown: {
    stabilizationWindowSeconds: 300,
    selectPolicy: "Max",
    policies: [
      { type: "Percent", value: 10, periodSeconds: 60 },
      { type: "Pods", value: 1, periodSeconds: 60 },
    ],
  },
};

export function horizontalPodAutoscalerSpec(target: ScaleTarget, args: AutoscalingArgs): HpaSpec {
  return {
    scaleTargetRef: { apiVersion: "apps/v1", ...target },
    minReplicas: args.minReplicas,
    maxReplicas: args.maxReplicas,
    metrics: targets(args).map(({ name, percent }) => ({
      type: "Resource",
      resource: { name, target: { type: "Utilization", averageUtilization: percent } },
    })),
    behavior: BEHAVIOR,
  };
}

/** The spec of a `keda.sh/v1alpha1` ScaledObject. */
export function scaledObjectSpec(target: ScaleTarget, args: AutoscalingArgs): Record<string, unknown> {
  return {
    scaleTargetRef: { apiVersion: "apps/v1", ...target },
    minReplicaCount: args.minReplicas,
    maxReplicaCount: args.maxReplicas,
    advanced: { horizontalPodAutoscalerConfig: { behavior: BEHAVIOR } },
    triggers: [
      ...targets(args).map(({ name, percent }) => ({
        type: name,
        metricType: "Utilization",
        metadata: { value: String(percent) },
      })),
      ...(args.triggers ?? []).map(({ type, metadata, authentication }) => ({
        type,
        metadata,
        authenticationRef: authentication && { name: authentication },
      })),
    ],
  };
}

/** CPU and memory targets; CPU where nothing else is watched. */
function targets({ cpuPercent, memoryPercent, triggers = [] }: AutoscalingArgs): { name: string; percent: number }[] {
  const cpu = cpuPercent ?? (memoryPercent === undefined && triggers.length === 0 ? CPU_PERCENT : undefined);
  return [
    ...(cpu === undefined ? [] : [{ name: "cpu", percent: cpu }]),
    ...(memoryPercent === undefined ? [] : [{ name: "memory", percent: memoryPercent }]),
  ];
}
