import type * as pulumi from "@pulumi/pulumi";
import type { ResourceRequestsArgs } from "../types";

/** What one replica may use at most. */
export interface ResourceLimitsArgs {
  /** CPU cores. Default none: a limit throttles a pod even while its node is idle; requests already share a busy node fairly. */
  cpuCores?: pulumi.Input<number>;
  /** Memory in bytes. Default: the request, so that a node never promises memory that it does not have. */
  memoryBytes?: pulumi.Input<number>;
  /** Bytes of logs, writable layers and scratch folders on the node's disk. Default: 1 GiB beside the scratch folders' own sizes. */
  ephemeralStorageBytes?: pulumi.Input<number>;
}

/** One variable read from a Secret that exists already. */
export interface SecretReferenceArgs {
  /** Name of the environment variable. */
  variable: pulumi.Input<string>;
  /** Name of the Secret, in the workload's namespace. */
  secretName: pulumi.Input<string>;
  /** Key within the Secret. */
  key: pulumi.Input<string>;
}

/** A port of a container, and of the Service in front of it. */
export interface KubernetesPortArgs {
  /** Lower-case name, unique in the workload, at most 15 characters. */
  name: string;
  /** The port that clients use at the Service. */
  port: number;
  /** The port that the container listens on. Default: `port`. */
  containerPort?: number;
  /** Application protocol for meshes and gateways, such as `http`, `https`, `kubernetes.io/h2c` or `grpc`. Default: told from the traffic. */
  appProtocol?: string;
}

/** A health check of a container: over HTTP where `path` is given, by a program where `command` is, otherwise by opening the port. */
export interface KubernetesProbeArgs {
  /** Name of the port to ask. Default: the container's first. */
  port?: pulumi.Input<string>;
  /** Path to ask over HTTP, beginning with a slash; an answer from 200 to 399 is healthy. */
  path?: pulumi.Input<string>;
  /** Program and arguments to run in the container; exit code 0 is healthy. */
  command?: pulumi.Input<pulumi.Input<string>[]>;
  /** true: to open the port is enough, with neither `path` nor `command`. */
  tcp?: pulumi.Input<boolean>;
  /** Seconds between checks. Default 10. */
  periodSeconds?: pulumi.Input<number>;
  /** Seconds to wait for an answer. Default 1. */
  timeoutSeconds?: pulumi.Input<number>;
  /** Failures in a row before the container counts as unhealthy. Default 3. */
  failureThreshold?: pulumi.Input<number>;
}

/** A volume of the pod as one container sees it. */
export interface VolumeMountArgs {
  /** Name of an entry of `files`, `scratch` or `storage`. */
  volume: string;
  /** Absolute folder in the container. */
  mountPath: string;
}

/** A container beside or before the main one. */
export interface KubernetesContainerArgs {
  /** Name, unique in the pod. */
  name: string;
  /** Image, pinned by digest: `registry/app:1.4.2@sha256:…`. */
  image: pulumi.Input<string>;
  /** Program and first arguments instead of the image's entry point. */
  command?: pulumi.Input<pulumi.Input<string>[]>;
  /** Arguments. */
  args?: pulumi.Input<pulumi.Input<string>[]>;
  /** Environment variables; no secrets here. */
  environment?: pulumi.Input<{ [name: string]: pulumi.Input<string> }>;
  /** Environment variables whose values are fields of the pod, such as `metadata.name` or `status.podIP`. */
  fieldEnvironment?: pulumi.Input<{ [name: string]: pulumi.Input<string> }>;
  /** Environment variables read from Secrets that exist. */
  secretReferences?: pulumi.Input<pulumi.Input<SecretReferenceArgs>[]>;
  /** What it asks for. */
  requests: pulumi.Input<ResourceRequestsArgs>;
  /** What it may use at most. */
  limits?: pulumi.Input<ResourceLimitsArgs>;
  /** Ports it listens on. They are not in the Service; other workloads may be allowed to them. */
  ports?: KubernetesPortArgs[];
  /** Volumes of the pod that it sees. */
  mounts?: VolumeMountArgs[];
  /** Whether the pod gets traffic; sidecars only. */
  readiness?: pulumi.Input<KubernetesProbeArgs>;
  /** Whether it is restarted; sidecars only. */
  liveness?: pulumi.Input<KubernetesProbeArgs>;
}
