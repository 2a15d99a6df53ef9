import type { WorkloadStatus } from "../../kernel/cluster/cluster";

/**
 * Cores that each service uses now, all replicas together. A service with a replica whose use is not known is left out, as
 * is one that is asleep or suspended: nothing is known of what it would do.
 */
export function coresOf(workloads: readonly WorkloadStatus[]): Map<string, number> {
  const cores = new Map<string, number>();
  for (const { spec, replicas, phase } of workloads) {
    if (spec.kind !== "service" || phase === "suspended" || replicas.length === 0) continue;
    const values = replicas.map(({ usage }) => usage?.cpuCores ?? Number.NaN);
    const sum = values.reduce((total, value) => total + value, 0);
    if (Number.isFinite(sum) && values.every((value) => value >= 0)) cores.set(spec.name, sum);
  }
  return cores;
}
