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
  /** Whose it is: energy and carbon are reported by it. */
  tenant: "machine-native-ops/tenant",
  /** The only label of pods that are cut off, and on the network policy that does it: uid of the workload that they were of. */
  quarantine: "machine-native-ops/quarantine",
} as const;

/** On a node: the cloud region or grid zone that it is in. */
export const REGION_LABEL = "topology.kubernetes.io/region";

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
  /** When a service is awake, as people and the energy optimizer read it: `Mon-Fri 08:00-18:00 Europe/Berlin`. */
  sleepSchedule: "machine-native-ops/sleep-schedule",
  /** Prefix of what the green scheduler reads and writes on a Job that waits for it: `machine-native-ops/green.<setting>`. */
  green: "machine-native-ops/green.",
} as const;

/**
 * On a Job with `machine-native-ops/admission: green-scheduler`: what the green scheduler may do with it. Durations are seconds,
 * times RFC 3339 or `+<seconds>` after the scheduler first saw the job.
 */
export const GREEN_ANNOTATIONS = {
  /** To be finished by; the one that a job cannot do without. */
  deadline: "machine-native-ops/green.deadline",
  /** Not to start before. */
  release: "machine-native-ops/green.release",
  /** The longest it may be held back in all. */
  maxDelay: "machine-native-ops/green.max-delay",
  /** How long it runs. */
  duration: "machine-native-ops/green.duration",
  /** `true`: it may be suspended and resumed; it keeps its progress itself. */
  interruptible: "machine-native-ops/green.interruptible",
  /** Lost at each pause. */
  checkpoint: "machine-native-ops/green.checkpoint",
  /** Lost at each start. */
  startup: "machine-native-ops/green.startup",
  /** It runs at least this long before it is paused again. */
  minChunk: "machine-native-ops/green.min-chunk",
  /** Where it may run, separated by commas. */
  regions: "machine-native-ops/green.regions",
  /** W of all its replicas while it runs. */
  watts: "machine-native-ops/green.watts",
  /** gCO2e that it must not exceed by the plan. */
  carbonBudget: "machine-native-ops/green.carbon-budget",
  /**
   * Cron expression: the job runs again and again, held anew after each run, and what is said as `+<seconds>` counts from each
   * of its times. On Kubernetes a CronJob has the schedule, and the other annotations stand in its jobTemplate, suspended.
   */
  schedule: "machine-native-ops/green.schedule",
  /** IANA time zone of the schedule; UTC without it. */
  timeZone: "machine-native-ops/green.time-zone",
  /** Jobs with the same key are runs of one recurring job: run times are learned by it. */
  recurringKey: "machine-native-ops/green.recurring-key",
  /** Written: id of the decision that it was released by. */
  decision: "machine-native-ops/green.decision",
  /** Written: why it was released unplanned. */
  fault: "machine-native-ops/green.fault",
} as const;

/** Why a held job was released, of whoever released it: it stays for as long as the job does, and is nobody's declaration. */
export const RELEASE_ANNOTATIONS: readonly string[] = [
  KUBERNETES_ANNOTATIONS.allocation,
  GREEN_ANNOTATIONS.decision,
  GREEN_ANNOTATIONS.fault,
];
