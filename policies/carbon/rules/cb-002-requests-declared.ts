import { LOCAL_KIND, localWorkload } from "../../shared/local";
import { POD_KINDS, podWorkload } from "../../shared/podspec";
import type { ResourceRule } from "../../shared/rule";
import { guarded, guardedEach } from "../../shared/unknown";
import { containerRequests, localRequests } from "../requests";

export const requestsDeclared: ResourceRule = {
  scope: "resource",
  id: "CB-002",
  name: "requests-declared",
  title: "Every workload declares what it requests",
  severity: "medium",
  enforcement: "mandatory",
  frameworks: [
    {
      name: "Software Carbon Intensity (ISO/IEC 21031)",
      version: "2024",
      clause: "Energy (E): all hardware reserved or provisioned",
    },
  ],
  card: {
    rule: "CPU and memory requests stand on every container and local workload.",
    why: "What requests nothing cannot be accounted, packed or scaled; its energy lands on its neighbours' bill.",
    avoid: "a container without resources",
    prefer: "resources: {requests: {cpu: 250m, memory: 256Mi}}; requests: {cpuCores: 0.25, memoryBytes: 268435456}",
  },
  remediation:
    "Declare requests from measured use (the resource manager's metrics show it); limits alone also count, as in Kubernetes.",
  config: {},
  kinds: [LOCAL_KIND, ...POD_KINDS],
  *evaluate(resource) {
    const local = localWorkload(resource);
    if (local && !localRequests(local)) {
      yield { message: "requests.cpuCores and requests.memoryBytes must both be declared and above 0." };
    }
    const workload = podWorkload(resource);
    if (!workload) return;
    // Ephemeral containers cannot have requests.
    for (const group of ["containers", "initContainers"] as const) {
      yield* guarded(undefined, () =>
        guardedEach(workload.pod[group], function* (container, index) {
          const { cpuCores, memoryBytes } = containerRequests(container);
          const missing = [
            ...(cpuCores === undefined ? ["cpu"] : []),
            ...(memoryBytes === undefined ? ["memory"] : []),
          ];
          if (missing.length === 0) return;
          yield {
            message: `${group}[${index}] (${container.name ?? "unnamed"}) declares no resources.requests for ${missing.join(" and ")}.`,
          };
        }),
      );
    }
  },
};
