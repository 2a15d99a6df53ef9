/**
 * Names on Kubernetes objects that both sides rely on: components write them, the runtime's Kubernetes driver reads them,
 * policies judge by them.
 */

/** The field manager of everything that the runtime changes by server-side apply. */
export const FIELD_MANAGER = "machine-native-ops";

export const KUBERNETES_LABELS = {
  /** On every object and pod of one workload; the value is the workload's name. */
  name: "app.kubernetes.io/name",
  partOf: "app.kubernetes.io/part-of",
  managedBy: "app.kubernetes.io/managed-by",
  /** Which engine an agent runs. */
  target: "machine-native-ops/target",
  /** The most replicas that an autoscaler may ask for; carbon and capacity rules read it. */
  maxReplicas: "machine-native-ops/max-replicas",
} as const;

export const KUBERNETES_ANNOTATIONS = {
  /** Name of the autoscaler that owns the number of replicas. */
  scaledBy: "machine-native-ops/scaled-by",
  /** Who declared the workload through the runtime's cluster API. */
  owner: "machine-native-ops/owner",
  /** On a suspended Job: the engine that releases it when its capacity is granted. */
  admission: "machine-native-ops/admission",
  /** On a released Job: id of the allocation that it runs on. */
  allocation: "machine-native-ops/allocation",
  /** Prefix of the reasons why a secure default was given up: `machine-native-ops/opt-out.<setting>`. */
  optOut: "machine-native-ops/opt-out.",
} as const;
