import type * as pulumi from "@pulumi/pulumi";

/** Who owns the number of replicas. */
export const Scaler = {
  /** Kubernetes' HorizontalPodAutoscaler, by CPU or memory; needs metrics-server. */
  Hpa: "hpa",
  /** KEDA's ScaledObject, by its triggers; needs KEDA. */
  Keda: "keda",
  /** The auto-scaling engine of this platform, through the scale subresource. */
  MachineNativeOps: "machine-native-ops",
} as const;
export type Scaler = (typeof Scaler)[keyof typeof Scaler];

/** What KEDA watches, as https://keda.sh/docs/scalers/ lists it. */
export interface KedaTriggerArgs {
  /** Kind of the trigger, such as `prometheus` or `nats-jetstream`. */
  type: pulumi.Input<string>;
  /** The trigger's settings; no secrets here. */
  metadata: pulumi.Input<{ [name: string]: pulumi.Input<string> }>;
  /** Name of a TriggerAuthentication in the same namespace. Default: none. */
  authentication?: pulumi.Input<string>;
}

/** Who scales a workload, and between which bounds. */
export interface AutoscalingArgs {
  /** Who owns the number of replicas. */
  scaler: Scaler;
  /** The fewest replicas. 0 only with KEDA and a trigger of its own. */
  minReplicas: number;
  /** The most replicas. */
  maxReplicas: number;
  /** Mean CPU use that HPA or KEDA aims at, in percent of the request. Default 70 where nothing else is given. */
  cpuPercent?: number;
  /** Mean memory use that HPA or KEDA aims at, in percent of the request. Default: memory does not count. */
  memoryPercent?: number;
  /** What KEDA watches beside CPU and memory. */
  triggers?: KedaTriggerArgs[];
}
