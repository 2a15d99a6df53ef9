/** What workloads request. Nothing requested is nothing known: it never reads as zero. */
import type { ResourceQuantities } from "../../runtime/exports/workload-spec";
import type { LocalWorkload } from "../shared/local";
import type { Container, PodSpec, Quantities } from "../shared/kubernetes";
import { parseQuantity } from "./quantities";

/** Device plugins' names for a graphics processor, whole or sliced. */
const GPU_RESOURCE = /^(?:(?:nvidia|amd)\.com\/(?:gpu|mig-)|gpu\.intel\.com\/)/;

/** What one replica asks for. */
export interface Requests extends ResourceQuantities {
  gpus: number;
}

/** Requests of a local workload; undefined unless both are above zero. */
export function localRequests({ requests }: LocalWorkload): ResourceQuantities | undefined {
  return requests && requests.cpuCores > 0 && requests.memoryBytes > 0 ? requests : undefined;
}

/** Requests of one container, limits standing in as Kubernetes does it; what is missing is undefined. */
export function containerRequests(container: Container): Partial<ResourceQuantities> {
  const { requests, limits } = container.resources ?? {};
  const cpuCores = parseQuantity(requests?.cpu ?? limits?.cpu);
  const memoryBytes = parseQuantity(requests?.memory ?? limits?.memory);
  return { ...(cpuCores === undefined ? {} : { cpuCores }), ...(memoryBytes === undefined ? {} : { memoryBytes }) };
}

/**
 * Requests of a whole pod: the sum of its containers and init containers. Kubernetes schedules by the larger of the two
 * groups, unless an init container is a sidecar; the sum is never less than that.
 */
export function podRequests(pod: PodSpec): { requests: Requests; missing: string[] } {
  const containers: readonly Container[] = [...(pod.containers ?? []), ...(pod.initContainers ?? [])];
  const requests = { cpuCores: 0, memoryBytes: 0, gpus: 0 };
  const missing = containers.length === 0 ? ["any container"] : [];
  for (const container of containers) {
    const { cpuCores, memoryBytes } = containerRequests(container);
    if (cpuCores === undefined || memoryBytes === undefined) missing.push(`container ${container.name ?? "(unnamed)"}`);
    requests.cpuCores += cpuCores ?? 0;
    requests.memoryBytes += memoryBytes ?? 0;
    requests.gpus += containerGpus(container);
  }
  return { requests, missing };
}

/** Graphics processors of a container; Kubernetes wants them as limits, and takes those as requests. */
export function containerGpus(container: Container): number {
  const { requests, limits } = container.resources ?? {};
  const count = (quantities: Quantities): number =>
    Object.keys(quantities)
      .filter((name) => GPU_RESOURCE.test(name))
      .reduce((sum, name) => sum + (parseQuantity(quantities[name]) ?? 0), 0);
  return Math.max(count(requests ?? {}), count(limits ?? {}));
}
