import { DRIVER_ANNOTATIONS } from "./names";
import type { WorkloadObject } from "./objects";

/**
 * How many replicas the workload is to have, and whether they are held back. A Job has a field for it; of a Deployment or
 * StatefulSet an annotation keeps the number that it comes back with.
 */
export function suspension(workload: WorkloadObject): { replicas: number; suspended: boolean } {
  if (workload.kind === "Job") {
    const { parallelism = 1, completions, suspend = false } = workload.object.spec ?? {};
    return { replicas: Math.min(parallelism, completions ?? Infinity), suspended: suspend };
  }
  const former = workload.object.metadata?.annotations?.[DRIVER_ANNOTATIONS.suspendedReplicas];
  if (former !== undefined && former !== "") return { replicas: Number(former), suspended: true };
  return { replicas: workload.object.spec?.replicas ?? 1, suspended: false };
}

/** The merge patch that suspends the workload or lets it go on, and sets annotations in the same step. */
export function suspensionPatch(
  workload: WorkloadObject,
  suspended: boolean,
  annotations: Readonly<Record<string, string>> = {},
): object {
  if (workload.kind === "Job") return { metadata: { annotations }, spec: { suspend: suspended } };
  const { replicas } = suspension(workload);
  return {
    metadata: {
      annotations: { ...annotations, [DRIVER_ANNOTATIONS.suspendedReplicas]: suspended ? String(replicas) : "" },
      resourceVersion: workload.object.metadata?.resourceVersion,
    },
    spec: { replicas: suspended ? 0 : replicas },
  };
}
