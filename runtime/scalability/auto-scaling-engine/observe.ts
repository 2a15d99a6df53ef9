import type { WorkloadStatus } from "../../kernel/cluster/cluster";
import type { MetricsSource } from "./metrics-source";
import type { MetricReading } from "./proposals";
import { isGranted, type RESOURCES, type ScalerSpec } from "./spec";
import type { ScalerStore } from "./store";

/** The readings of all metrics, in the scaler's order. */
export async function readMetrics(
  status: WorkloadStatus,
  spec: ScalerSpec,
  { source, store }: { source: MetricsSource; store: ScalerStore },
): Promise<MetricReading[]> {
  const scraped = await source.collect(status, spec);
  const granted = spec.metrics.some(isGranted) ? await store.granted(spec.workload) : 0;
  return spec.metrics.map((metric): MetricReading => {
    switch (metric.type) {
      case "resource":
        return { values: usageOf(metric.name, status) };
      case "pods":
      case "external":
        return isGranted(metric) ? { value: granted } : (scraped.get(metric) ?? { error: "it was not scraped" });
    }
  });
}

function usageOf(resource: (typeof RESOURCES)[number], status: WorkloadStatus): Map<string, number> {
  const values = new Map<string, number>();
  for (const { name, usage } of status.replicas) {
    if (usage) values.set(name, resource === "cpu" ? usage.cpuCores : usage.memoryBytes);
  }
  return values;
}

/** Why the workload is not to be scaled at all. */
export function obstacleOf(status: WorkloadStatus | undefined, workload: string): string | undefined {
  if (!status) return `there is no workload ${workload} in the cluster`;
  if (status.spec.kind !== "service") return `${workload} is a job; only services are scaled`;
  if (status.phase === "suspended") return `${workload} is suspended`;
  return undefined;
}
