import type * as pulumi from "@pulumi/pulumi";
import type { MeshKind } from "../../mesh/kinds";
import type { GreenSchedulingArgs } from "../green";
import type { ResourceRequestsArgs } from "../types";
import type {
  KubernetesContainerArgs,
  KubernetesPortArgs,
  KubernetesProbeArgs,
  ResourceLimitsArgs,
  SecretReferenceArgs,
} from "./container-types";
import type { AutoscalingArgs } from "./autoscaling-types";
import type { AlertArgs, MetricsArgs, OptOutArgs, PermissionArgs } from "./operation-types";
import type { FilesArgs, ScratchArgs, StorageArgs } from "./volume-types";

/** What a workload becomes. */
export const KubernetesWorkloadKind = {
  /** A Deployment with a Service: interchangeable replicas until it is removed. */
  Service: "service",
  /** A StatefulSet with a headless Service: replicas with a name and a disk of their own. */
  Stateful: "stateful",
  /** A Job: runs to completion once. */
  Job: "job",
  /** A CronJob: a Job at each time of a schedule. */
  ScheduledJob: "scheduled-job",
} as const;
export type KubernetesWorkloadKind = (typeof KubernetesWorkloadKind)[keyof typeof KubernetesWorkloadKind];

/** How strictly replicas are kept in different zones. */
export const ZoneSpread = {
  /** Where it can be had: schedules on clusters without zones, and into the zones left when one fails. */
  Preferred: "preferred",
  /** Always: a replica waits rather than unbalance the zones. Nodes without a zone label get none. */
  Required: "required",
} as const;
export type ZoneSpread = (typeof ZoneSpread)[keyof typeof ZoneSpread];

export interface KubernetesWorkloadArgs {
  /** Namespace, which exists. */
  namespace: pulumi.Input<string>;
  /** Container image, pinned by digest: `registry/app:1.4.2@sha256:…`. */
  image: pulumi.Input<string>;
  /** Default `service`. */
  kind?: KubernetesWorkloadKind;
  /** Program and first arguments instead of the image's entry point. */
  command?: pulumi.Input<pulumi.Input<string>[]>;
  /** Arguments. */
  args?: pulumi.Input<pulumi.Input<string>[]>;
  /** Environment variables of each replica; no secrets here. */
  environment?: pulumi.Input<{ [name: string]: pulumi.Input<string> }>;
  /** Environment variables whose values are fields of the pod, such as `metadata.name` or `status.podIP`. */
  fieldEnvironment?: pulumi.Input<{ [name: string]: pulumi.Input<string> }>;
  /** Environment variables that are secret: kept in a Secret of the workload's own; a change rolls the replicas. */
  secretEnvironment?: pulumi.Input<{ [name: string]: pulumi.Input<string> }>;
  /** Environment variables read from Secrets that exist already; a change in them does not roll the replicas. */
  secretReferences?: pulumi.Input<pulumi.Input<SecretReferenceArgs>[]>;
  /** What one replica asks for. */
  requests: pulumi.Input<ResourceRequestsArgs>;
  /** What one replica may use at most. */
  limits?: pulumi.Input<ResourceLimitsArgs>;
  /** Replicas of a service or stateful workload. Default 1. Not together with `autoscaling`. */
  replicas?: pulumi.Input<number>;
  /** Who scales the workload, and between which bounds. */
  autoscaling?: AutoscalingArgs;
  /** Ports that clients reach. */
  ports?: KubernetesPortArgs[];
  /** Whether a replica gets traffic. Default: it does once it runs. */
  readiness?: pulumi.Input<KubernetesProbeArgs>;
  /** Whether a replica is restarted. Default: only when its process ends. */
  liveness?: pulumi.Input<KubernetesProbeArgs>;
  /** Whether a replica has started; the other probes wait for it. */
  startup?: pulumi.Input<KubernetesProbeArgs>;
  /** Read-only files: configuration, secrets. */
  files?: FilesArgs[];
  /** Empty folders that live as long as a pod; needed for what a program writes, for the root file system is read-only. */
  scratch?: ScratchArgs[];
  /** Disks of each replica that outlive it. Stateful only. */
  storage?: StorageArgs[];
  /** Containers that run as long as the main one does: started before it, stopped after it. */
  sidecars?: KubernetesContainerArgs[];
  /** Containers that run to completion, one after another, before the others start. */
  initContainers?: KubernetesContainerArgs[];
  /** Times at which a scheduled job runs, in cron format: `0 3 * * *`. */
  schedule?: pulumi.Input<string>;
  /** Time zone of `schedule`, such as `Europe/Berlin`. Default `Etc/UTC`. */
  timeZone?: pulumi.Input<string>;
  /** Pods of a job at a time. Default 1. */
  parallelism?: pulumi.Input<number>;
  /** Pods of a job that must succeed. Default 1. */
  completions?: pulumi.Input<number>;
  /** Failures of a job's pods before it counts as failed; evictions do not count. Default 6. */
  backoffLimit?: pulumi.Input<number>;
  /** true: a job starts no pods, a schedule no jobs, until this is false again. Default false. */
  suspended?: pulumi.Input<boolean>;
  /** Engine that releases the suspended job once its capacity is granted. Job only; it is then suspended at first. */
  admission?: string;
  /** Hands the job, or each job of the schedule, to the green scheduler, which starts it when power is clean. */
  green?: GreenSchedulingArgs;
  /** What the replicas may do in one namespace at the Kubernetes API. Without any permission they get no token. */
  permissions?: PermissionArgs[];
  /** Namespace in which `permissions` hold. Default: the workload's own. */
  permissionsNamespace?: pulumi.Input<string>;
  /** What the replicas may do in the whole cluster at the Kubernetes API. */
  clusterPermissions?: PermissionArgs[];
  /** Where Prometheus scrapes each replica; makes a PodMonitor, whose CRD must exist. */
  metrics?: MetricsArgs;
  /** Alerts about the workload; makes a PrometheusRule, whose CRD must exist. */
  alerts?: AlertArgs[];
  /** Names of Secrets with credentials for the image's registry. */
  imagePullSecrets?: pulumi.Input<pulumi.Input<string>[]>;
  /** Name of the PriorityClass. Default: the cluster's. */
  priorityClassName?: pulumi.Input<string>;
  /** Seconds from SIGTERM to SIGKILL. Default 30. */
  gracePeriodSeconds?: pulumi.Input<number>;
  /** User id of the processes, not 0. Default 65532. */
  runAsUser?: pulumi.Input<number>;
  /** Group id that owns the volumes. Default 65532. */
  fsGroup?: pulumi.Input<number>;
  /** How strictly replicas are kept in different zones. Default `preferred`. */
  zoneSpread?: ZoneSpread;
  /** Secure defaults given up, each with its reason. */
  optOuts?: OptOutArgs[];
  /** The mesh that carries the workload's traffic; the namespace may name the same. Default `none`. */
  mesh?: MeshKind;
  /** false: disks of a stateful workload may be deleted with it, and it may be replaced. Default true. */
  protect?: boolean;
  /** Labels of everything the component makes, pods included. */
  labels?: pulumi.Input<{ [name: string]: pulumi.Input<string> }>;
  /** Annotations of the workload and its pods. */
  annotations?: pulumi.Input<{ [name: string]: pulumi.Input<string> }>;
}
