import { MnoError } from "../../runtime/exports";
import type { Cluster, ClusterNode, WorkloadStatus } from "../../runtime/kernel/cluster/cluster";

/** A cluster of declared nodes and workloads, which run nothing: what an engine sees is exactly what the test says. */
export class DeclaredCluster implements Cluster {
  readonly kind = "local";
  /** How often the nodes were read. */
  reads = 0;

  constructor(
    public declaredNodes: ClusterNode[],
    public workloads: WorkloadStatus[] = [],
  ) {}

  nodes(): Promise<ClusterNode[]> {
    this.reads += 1;
    return Promise.resolve(this.declaredNodes);
  }

  list(): Promise<WorkloadStatus[]> {
    return Promise.resolve(this.workloads);
  }

  get(name: string): Promise<WorkloadStatus | undefined> {
    return Promise.resolve(this.workloads.find(({ spec }) => spec.name === name));
  }

  apply(): Promise<WorkloadStatus> {
    return this.refuse();
  }

  delete(): Promise<void> {
    return this.refuse();
  }

  scale(): Promise<WorkloadStatus> {
    return this.refuse();
  }

  suspend(): Promise<WorkloadStatus> {
    return this.refuse();
  }

  resume(): Promise<WorkloadStatus> {
    return this.refuse();
  }

  isolate(): Promise<WorkloadStatus> {
    return this.refuse();
  }

  release(): Promise<WorkloadStatus> {
    return this.refuse();
  }

  watch(): AsyncIterable<never> {
    throw this.fault();
  }

  logs(): Promise<string[]> {
    return this.refuse();
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  private refuse(): Promise<never> {
    return Promise.reject(this.fault());
  }

  private fault(): MnoError {
    return new MnoError("MNO_CLUSTER_UNREACHABLE", "a declared cluster only lists what it was given");
  }
}

export function declaredNode(name: string, cpuCores: number, memoryBytes: number, zone = "z1"): ClusterNode {
  const quantities = { cpuCores, memoryBytes };
  return { name, ready: true, zone, labels: {}, capacity: quantities, allocatable: quantities };
}

/** A service whose replicas are ready on the given nodes. */
export function declaredWorkload(
  name: string,
  nodes: string[],
  requests: { cpuCores: number; memoryBytes: number },
): WorkloadStatus {
  return {
    spec: { name, kind: "service", command: ["true"], requests, replicas: nodes.length },
    generation: 1,
    phase: "ready",
    desiredReplicas: nodes.length,
    readyReplicas: nodes.length,
    replicas: nodes.map((node, i) => ({ name: `${name}-${i}`, node, phase: "ready", restarts: 0, endpoints: {} })),
    endpoints: {},
  };
}
