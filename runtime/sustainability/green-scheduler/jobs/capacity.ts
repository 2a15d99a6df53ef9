import { REGION_LABEL } from "../../../exports";
import type { ClusterNode, WorkloadStatus } from "../../../kernel/cluster/cluster";

/** Regions of the cluster's nodes by their label; the given one for nodes without. */
export function regionsOf(nodes: readonly ClusterNode[], region: string): string[] {
  const regions = new Set(nodes.map(({ labels }) => labels[REGION_LABEL] ?? region));
  return regions.size > 0 ? [...regions] : [region];
}

/** Where a job runs that may run anywhere in the cluster: the configured region where it has nodes, else the first by name. */
export function homeOf(nodes: readonly ClusterNode[], region: string): string {
  const regions = regionsOf(nodes, region);
  return regions.includes(region) ? region : regions.sort()[0]!;
}

/** By node, of those that say where they are. */
export function labelledRegions(nodes: readonly ClusterNode[]): Map<string, string> {
  return new Map(
    nodes.flatMap(({ name, labels }): [string, string][] => {
      const region = labels[REGION_LABEL];
      return region === undefined ? [] : [[name, region]];
    }),
  );
}

/** Cores in each region that the ready nodes have, less what runs on them and is not among `own`. */
export function freeCores(
  nodes: readonly ClusterNode[],
  workloads: readonly WorkloadStatus[],
  own: ReadonlySet<string>,
  region: string,
): Map<string, number> {
  const free = new Map<string, number>();
  const regionOfNode = new Map(nodes.map(({ name, labels }) => [name, labels[REGION_LABEL] ?? region]));
  const add = (where: string, cores: number): void => void free.set(where, (free.get(where) ?? 0) + cores);
  for (const node of nodes) if (node.ready) add(regionOfNode.get(node.name)!, node.allocatable.cpuCores);
  for (const { spec, replicas } of workloads) {
    if (own.has(spec.name)) continue;
    for (const { node, phase } of replicas) {
      const where = regionOfNode.get(node);
      if (where !== undefined && phase !== "succeeded" && phase !== "failed") add(where, -spec.requests.cpuCores);
    }
  }
  for (const [where, cores] of free) free.set(where, Math.max(0, cores));
  return free;
}
