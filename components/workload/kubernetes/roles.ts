import type * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import type { PermissionArgs } from "./operation-types";

/** The rules as declared, and nothing more. */
export function policyRules(permissions: readonly PermissionArgs[]): k8s.types.input.rbac.v1.PolicyRule[] {
  return permissions.map(({ apiGroups, resources, verbs, resourceNames }) => ({
    apiGroups,
    resources,
    verbs,
    resourceNames,
  }));
}

/** Of what stands outside the workload's namespace: its name says which one it is for. */
export function qualifiedName(name: string, namespace: pulumi.Input<string>): pulumi.Input<string> {
  return typeof namespace === "string" ? `${namespace}-${name}` : pulumi.interpolate`${namespace}-${name}`;
}

export function binding(
  kind: "Role" | "ClusterRole",
  role: pulumi.Input<string>,
  account: { name: string; namespace: pulumi.Input<string> },
): Pick<k8s.types.input.rbac.v1.RoleBinding, "roleRef" | "subjects"> {
  return {
    roleRef: { apiGroup: "rbac.authorization.k8s.io", kind, name: role },
    subjects: [{ kind: "ServiceAccount", name: account.name, namespace: account.namespace }],
  };
}
