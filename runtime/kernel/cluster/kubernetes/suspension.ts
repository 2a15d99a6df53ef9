import { REGION_LABEL } from "../../../exports";
import type { ResumeOptions } from "../cluster";
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

/** The merge patch that suspends the workload or lets it go on, and sets annotations and the place of a Job in the same step. */
export function suspensionPatch(
  workload: WorkloadObject,
  suspended: boolean,
  { annotations = {}, region }: ResumeOptions = {},
): object {
  if (workload.kind === "Job") {
    // Where its pods may go can be changed for as long as a Job is suspended and has not run.
    const template = region !== undefined && { template: { spec: { nodeSelector: { [REGION_LABEL]: region } } } };
    return { metadata: { annotations }, spec: { suspend: suspended, ...template } };
  }
  const { replicas } = suspension(workload);
  return {
    metadata: {
      annotations: { ...annotations, [DRIVER_ANNOTATIONS.suspendedReplicas]: suspended ? String(replicas) : "" },
      resourceVersion: workload.object.metadata?.resourceVersion,
    },
    spec: { replicas: suspended ? 0 : replicas },
  };
}
