/** How many replicas a workload can reach, and for how many hours of a month. */
import { namespaceOf, specOf } from "../shared/kubernetes";
import type { LocalWorkload } from "../shared/local";
import type { PodWorkload } from "../shared/podspec";
import type { Resource } from "../shared/rule";
import { HOURS_PER_MONTH, MAX_REPLICAS, declaredNumber } from "./labels";

/** Mean hours of a month: 8760 / 12. */
const HOURS = 730;
/** What KEDA scales to when nothing is said. */
const KEDA_DEFAULT_MAXIMUM = 100;

const HPA_TYPE = /^kubernetes:autoscaling\/v[0-9a-z]+:HorizontalPodAutoscaler$/;
const KEDA_TYPE = /^kubernetes:keda\.sh\/v[0-9a-z]+:ScaledObject$/;

interface AutoscalerSpec {
  scaleTargetRef: { kind?: string; name?: string };
  maxReplicas: number;
  maxReplicaCount: number;
}

/** The bound that an autoscaler in the stack sets, by namespace/kind/name of its target. */
export type AutoscalerBounds = ReadonlyMap<string, number>;

export interface Extent {
  replicas: number;
  /** How `replicas` came about. */
  basis: string;
  hoursPerMonth: number;
}

/** Reads HorizontalPodAutoscalers and KEDA ScaledObjects. */
export function autoscalerBounds(resources: readonly Resource[]): AutoscalerBounds {
  const bounds = new Map<string, number>();
  for (const resource of resources) {
    const { scaleTargetRef: target, maxReplicas, maxReplicaCount } = specOf<AutoscalerSpec>(resource);
    const maximum = HPA_TYPE.test(resource.type)
      ? maxReplicas
      : KEDA_TYPE.test(resource.type)
        ? (maxReplicaCount ?? KEDA_DEFAULT_MAXIMUM)
        : undefined;
    if (maximum === undefined || target?.name === undefined) continue;
    bounds.set(`${namespaceOf(resource)}/${target.kind ?? "Deployment"}/${target.name}`, maximum);
  }
  return bounds;
}

/** The autoscaler bound of a Kubernetes workload; undefined when no autoscaler in the stack targets it. */
export function boundOf(workload: PodWorkload, bounds: AutoscalerBounds): number | undefined {
  return bounds.get(`${workload.namespace}/${workload.kind}/${workload.name}`);
}

export function localExtent(
  workload: LocalWorkload,
  labels: Readonly<Record<string, string>>,
  assumed: number,
): Extent {
  const hoursPerMonth = hours(labels);
  const declared = workload.replicas ?? 1;
  if (workload.scaledBy === undefined) return { replicas: declared, basis: "declared", hoursPerMonth };
  const maximum = declaredNumber(labels, MAX_REPLICAS);
  return maximum === undefined
    ? { replicas: Math.max(declared, assumed), basis: `scaled by ${workload.scaledBy}, maximum assumed`, hoursPerMonth }
    : { replicas: Math.max(declared, maximum), basis: "declared maximum", hoursPerMonth };
}

export function podExtent(
  workload: PodWorkload,
  labels: Readonly<Record<string, string>>,
  bounds: AutoscalerBounds,
  assumed: number,
): Extent {
  const hoursPerMonth = hours(labels);
  const maximum = declaredNumber(labels, MAX_REPLICAS) ?? boundOf(workload, bounds);
  const declared = declaredReplicas(workload);
  if (maximum !== undefined)
    return { replicas: Math.max(declared ?? 1, maximum), basis: "declared maximum", hoursPerMonth };
  return declared === undefined
    ? { replicas: assumed, basis: "one per node, nodes assumed", hoursPerMonth }
    : { replicas: declared, basis: "declared", hoursPerMonth };
}

/** Pods that run at a time; undefined for a DaemonSet, whose number is the cluster's. */
function declaredReplicas({ kind, spec }: PodWorkload): number | undefined {
  if (kind === "DaemonSet") return undefined;
  if (kind === "Job") return spec.parallelism ?? 1;
  if (kind === "CronJob") return spec.jobTemplate?.spec?.parallelism ?? 1;
  return spec.replicas ?? 1;
}

/** Without a declaration everything runs the whole month, jobs too: an upper bound. */
function hours(labels: Readonly<Record<string, string>>): number {
  return Math.min(declaredNumber(labels, HOURS_PER_MONTH) ?? HOURS, HOURS);
}
