/** One reader of pod specs for every Kubernetes workload kind, in every API version. */
import {
  kubernetesKind,
  metadataOf,
  namespaceOf,
  specOf,
  type Container,
  type ControllerSpec,
  type PodSpec,
} from "./kubernetes";
import type { Resource } from "./rule";
import { guarded, guardedEach, type Finding } from "./unknown";

export interface PodWorkload {
  kind: string;
  namespace: string;
  name: string | undefined;
  labels: Record<string, string>;
  annotations: Record<string, string>;
  /** The workload's own spec (replicas, parallelism). */
  spec: ControllerSpec;
  /** The pod's spec. */
  pod: PodSpec;
}

const KINDS: readonly string[] = [
  "Pod",
  "Deployment",
  "StatefulSet",
  "DaemonSet",
  "ReplicaSet",
  "ReplicationController",
  "Job",
  "CronJob",
];

/** The kinds whose pods `podWorkload` reads. */
export const POD_KINDS: readonly string[] = KINDS.map((kind) => `kubernetes:${kind}`);

/** The workload that the resource declares; undefined when it declares no pods. */
export function podWorkload(resource: Resource): PodWorkload | undefined {
  const kind = kubernetesKind(resource.type);
  if (kind === undefined || !KINDS.includes(kind)) return undefined;
  const { name, labels = {}, annotations = {} } = metadataOf(resource);
  const spec = specOf<ControllerSpec>(resource);
  return {
    kind,
    namespace: namespaceOf(resource),
    name,
    labels,
    annotations,
    spec,
    pod: podSpec(kind, resource) ?? {},
  };
}

function podSpec(kind: string, resource: Resource): PodSpec | undefined {
  if (kind === "Pod") return specOf<PodSpec>(resource);
  const spec = specOf<ControllerSpec>(resource);
  return (kind === "CronJob" ? spec.jobTemplate?.spec : spec)?.template?.spec;
}

/** `body` for every container of a pod (containers, initContainers, ephemeralContainers), each guarded on its own. */
export function* eachContainer(
  pod: PodSpec,
  body: (container: Container, path: string) => Iterable<Finding>,
): Iterable<Finding> {
  for (const group of ["containers", "initContainers", "ephemeralContainers"] as const) {
    yield* guarded(undefined, () =>
      guardedEach(pod[group], (container, index) =>
        body(container, `${group}[${index}]${container.name === undefined ? "" : ` (${container.name})`}`),
      ),
    );
  }
}
