import type { ResourceQuantities, WorkloadSpec } from "../../exports";
import type { LeaseStore } from "./leases/lease";

/**
 * Where workloads run: nodes with capacity, workloads with replicas, scale, suspend, watch. The `local` driver runs
 * supervised child processes on this machine; a Kubernetes driver meets the same contract suite (test/contract/cluster.ts).
 */
export interface Cluster {
  readonly kind: "local" | "kubernetes";

  /** The namespace whose workloads these are; undefined where there are none. */
  readonly namespace?: string;

  /** Where replicas of one engine elect their leader; undefined where an engine has one process. */
  readonly leases?: LeaseStore;

  nodes(): Promise<ClusterNode[]>;

  list(): Promise<WorkloadStatus[]>;

  /**
   * What every node carries, whoever's it is, and the CPU that it uses; absent where the processes of the node can be looked at
   * from here. Nodes that carry nothing may be missing. Errors: MNO_CLUSTER_FORBIDDEN, MNO_CLUSTER_UNREACHABLE.
   */
  usage?(): Promise<NodeUsage[]>;

  /** undefined where there is no such workload. */
  get(name: string): Promise<WorkloadStatus | undefined>;

  /**
   * Creates or changes the workload so that it matches `spec`. A changed command, environment, port or request rolls the
   * replicas one by one (a new one is ready before an old one goes); where `scaledBy` is set the live number of replicas stays.
   * A job with an admission annotation is held until `resume`; applied again unchanged, it stays released.
   * Errors: MNO_WORKLOAD_INVALID, MNO_WORKLOAD_CONFLICT (another owner), MNO_PORT_IN_USE.
   */
  apply(spec: WorkloadSpec): Promise<WorkloadStatus>;

  /** Stops every replica (SIGTERM, grace period, SIGKILL) and forgets the workload. Resolves when all are gone. Idempotent. */
  delete(name: string): Promise<void>;

  /** Sets the desired replicas: the scale subresource. Errors: MNO_WORKLOAD_NOT_FOUND, MNO_WORKLOAD_INVALID. */
  scale(name: string, replicas: number): Promise<WorkloadStatus>;

  /** Stops the replicas and keeps the workload, or starts them again. */
  suspend(name: string): Promise<WorkloadStatus>;
  resume(name: string, options?: ResumeOptions): Promise<WorkloadStatus>;

  /**
   * Holds a job that is over for another run: its completions are forgotten, and it waits for `resume`. Absent where a job runs
   * once: on Kubernetes a CronJob makes a Job for each run.
   * Errors: MNO_WORKLOAD_NOT_FOUND, MNO_WORKLOAD_CONFLICT (it is not over, or a service).
   */
  renew?(name: string): Promise<WorkloadStatus>;

  /**
   * Cuts a compromised workload off: its replicas are held where they are, as evidence, without network and out of service, as
   * far as the driver can (docs/engines/security-intelligence.md has each driver's limits), or ended where they cannot be cut
   * off; and no new ones run. Until `release`, `resume` is refused, and what is applied or scaled takes effect after it. Again
   * it changes nothing but holds what runs all the same.
   * Errors: MNO_WORKLOAD_NOT_FOUND, MNO_CLUSTER_FORBIDDEN, MNO_CLUSTER_UNREACHABLE.
   */
  isolate(name: string, options: IsolationOptions): Promise<WorkloadStatus>;

  /**
   * Ends what `isolate` held, for it is not to be trusted again, and runs new replicas, unless the workload was suspended before.
   * Changes nothing where it is not isolated. Errors: MNO_WORKLOAD_NOT_FOUND; MNO_CLUSTER_UNREACHABLE where what was held does
   * not end: it stays isolated.
   */
  release(name: string): Promise<WorkloadStatus>;

  /** Every workload that exists (as "applied"), then each change as it happens; survives reconnects, ends with `signal`. */
  watch(signal: AbortSignal): AsyncIterable<WorkloadEvent>;

  /** The last lines of one workload's output, oldest first. */
  logs(name: string, options?: { lines?: number }): Promise<string[]>;

  close(): Promise<void>;
}

export interface ResumeOptions {
  /** Set on the workload in the same step: who released it, and on what grounds. */
  annotations?: Record<string, string>;
  /**
   * Of a job that has not run yet: from now on it runs on nodes with this region label and no others. Drivers with one node take
   * no note of it.
   */
  region?: string;
}

export interface IsolationOptions {
  /** Why, and on whose decision; kept with the workload. */
  reason: string;
}

/** A workload that is cut off. */
export interface Isolation {
  /** RFC 3339 UTC. */
  since: string;
  reason: string;
  /** Names of the replicas that are kept as evidence. */
  held: string[];
}

export interface ClusterNode {
  name: string;
  /** Workloads may be placed there. */
  ready: boolean;
  zone: string;
  labels: Record<string, string>;
  /** What the node has in all (cgroup limits respected). */
  capacity: ResourceQuantities;
  /** What workloads may use of it: capacity less the system's reserve, and less what is not ours to move. */
  allocatable: ResourceQuantities;
}

export interface NodeUsage {
  node: string;
  /** Cores in use by all that runs there, the system's daemons included; undefined where nobody measures it. */
  cpuCores: number | undefined;
  pods: PodUsage[];
  /** Why use of CPU is not known, or is an old one's. */
  fault?: string;
}

/** One pod of whatever namespace, as long as it holds its resources. */
export interface PodUsage {
  name: string;
  namespace: string;
  /** Name of the workload that it belongs to, its own where there is none; `namespace/name` where it is of another namespace. */
  workload: string;
  tenant: string | null;
  requestedCores: number;
  /** Undefined where nobody has measured it yet. */
  cpuCores: number | undefined;
}

export type ReplicaPhase = "starting" | "ready" | "unready" | "backoff" | "stopping" | "succeeded" | "failed";

export interface ReplicaStatus {
  /** `<workload>-<ordinal or suffix>`; stable while the replica lives, new after replacement by a roll. */
  name: string;
  node: string;
  phase: ReplicaPhase;
  /** Operating-system process; undefined where none runs or the driver has none. */
  pid?: number;
  /** RFC 3339 UTC of the present process's start. */
  startedAt?: string;
  /** RFC 3339 UTC of the last change between ready and not ready. */
  readyChangedAt?: string;
  restarts: number;
  /** Port name -> address `host:port` that reaches this replica alone. */
  endpoints: Record<string, string>;
  /** CPU in cores over the last sampling period, and resident memory in bytes; undefined until sampled. */
  usage?: ResourceQuantities;
  /** Why it is not ready: exit code or signal, failed probe. */
  reason?: string;
}

export type WorkloadPhase = "progressing" | "ready" | "degraded" | "suspended" | "succeeded" | "failed";

export interface WorkloadStatus {
  /** The spec as applied, less the values of secretEnvironment (names only, values "***"). */
  spec: WorkloadSpec;
  /** Grows with every accepted change of the spec or scale. */
  generation: number;
  phase: WorkloadPhase;
  desiredReplicas: number;
  readyReplicas: number;
  replicas: ReplicaStatus[];
  /** Port name -> stable address `host:port` for clients. */
  endpoints: Record<string, string>;
  /** Where it is cut off; its phase is then "suspended", and what is held is no longer among its replicas. */
  isolation?: Isolation;
}

export interface WorkloadEvent {
  type: "applied" | "changed" | "deleted";
  status: WorkloadStatus;
}
