import type { ReplicaStatus, WorkloadPhase, WorkloadStatus } from "../cluster";
import { DRIVER_ANNOTATIONS } from "./names";
import { markOf } from "./quarantine-mark";
import type { Deployment, Job, Pod, Service, StatefulSet, WorkloadObject } from "./objects";
import { replicasOf } from "./replicas";
import { suspension } from "./suspension";
import { metadataOf, specOf } from "./workload-spec";

/** The workload's state, from its object, the pods that are its own, and the Service of its name. */
export function statusOf(workload: WorkloadObject, pods: readonly Pod[], service: Service | undefined): WorkloadStatus {
  const metadata = metadataOf(workload);
  const { replicas: desiredReplicas, suspended } = suspension(workload);
  const replicas = replicasOf(workload, pods);
  const former = Number(metadata.annotations?.[DRIVER_ANNOTATIONS.formerGenerations] ?? 0);
  const spec = specOf(workload, service);
  const mark = markOf(workload);
  return {
    spec,
    generation: former + (metadata.generation ?? 0),
    phase:
      workload.kind === "Job"
        ? jobPhase(workload.object, replicas)
        : servicePhase(workload.object, replicas, desiredReplicas, suspended),
    desiredReplicas,
    readyReplicas: replicas.filter(({ phase }) => phase === "ready").length,
    replicas,
    endpoints: stableEndpoints(spec.ports ?? [], service),
    ...(mark && { isolation: { since: mark.since, reason: mark.reason, held: mark.held } }),
  };
}

function servicePhase(
  object: Deployment | StatefulSet,
  replicas: readonly ReplicaStatus[],
  desired: number,
  suspended: boolean,
): WorkloadPhase {
  if (suspended) return "suspended";
  const { status, metadata } = object;
  const live = replicas.filter(({ phase }) => phase !== "stopping");
  if (live.some(({ phase }) => phase === "backoff" || phase === "unready" || phase === "failed")) return "degraded";
  if (status?.conditions?.some(isFailure)) return "degraded";
  // The controller's own word counts only once it has seen the present spec.
  const rolledOut =
    (status?.observedGeneration ?? 0) >= (metadata?.generation ?? 0) &&
    (status?.replicas ?? 0) === desired &&
    (status?.updatedReplicas ?? 0) === desired &&
    (status?.readyReplicas ?? 0) === desired;
  return rolledOut && live.length === desired && live.every(({ phase }) => phase === "ready") ? "ready" : "progressing";
}

/** Pods could not be made (a quota, an admission controller), or the rollout made no progress for too long. */
function isFailure({ type, status }: { type: string; status: string }): boolean {
  return (type === "ReplicaFailure" && status === "True") || (type === "Progressing" && status === "False");
}

function jobPhase({ status, spec }: Job, replicas: readonly ReplicaStatus[]): WorkloadPhase {
  const holds = (type: string): boolean =>
    status?.conditions?.some((condition) => condition.type === type && condition.status === "True") ?? false;
  if (holds("Complete")) return "succeeded";
  if (holds("Failed")) return "failed";
  if (spec?.suspend) return "suspended";
  return replicas.some(({ phase }) => phase === "backoff" || phase === "failed") ? "degraded" : "progressing";
}

/** The Service's own address; of a headless one its name, which stands for the replicas themselves. */
function stableEndpoints(
  ports: readonly { name: string; port: number }[],
  service: Service | undefined,
): Record<string, string> {
  const { clusterIP } = service?.spec ?? {};
  const { name, namespace } = service?.metadata ?? {};
  if (clusterIP === undefined || name === undefined) return {};
  const host =
    clusterIP === "None"
      ? `${name}.${namespace ?? "default"}.svc`
      : clusterIP.includes(":")
        ? `[${clusterIP}]`
        : clusterIP;
  const served = new Set(service?.spec?.ports?.map(({ port }) => port));
  return Object.fromEntries(
    ports
      .filter(({ port }) => served.has(port))
      .map(({ name: port, port: number }) => [port, `${host}:${String(number)}`]),
  );
}
