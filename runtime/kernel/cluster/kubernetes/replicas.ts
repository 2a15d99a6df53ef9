import type { ReplicaPhase, ReplicaStatus } from "../cluster";
import type { Pod, WorkloadObject } from "./objects";
import { portName } from "./names";
import { mainContainer, metadataOf } from "./workload-spec";

type ContainerStatus = NonNullable<NonNullable<Pod["status"]>["containerStatuses"]>[number];

/** Why a container waits, where waiting means that it failed and is tried again. Source: kubelet, pkg/kubelet/{images,kuberuntime}. */
const FAILING = new Set([
  "CrashLoopBackOff",
  "ImagePullBackOff",
  "ErrImagePull",
  "ErrImageNeverPull",
  "InvalidImageName",
  "CreateContainerConfigError",
  "CreateContainerError",
  "RunContainerError",
]);

const COMPLETION_INDEX = "batch.kubernetes.io/job-completion-index";

/** Kind of the object that makes the pods of a workload. */
const POD_OWNER = { Deployment: "ReplicaSet", StatefulSet: "StatefulSet", Job: "Job" } as const;

/** Whether a pod with the workload's labels was made for it, and not for another that happens to select it too. */
export function isPodOf(workload: WorkloadObject, pod: Pod): boolean {
  const controller = pod.metadata?.ownerReferences?.find((owner) => owner.controller);
  if (controller?.kind !== POD_OWNER[workload.kind]) return false;
  return workload.kind === "Deployment" || controller.uid === metadataOf(workload).uid;
}

/** The replicas that the workload's pods are, oldest first. Of an indexed Job each index is a replica, its former pods restarts. */
export function replicasOf(workload: WorkloadObject, pods: readonly Pod[]): ReplicaStatus[] {
  const name = metadataOf(workload).name ?? "";
  const replicas: ReplicaStatus[] = [];
  const byIndex = new Map<string, number>();
  for (const pod of [...pods].sort(byAge)) {
    const replica = replicaOf(pod, name);
    const index = workload.kind === "Job" ? pod.metadata?.labels?.[COMPLETION_INDEX] : undefined;
    const place = index === undefined ? undefined : byIndex.get(index);
    if (place === undefined) {
      if (index !== undefined) byIndex.set(index, replicas.length);
      replicas.push(replica);
    } else {
      replicas[place] = { ...replica, restarts: replica.restarts + (replicas[place]?.restarts ?? 0) + 1 };
    }
  }
  return replicas;
}

function byAge(a: Pod, b: Pod): number {
  const [one, other] = [a, b].map(({ metadata }) => `${metadata?.creationTimestamp ?? ""} ${metadata?.name ?? ""}`);
  return (one ?? "") < (other ?? "") ? -1 : 1;
}

function replicaOf(pod: Pod, workload: string): ReplicaStatus {
  const container = mainContainer(pod.spec, workload);
  const status = pod.status?.containerStatuses?.find(({ name }) => name === container?.name);
  const ready = pod.status?.conditions?.find(({ type }) => type === "Ready");
  const { phase, reason } = phaseOf(pod, status);
  const startedAt = status?.state?.running?.startedAt ?? status?.state?.terminated?.startedAt;
  return {
    name: pod.metadata?.name ?? "",
    node: pod.spec?.nodeName ?? "",
    phase,
    ...(startedAt === undefined ? {} : { startedAt }),
    ...(ready?.lastTransitionTime === undefined ? {} : { readyChangedAt: ready.lastTransitionTime }),
    restarts: status?.restartCount ?? 0,
    endpoints: endpointsOf(pod, container?.ports ?? []),
    ...(reason === undefined ? {} : { reason }),
  };
}

function phaseOf(pod: Pod, main: ContainerStatus | undefined): { phase: ReplicaPhase; reason?: string | undefined } {
  const { status } = pod;
  if (pod.metadata?.deletionTimestamp !== undefined) return { phase: "stopping" };
  if (status?.phase === "Succeeded") return { phase: "succeeded" };
  if (status?.phase === "Failed") return { phase: "failed", reason: endOf(main) ?? status.message ?? status.reason };
  const containers = [...(status?.initContainerStatuses ?? []), ...(status?.containerStatuses ?? [])];
  const failing = containers.find(
    ({ state }) => state?.terminated?.exitCode || FAILING.has(state?.waiting?.reason ?? ""),
  );
  if (failing) return { phase: "backoff", reason: failureOf(failing, failing.name === main?.name) };
  const condition = (type: string) => status?.conditions?.find((each) => each.type === type);
  const ready = condition("Ready");
  if (ready?.status === "True") return { phase: "ready" };
  const scheduled = condition("PodScheduled");
  if (scheduled?.status === "False") return { phase: "starting", reason: scheduled.message };
  const startedAt = main?.state?.running?.startedAt;
  // A replica that was ready since its process began is one that became unready; the times are whole seconds.
  const wasReady = startedAt !== undefined && (ready?.lastTransitionTime ?? "") > startedAt;
  return wasReady ? { phase: "unready", reason: ready?.message } : { phase: "starting" };
}

function failureOf(container: ContainerStatus, isMain: boolean): string {
  const parts = [endOf(container), container.state?.waiting?.message ?? container.state?.waiting?.reason];
  const why = parts.filter((part) => part !== undefined).join("; ");
  return isMain ? why : `container ${container.name}: ${why}`;
}

/** How the container's last process ended; undefined where none has. */
function endOf(container: ContainerStatus | undefined): string | undefined {
  const end = container?.state?.terminated ?? container?.lastState?.terminated;
  if (!end) return undefined;
  if (end.reason === "OOMKilled") return "killed for using more memory than its limit";
  return end.signal ? `killed by signal ${String(end.signal)}` : `exited with code ${String(end.exitCode)}`;
}

function endpointsOf(pod: Pod, ports: readonly { name?: string; containerPort: number }[]): Record<string, string> {
  const ip = pod.status?.podIP;
  if (ip === undefined) return {};
  const host = ip.includes(":") ? `[${ip}]` : ip;
  return Object.fromEntries(ports.map((port) => [portName(port), `${host}:${String(port.containerPort)}`]));
}
