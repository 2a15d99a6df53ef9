import type * as pulumi from "@pulumi/pulumi";
import type { GreenSchedulingArgs } from "./green";

/** What runs: a service until it is stopped, or a job to completion. */
export const WorkloadKind = { Service: "service", Job: "job" } as const;
export type WorkloadKind = (typeof WorkloadKind)[keyof typeof WorkloadKind];

/** What one replica asks for. */
export interface ResourceRequestsArgs {
  /** CPU cores; fractions allowed. */
  cpuCores: pulumi.Input<number>;
  /** Memory in bytes. */
  memoryBytes: pulumi.Input<number>;
}

export interface WorkloadPortArgs {
  /** Lower-case name, unique in the workload; a replica finds its own port number in `PORT_<NAME>`, the first port's also in `PORT`. */
  name: pulumi.Input<string>;
  /** The stable port that clients use. */
  port: pulumi.Input<number>;
  /** true: the single replica listens on `port` itself. Default false: connections are balanced over the ready replicas. */
  direct?: pulumi.Input<boolean>;
}

/** An HTTP probe; an answer from 200 to 399 is healthy. */
export interface HttpProbeArgs {
  /** Name of the port to ask. */
  port: pulumi.Input<string>;
  /** Path to ask, beginning with a slash. */
  path: pulumi.Input<string>;
  /** Seconds between questions. Default 1. */
  periodSeconds?: pulumi.Input<number>;
  /** Seconds to wait for an answer. Default 1. */
  timeoutSeconds?: pulumi.Input<number>;
  /** Failures in a row before the replica counts as unhealthy. Default 3. */
  failureThreshold?: pulumi.Input<number>;
}

export interface WorkloadArgs {
  /** URL of the cluster to run on, as `LocalCluster.url` gives it: `local:<folder>`. */
  cluster: pulumi.Input<string>;
  /** Program and arguments of a replica; the program is an absolute path. Needed on a local cluster. */
  command?: pulumi.Input<pulumi.Input<string>[]>;
  /** Container image. A local cluster runs no images: give `command` there. */
  image?: pulumi.Input<string>;
  /** Default `service`. */
  kind?: pulumi.Input<WorkloadKind>;
  /** Absolute working directory. Default: the cluster's folder. */
  workingDirectory?: pulumi.Input<string>;
  /** Environment variables of each replica; no secrets here. */
  environment?: pulumi.Input<{ [name: string]: pulumi.Input<string> }>;
  /** Environment variables that are secret: encrypted in state, never shown by any read. */
  secretEnvironment?: pulumi.Input<{ [name: string]: pulumi.Input<string> }>;
  /** What one replica asks for. */
  requests: pulumi.Input<ResourceRequestsArgs>;
  /** Replicas to begin with. Default 1. */
  replicas?: pulumi.Input<number>;
  /** Name of the autoscaler that owns the number of replicas from then on. */
  scaledBy?: pulumi.Input<string>;
  /** Ports that clients reach. */
  ports?: pulumi.Input<pulumi.Input<WorkloadPortArgs>[]>;
  /** Whether a replica gets traffic. Default: it does once it runs. */
  readiness?: pulumi.Input<HttpProbeArgs>;
  /** Whether a replica is restarted. Default: only when its process ends. */
  liveness?: pulumi.Input<HttpProbeArgs>;
  /** true: no replica runs until this is false again. Default false. */
  suspended?: pulumi.Input<boolean>;
  /** Engine that releases the job once its capacity is granted; until then it is held. Job only. */
  admission?: pulumi.Input<string>;
  /** Hands the job to the green scheduler, which starts it when power is clean. Job only. */
  green?: GreenSchedulingArgs;
  /** Seconds from SIGTERM to SIGKILL. Default 10. */
  gracePeriodSeconds?: pulumi.Input<number>;
  /** Labels of the workload, for people and policies. */
  labels?: pulumi.Input<{ [name: string]: pulumi.Input<string> }>;
}
