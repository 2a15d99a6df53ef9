import * as k8s from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";
import { KUBERNETES_ANNOTATIONS } from "../../runtime/exports";
import { metadata, type StringMap } from "../metadata";

export interface MeshNamespaceArgs {
  namespace: string;
  /** Name of the component that owns it. */
  component: string;
  podSecurity: "privileged" | "baseline" | "restricted";
  /** Why it is not "restricted". */
  because: string;
  labels: StringMap | undefined;
}

/** The namespace of a control plane, with its Pod Security level and the reason for it. */
export function meshNamespace(
  name: string,
  args: MeshNamespaceArgs,
  opts: pulumi.ResourceOptions,
): k8s.core.v1.Namespace {
  const { namespace, component, podSecurity, because, labels } = args;
  const also = { "pod-security.kubernetes.io/enforce": podSecurity, "pod-security.kubernetes.io/warn": podSecurity };
  const annotations = { [`${KUBERNETES_ANNOTATIONS.optOut}podSecurity`]: because };
  return new k8s.core.v1.Namespace(
    name,
    { metadata: metadata(namespace, { component, labels, also, annotations }) },
    opts,
  );
}

/** No traffic in the namespace but what other policies allow. */
export function denyTraffic(
  name: string,
  namespace: string,
  labels: StringMap | undefined,
  opts: pulumi.ResourceOptions,
): void {
  new k8s.networking.v1.NetworkPolicy(
    `${name}-deny-${namespace}`,
    {
      metadata: metadata(`${name}-deny-by-default`, { component: name, namespace, labels }),
      spec: { podSelector: {}, policyTypes: ["Ingress", "Egress"] },
    },
    opts,
  );
}
