import { RELEASE_ANNOTATIONS } from "./kubernetes";

/** The wire form of a workload: what components declare and what cluster drivers run. Memory is bytes, CPU is cores, time is seconds. */

export interface ResourceQuantities {
  /** CPU cores; fractions allowed (0.25 is a quarter of a core). */
  cpuCores: number;
  /** Memory in bytes. */
  memoryBytes: number;
  /** GPUs: below 1 a share of one device, else whole devices. Absent is none. */
  gpus?: number;
  /** Of a request: any of these models of GPU will do. Of a node: what its GPUs are. Absent where nobody says. */
  gpuModels?: string[];
  /** Countable resources of other kinds, by name: pieces. Absent is none. */
  custom?: Record<string, number>;
}

export interface WorkloadPort {
  /** Lower-case name, unique in the workload. A replica finds its own port in `PORT` (first port) and `PORT_<NAME>`. */
  name: string;
  /** The stable port that clients use, on loopback. 0 lets the driver choose one. */
  port: number;
  /**
   * true: the single replica listens on `port` itself (Kubernetes: hostPort). false (default): the driver gives each
   * replica a port of its own and balances connections to `port` over the ready ones.
   */
  direct?: boolean;
}

/** An HTTP probe; a 2xx or 3xx answer is healthy. */
export interface HttpProbe {
  /** Port name. */
  port: string;
  path: string;
  periodSeconds?: number;
  timeoutSeconds?: number;
  /** Consecutive failures before the replica counts as unready (readiness) or is restarted (liveness). */
  failureThreshold?: number;
}

export interface WorkloadSpec {
  /** DNS-1123 label, unique in the cluster. */
  name: string;
  /** A service runs until stopped; a job runs to completion. */
  kind: "service" | "job";
  /** Program and arguments. */
  command: string[];
  /** Working directory; absolute. */
  cwd?: string;
  environment?: Record<string, string>;
  /** Environment variables whose values are never logged nor returned by any read. */
  secretEnvironment?: Record<string, string>;
  requests: ResourceQuantities;
  /** Desired replicas of a service; parallel completions of a job. */
  replicas: number;
  /** Name of the autoscaler that owns `replicas`: applying the spec again then leaves the live number alone. */
  scaledBy?: string;
  ports?: WorkloadPort[];
  readiness?: HttpProbe;
  liveness?: HttpProbe;
  /** true: no replica runs until resumed (Kubernetes: Job.spec.suspend). */
  suspended?: boolean;
  /** Seconds between SIGTERM and SIGKILL. Default 10. */
  gracePeriodSeconds?: number;
  labels?: Record<string, string>;
  /** Further facts about the workload that select nothing; KUBERNETES_ANNOTATIONS names those with a meaning. */
  annotations?: Record<string, string>;
  /** Container image that holds the program. Kubernetes needs one, of the workload or of the cluster URL; processes have none. */
  image?: string;
  /** Who declared it (a Pulumi URN); applying under another owner is refused. */
  owner?: string;
}

/** The spec as it was before anybody released it. */
export function withoutRelease(spec: WorkloadSpec): WorkloadSpec {
  if (spec.annotations === undefined) return spec;
  const own = Object.entries(spec.annotations).filter(([name]) => !RELEASE_ANNOTATIONS.includes(name));
  return { ...spec, annotations: Object.fromEntries(own) };
}
