/** What a namespace of its own consists of, as pure functions of the arguments. */
import type * as k8s from "@pulumi/kubernetes";
import { MeshKind } from "../mesh/kinds";
import { derive } from "../workload/inputs";
import { bytesQuantity, cpuQuantity } from "../workload/kubernetes/quantities";
import type { NamespaceQuotaArgs, PodSecurityExceptionArgs } from "./namespace-types";
import { PodSecurityLevel } from "./namespace-types";

const GIB = 2 ** 30;
const MIB = 2 ** 20;

/** Room for the standard platform with every engine on its own, twice. */
const QUOTA = { cpuCores: 32, memoryBytes: 64 * GIB, storageBytes: 1024 * GIB, pods: 200, loadBalancers: 0 };

export function podSecurityLabels(exception: PodSecurityExceptionArgs | undefined): Record<string, string> {
  const enforced = exception?.level ?? PodSecurityLevel.Restricted;
  const modes = { enforce: enforced, audit: PodSecurityLevel.Restricted, warn: PodSecurityLevel.Restricted };
  return Object.fromEntries(
    Object.entries(modes).flatMap(([mode, level]) => [
      [`pod-security.kubernetes.io/${mode}`, level],
      [`pod-security.kubernetes.io/${mode}-version`, "latest"],
    ]),
  );
}

/** What makes every pod of the namespace part of the mesh. */
export function meshNamespace(mesh: MeshKind): { labels: Record<string, string>; annotations: Record<string, string> } {
  switch (mesh) {
    case MeshKind.None:
      return { labels: {}, annotations: {} };
    case MeshKind.IstioAmbient:
      return { labels: { "istio.io/dataplane-mode": "ambient" }, annotations: {} };
    case MeshKind.IstioSidecar:
      return { labels: { "istio-injection": "enabled" }, annotations: {} };
    case MeshKind.Linkerd:
      return { labels: {}, annotations: { "linkerd.io/inject": "enabled" } };
  }
}

export function quotaSpec(args: NamespaceQuotaArgs): k8s.types.input.core.v1.ResourceQuotaSpec {
  const { cpuCores, memoryBytes, storageBytes, pods, loadBalancers } = { ...QUOTA, ...args };
  const memory = derive(memoryBytes, bytesQuantity);
  return {
    hard: {
      "requests.cpu": derive(cpuCores, cpuQuantity),
      "requests.memory": memory,
      "limits.memory": memory,
      "requests.storage": derive(storageBytes, bytesQuantity),
      pods: derive(pods, String),
      "services.loadbalancers": derive(loadBalancers, String),
      // A load balancer's Service has a node port for each of its ports; nothing else needs one.
      "services.nodeports": derive(loadBalancers, (count) => String(count * 10)),
    },
  };
}

/** For containers that name no amounts of their own, as third-party charts' do: without, the quota would refuse them. */
export function limitRangeSpec(): k8s.types.input.core.v1.LimitRangeSpec {
  return {
    limits: [
      {
        type: "Container",
        defaultRequest: {
          cpu: cpuQuantity(0.1),
          memory: bytesQuantity(256 * MIB),
          "ephemeral-storage": bytesQuantity(64 * MIB),
        },
        default: { memory: bytesQuantity(256 * MIB), "ephemeral-storage": bytesQuantity(GIB) },
      },
    ],
  };
}
