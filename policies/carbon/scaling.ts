/** How many replicas a workload can reach, and for how many hours of a month. */
import { namespaceOf, specOf } from "../shared/kubernetes";
import type { LocalWorkload } from "../shared/local";
import type { PodWorkload } from "../shared/podspec";
import type { Resource } from "../shared/rule";
import { knownOr } from "../shared/unknown";
import { HOURS_PER_MONTH, MAX_REPLICAS, declaredNumber } from "./labels";

/** Mean hours of a month: 8760 / 12. */
export const HOURS = 730;
/** What KEDA scales to when nothing is said. */
const KEDA_DEFAULT_MAXIMUM = 100;

const HPA_TYPE = /^kubernetes:autoscaling\/v[0-9a-z]+:HorizontalPodAutoscaler$/;
const KEDA_TYPE = /^kubernetes:keda\.sh\/v[0-9a-z]+:ScaledObject$/;

interface AutoscalerSpec {
  scaleTargetRef: { kind?: string; name?: string };
  minReplicas: number;
  maxReplicas: number;
  minReplicaCount: number;
  maxReplicaCount: number;
}

interface Bounds {
  minimum: number;
  maximum: number;
}

/** What an autoscaler in the stack sets, by namespace/kind/name of its target. */
export type AutoscalerBounds = ReadonlyMap<string, Bounds>;

/** How many there may be: the gate judges the maximum, the report tells all three. */
export interface Count {
  minimum: number;
  desired: number;
  maximum: number;
}

export interface Extent extends Count {
  /** How the maximum came about. */
  basis: string;
  hoursPerMonth: number;
}

/** A number that no autoscaler changes. */
export function fixed(count: number): Count {
  return { minimum: count, desired: count, maximum: count };
}

/**
 * The bounds of every HorizontalPodAutoscaler and KEDA ScaledObject. A maximum that is not known before the update is
 * `assumed`; an autoscaler whose target is not known is left out, and whoever reads it (`boundFrom`) meets the gap.
 */
export function autoscalerBounds(resources: readonly Resource[], assumed: number): AutoscalerBounds {
  return new Map(resources.flatMap((resource) => knownOr(() => boundFrom(resource, assumed), undefined) ?? []));
}

/** `[[target, bounds]]` of an autoscaler, nothing of other resources. Throws UnknownValueError where its target is not known yet. */
export function boundFrom(resource: Resource, assumed: number): [string, Bounds][] {
  const isHpa = HPA_TYPE.test(resource.type);
  if (!isHpa && !KEDA_TYPE.test(resource.type)) return [];
  const spec = specOf<AutoscalerSpec>(resource);
  const maximum = knownOr(() => (isHpa ? spec.maxReplicas : (spec.maxReplicaCount ?? KEDA_DEFAULT_MAXIMUM)), assumed);
  const minimum = knownOr(() => (isHpa ? (spec.minReplicas ?? 1) : (spec.minReplicaCount ?? 0)), 0);
  const target = spec.scaleTargetRef;
  if (maximum === undefined || target?.name === undefined) return [];
  return [[`${namespaceOf(resource)}/${target.kind ?? "Deployment"}/${target.name}`, { minimum, maximum }]];
}

/** The bounds of a Kubernetes workload's autoscaler; undefined when no autoscaler in the stack targets it. */
export function boundOf(workload: PodWorkload, bounds: AutoscalerBounds): Bounds | undefined {
  return bounds.get(`${workload.namespace}/${workload.kind}/${workload.name}`);
}

export function localExtent(
  workload: LocalWorkload,
  labels: Readonly<Record<string, string>>,
  assumed: number,
): Extent {
  const hoursPerMonth = hours(labels);
  const declared = workload.replicas ?? 1;
  if (workload.scaledBy === undefined) return { ...fixed(declared), basis: "declared", hoursPerMonth };
  const maximum = declaredNumber(labels, MAX_REPLICAS);
  const basis = maximum === undefined ? `scaled by ${workload.scaledBy}, maximum assumed` : "declared maximum";
  return { ...scaled(declared, { minimum: 0, maximum: maximum ?? assumed }), basis, hoursPerMonth };
}

export function podExtent(
  workload: PodWorkload,
  labels: Readonly<Record<string, string>>,
  bounds: AutoscalerBounds,
  assumed: number,
): Extent {
  const hoursPerMonth = hours(labels);
  const bound = boundOf(workload, bounds);
  const maximum = declaredNumber(labels, MAX_REPLICAS) ?? bound?.maximum;
  const declared = declaredReplicas(workload);
  if (maximum !== undefined) {
    const minimum = bound?.minimum ?? declared ?? 1;
    return { ...scaled(declared ?? 1, { minimum, maximum }), basis: "declared maximum", hoursPerMonth };
  }
  return declared === undefined
    ? { ...fixed(assumed), basis: "one per node, nodes assumed", hoursPerMonth }
    : { ...fixed(declared), basis: "declared", hoursPerMonth };
}

/** Without a declaration everything runs the whole month, jobs too: an upper bound. */
export function hours(labels: Readonly<Record<string, string>>): number {
  return Math.min(declaredNumber(labels, HOURS_PER_MONTH) ?? HOURS, HOURS);
}

/** Never below what was declared at the top, never above it at the bottom. */
function scaled(declared: number, { minimum, maximum }: Bounds): Count {
  const top = Math.max(declared, maximum);
  return { minimum: Math.min(minimum, top), desired: Math.min(Math.max(declared, minimum), top), maximum: top };
}

/** Pods that run at a time; undefined for a DaemonSet, whose number is the cluster's. */
function declaredReplicas({ kind, spec }: PodWorkload): number | undefined {
  if (kind === "DaemonSet") return undefined;
  if (kind === "Job") return spec.parallelism ?? 1;
  if (kind === "CronJob") return spec.jobTemplate?.spec?.parallelism ?? 1;
  return spec.replicas ?? 1;
}
