import { KUBERNETES_LABELS } from "../../../exports";
import { type NetworkPolicy, RESOURCES, type Pod, type Selector, type WorkloadObject } from "./objects";
import { matches } from "./selector";
import { metadataOf } from "./workload-spec";

/** Names the workload as what the object goes with: it is collected as garbage when the workload is deleted. */
export function dependentOf(workload: WorkloadObject): object[] {
  const { name, uid } = metadataOf(workload);
  return [{ apiVersion: RESOURCES[workload.kind].apiVersion, kind: workload.kind, name, uid, controller: false }];
}

/** Of one workload: a DNS label of a fixed length, whatever the workload's name and kind. */
export function quarantineName(workload: WorkloadObject): string {
  return `mno-quarantine-${metadataOf(workload).uid ?? ""}`;
}

export function quarantineLabels(workload: WorkloadObject): Record<string, string> {
  return { [KUBERNETES_LABELS.quarantine]: metadataOf(workload).uid ?? "" };
}

/** Nothing in, nothing out, names neither, for what has the workload's quarantine label. */
export function quarantinePolicy(workload: WorkloadObject, namespace: string): NetworkPolicy {
  return {
    apiVersion: RESOURCES.NetworkPolicy.apiVersion,
    kind: "NetworkPolicy",
    metadata: {
      name: quarantineName(workload),
      namespace,
      labels: {
        ...quarantineLabels(workload),
        [KUBERNETES_LABELS.partOf]: "machine-native-ops",
        [KUBERNETES_LABELS.managedBy]: "machine-native-ops",
      },
      ownerReferences: dependentOf(workload) as NonNullable<NetworkPolicy["metadata"]>["ownerReferences"] & object,
    },
    spec: { podSelector: { matchLabels: quarantineLabels(workload) }, policyTypes: ["Ingress", "Egress"] },
  };
}

/**
 * Whether the pod, with these labels and no others, is cut off by its quarantine: what any policy allows is allowed (policies
 * only add, https://kubernetes.io/docs/concepts/services-networking/network-policies/), and none is about a pod in the
 * network of its node.
 */
export function canBeCutOff(
  { spec }: Pod,
  labels: Readonly<Record<string, string>>,
  policies: readonly NetworkPolicy[],
): boolean {
  return spec?.hostNetwork !== true && !policies.some((policy) => allows(policy) && selects(policy, labels));
}

function allows({ spec }: NetworkPolicy): boolean {
  const { policyTypes = ["Ingress", "Egress"], ingress = [], egress = [] } = spec ?? {};
  return (
    (policyTypes.includes("Ingress") && ingress.length > 0) || (policyTypes.includes("Egress") && egress.length > 0)
  );
}

/** To a policy an empty selector means every pod. */
function selects({ spec }: NetworkPolicy, labels: Readonly<Record<string, string>>): boolean {
  const selector: Selector = spec?.podSelector ?? {};
  const empty = Object.keys(selector.matchLabels ?? {}).length + (selector.matchExpressions?.length ?? 0) === 0;
  return empty || matches(selector, labels);
}
