import type { ClusterNode, WorkloadStatus } from "../../../kernel/cluster/cluster";
import { rejectionOf } from "../right-sizing/sample-check";
import type { ResourceSnapshot } from "./schemas";

/** CPU and memory of each node and of each workload beside what it requests, as far as the cluster has measured them. */
export function clusterResources(
  workloads: readonly WorkloadStatus[],
  nodes: readonly ClusterNode[],
): ResourceSnapshot[] {
  const used = workloads.flatMap(({ spec, replicas }) =>
    replicas.flatMap(({ node, usage, phase }) =>
      usage && phase === "ready" ? [{ workload: spec.name, node, usage, requests: spec.requests }] : [],
    ),
  );
  const snapshots: ResourceSnapshot[] = [];
  for (const resource of ["cpuCores", "memoryBytes"] as const) {
    const name = resource === "cpuCores" ? "cpu" : "memory";
    const most = Math.max(...nodes.map(({ capacity }) => capacity[resource]), 0) || Infinity;
    const known = used.filter(({ usage }) => rejectionOf(usage[resource], most) === undefined);
    const add = (what: string, of: typeof known, capacity: number): void => {
      if (of.length === 0 || capacity <= 0) return;
      snapshots.push({
        resource: `${what} ${name}`,
        capacity,
        busy: of.reduce((sum, { usage }) => sum + usage[resource], 0),
      });
    };
    for (const { name: node, capacity } of nodes) {
      add(
        `node ${node}`,
        known.filter((one) => one.node === node),
        capacity[resource],
      );
    }
    for (const { spec } of workloads) {
      const own = known.filter(({ workload }) => workload === spec.name);
      add(`workload ${spec.name}`, own, own.length * spec.requests[resource]);
    }
  }
  return snapshots;
}
