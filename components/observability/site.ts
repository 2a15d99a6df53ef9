import * as k8s from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";
import { KUBERNETES_ANNOTATIONS } from "../../runtime/exports";
import { MeshKind } from "../mesh/kinds";
import { metadata, type MetadataOptions, type ObjectMetadata, type StringMap } from "../metadata";
import { present } from "../workload/inputs";
import { DNS_RULE, egressToAddresses, EVERYWHERE, NAMESPACE_LABEL } from "../workload/kubernetes/network-policy";

/** Where and for whom the objects of one Observability are made. */
export interface Site {
  /** The component's name; names of objects begin with it. */
  name: string;
  /** Namespace of what needs no access to nodes. */
  namespace: pulumi.Input<string>;
  labels?: StringMap;
  /** false: pods are not waited for. */
  wait: boolean;
  parent: pulumi.Resource;
}

type Ingress = k8s.types.input.networking.v1.NetworkPolicyIngressRule;
type Egress = k8s.types.input.networking.v1.NetworkPolicyEgressRule;
type PeerRule = k8s.types.input.networking.v1.NetworkPolicyPeer;

/** Metadata of an object of the site; `suffix` is its part of the name. */
export function siteMetadata(
  site: Site,
  suffix: string,
  more: Pick<MetadataOptions, "namespace" | "annotations" | "also"> = {},
): ObjectMetadata {
  const { labels } = site;
  return metadata(`${site.name}-${suffix}`, { ...more, ...(labels === undefined ? {} : { labels }) });
}

/** Pods, and all that they may do on the network besides looking up names. */
export interface Opening {
  /** Part of the policy's name. */
  suffix: string;
  /** Default: the site's. */
  namespace?: pulumi.Input<string>;
  pods: Record<string, string>;
  ingress: Ingress[];
  egress: Egress[];
  /** TCP ports that they may call at any address but the clouds' metadata services. */
  addressPorts?: number[];
}

export function open(site: Site, { suffix, pods, ingress, egress, addressPorts, ...where }: Opening): void {
  const namespace = where.namespace ?? site.namespace;
  const policy = (name: string, spec: k8s.types.input.networking.v1.NetworkPolicySpec): void => {
    new k8s.networking.v1.NetworkPolicy(
      `${site.name}-${name}`,
      { metadata: siteMetadata(site, name, { namespace }), spec },
      { parent: site.parent },
    );
  };
  const rules = present({ ingress, egress: [DNS_RULE, ...egress] });
  policy(suffix, { podSelector: { matchLabels: pods }, policyTypes: ["Ingress", "Egress"], ...rules });
  if (addressPorts === undefined) return;
  const from = { namespace, podLabels: pods, mesh: MeshKind.None };
  policy(`${suffix}-addresses`, egressToAddresses(from, EVERYWHERE, addressPorts));
}

/** Pods with these labels in one namespace. */
export function podsIn(namespace: pulumi.Input<string>, labels: Record<string, string>): PeerRule {
  return {
    namespaceSelector: { matchLabels: { [NAMESPACE_LABEL]: namespace } },
    podSelector: { matchLabels: labels },
  };
}

/** Pods of any namespace; with these labels only, where some are given. */
export function podsAnywhere(labels: Record<string, string> = {}): PeerRule {
  return { namespaceSelector: {}, podSelector: { matchLabels: labels } };
}

/** Pods of gateways, in whichever namespace, by the label that the Gateway API asks its implementations to set. */
export const GATEWAY_PODS: PeerRule = {
  namespaceSelector: {},
  podSelector: { matchExpressions: [{ key: "gateway.networking.k8s.io/gateway-name", operator: "Exists" }] },
};

export function tcp(...ports: number[]): { protocol: string; port: number }[] {
  return ports.map((port) => ({ protocol: "TCP", port }));
}

/** Name of the namespace of what reads the nodes' files. */
export function nodesNamespaceName(site: Site): string {
  return `${site.name}-nodes`;
}

/**
 * The namespace of node exporter and Filebeat. They mount folders of their node, which Pod Security allows at its lowest
 * level only; so nothing else runs here, and traffic is denied unless it is opened.
 */
export function makeNodesNamespace(site: Site): k8s.core.v1.Namespace {
  const name = nodesNamespaceName(site);
  const namespace = new k8s.core.v1.Namespace(
    name,
    {
      metadata: siteMetadata(site, "nodes", {
        also: {
          "pod-security.kubernetes.io/enforce": "privileged",
          "pod-security.kubernetes.io/warn": "privileged",
          "pod-security.kubernetes.io/audit": "restricted",
        },
        annotations: {
          [`${KUBERNETES_ANNOTATIONS.optOut}podSecurity`]:
            "node exporter and Filebeat read metrics and logs from folders of their node; they run nothing as privileged",
        },
      }),
    },
    { parent: site.parent },
  );
  new k8s.networking.v1.NetworkPolicy(
    `${name}-default-deny`,
    {
      metadata: siteMetadata(site, "nodes-default-deny", { namespace: name }),
      spec: { podSelector: {}, policyTypes: ["Ingress", "Egress"] },
    },
    { parent: site.parent, dependsOn: [namespace] },
  );
  return namespace;
}
