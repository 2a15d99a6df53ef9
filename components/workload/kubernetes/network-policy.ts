/** The rules of network policies, as pure functions of the two ends. */
import type * as k8s from "@pulumi/kubernetes";
import { BlockList, isIP } from "node:net";
import type * as pulumi from "@pulumi/pulumi";
import { KUBERNETES_LABELS } from "../../../runtime/exports";
import { type MeshKind } from "../../mesh/kinds";
import { meshPorts, meshRules } from "./mesh-traffic";

type Spec = k8s.types.input.networking.v1.NetworkPolicySpec;
type Rule = k8s.types.input.networking.v1.NetworkPolicyEgressRule;
type PeerRule = k8s.types.input.networking.v1.NetworkPolicyPeer;

/** The pods of one end, without who they are. */
export interface Pods {
  namespace: pulumi.Input<string>;
  podLabels: Record<string, string>;
  mesh: MeshKind;
}

export const NAMESPACE_LABEL = "kubernetes.io/metadata.name";
/** Every address there is. */
export const EVERYWHERE = ["0.0.0.0/0", "::/0"];
/** The Service's port, and the usual one of the server behind it: policies are judged after the address was translated. */
export const API_SERVER_PORTS = [443, 6443];

/** Where the clouds' virtual machines get credentials: link-local, AWS over IPv6. */
const METADATA_SERVICES = [
  { address: "169.254.169.254", range: "169.254.169.254/32", family: "ipv4" },
  { address: "fd00:ec2::254", range: "fd00:ec2::254/128", family: "ipv6" },
] as const;

/** Names of services are looked up at the cluster's DNS: its pods, or the cache that runs on every node (NodeLocal DNSCache's address). */
export const DNS_RULE: Rule = {
  to: [
    {
      namespaceSelector: { matchLabels: { [NAMESPACE_LABEL]: "kube-system" } },
      podSelector: { matchLabels: { "k8s-app": "kube-dns" } },
    },
    { ipBlock: { cidr: "169.254.20.10/32" } },
  ],
  ports: [
    { protocol: "UDP", port: 53 },
    { protocol: "TCP", port: 53 },
  ],
};

/** Nothing in, nothing out, but names and what the mesh itself needs; for all pods of the namespace where no labels are given. */
export function defaultDeny(podLabels: Record<string, string>, mesh: MeshKind): Spec {
  const { ingress, egress } = meshRules(mesh);
  return {
    podSelector: Object.keys(podLabels).length > 0 ? { matchLabels: podLabels } : {},
    policyTypes: ["Ingress", "Egress"],
    // No list, not an empty one: the API server drops that, and each apply would seem a change.
    ingress: ingress.length > 0 ? ingress : undefined,
    egress: [DNS_RULE, ...egress],
  };
}

/** Nothing in, nothing out, for all pods of a namespace, whatever their labels. */
export const DENY_ALL: Spec = { podSelector: {}, policyTypes: ["Ingress", "Egress"] };

/** The same for all pods but those in quarantine: policies only add, and what one of these allowed no other could take away. */
export function unlessQuarantined(spec: Spec): Spec {
  return {
    ...spec,
    podSelector: { matchExpressions: [{ key: KUBERNETES_LABELS.quarantine, operator: "DoesNotExist" }] },
  };
}

export function egressToPods(from: Pods, to: Pods, ports: readonly number[]): Spec {
  return {
    podSelector: { matchLabels: from.podLabels },
    policyTypes: ["Egress"],
    egress: [{ to: [select(to)], ports: tcp([...ports, ...meshPorts(from.mesh, to.mesh)]) }],
  };
}

export function ingressFromPods(from: Pods, to: Pods, ports: readonly number[]): Spec {
  return {
    podSelector: { matchLabels: to.podLabels },
    policyTypes: ["Ingress"],
    ingress: [{ from: [select(from)], ports: tcp([...ports, ...meshPorts(from.mesh, to.mesh)]) }],
  };
}

export function ingressFromNamespaces(to: Pods, labels: Record<string, string>, ports: readonly number[]): Spec {
  return {
    podSelector: { matchLabels: to.podLabels },
    policyTypes: ["Ingress"],
    // Whether those pods are in the mesh is not known here: in it, they come by its port.
    ingress: [
      {
        from: [{ namespaceSelector: { matchLabels: labels } }],
        ports: tcp([...ports, ...meshPorts(to.mesh, to.mesh)]),
      },
    ],
  };
}

export function egressToAddresses(from: Pods, cidrs: readonly string[], ports: readonly number[]): Spec {
  return {
    podSelector: { matchLabels: from.podLabels },
    policyTypes: ["Egress"],
    egress: [{ to: cidrs.map((cidr) => ({ ipBlock: block(cidr) })), ports: tcp(ports) }],
  };
}

/** Whether the text is an address range, as `203.0.113.0/24`. */
export function isCidr(text: string): boolean {
  const [address = "", length = ""] = text.split("/");
  const bits = { 4: 32, 6: 128 }[isIP(address)];
  return bits !== undefined && /^\d{1,3}$/.test(length) && Number(length) <= bits && text.split("/").length === 2;
}

function block(cidr: string): { cidr: string; except?: string[] } {
  const [address = "", length = ""] = cidr.split("/");
  const family = isIP(address) === 4 ? "ipv4" : "ipv6";
  const range = new BlockList();
  range.addSubnet(address, Number(length), family);
  const except = METADATA_SERVICES.filter(
    (service) => service.family === family && service.range !== cidr && range.check(service.address, family),
  ).map((service) => service.range as string);
  return except.length > 0 ? { cidr, except } : { cidr };
}

function select({ namespace, podLabels }: Pods): PeerRule {
  return {
    namespaceSelector: { matchLabels: { [NAMESPACE_LABEL]: namespace } },
    podSelector: { matchLabels: podLabels },
  };
}

function tcp(ports: readonly number[]): { protocol: string; port: number }[] {
  return [...new Set(ports)].map((port) => ({ protocol: "TCP", port }));
}
