import type { ClusterNetwork } from "./network";

/** An object to apply and its path at the API server. */
export interface Applied {
  path: string;
  object: object;
}

const RBAC = "rbac.authorization.k8s.io";

/** What the cluster's own programs may do beyond Kubernetes' built-in roles. */
export function permissions(): Applied[] {
  return [
    ...grant("machine-native-ops:kubelet-api", "kube-apiserver-kubelet-client", "system:kubelet-api-admin"),
    role("machine-native-ops:dns", [
      { apiGroups: [""], resources: ["endpoints", "services", "pods", "namespaces"], verbs: ["list", "watch"] },
      { apiGroups: ["discovery.k8s.io"], resources: ["endpointslices"], verbs: ["list", "watch"] },
    ]),
    ...grant("machine-native-ops:dns", "system:coredns", "machine-native-ops:dns"),
  ];
}

/** What KWOK needs to play nodes and pods. */
export function kwokPermissions(): Applied[] {
  const changes = ["get", "list", "watch", "patch", "update"];
  return [
    role("machine-native-ops:kwok", [
      { apiGroups: [""], resources: ["nodes", "pods"], verbs: [...changes, "delete"] },
      { apiGroups: [""], resources: ["nodes/status", "pods/status"], verbs: ["patch", "update"] },
      { apiGroups: [""], resources: ["events"], verbs: ["create", "patch", "update"] },
      { apiGroups: ["coordination.k8s.io"], resources: ["leases"], verbs: [...changes, "create"] },
    ]),
    ...grant("machine-native-ops:kwok", "system:kwok-controller", "machine-native-ops:kwok"),
  ];
}

/** The Service by which pods ask for names; CoreDNS runs on the node, so that the Service has its endpoint written out. */
export function dnsService(network: ClusterNetwork): Applied[] {
  const metadata = { name: "kube-dns", namespace: "kube-system" };
  const ports = [
    { name: "dns", port: 53, protocol: "UDP" },
    { name: "dns-tcp", port: 53, protocol: "TCP" },
  ];
  return [
    {
      path: "/api/v1/namespaces/kube-system/services/kube-dns",
      object: {
        apiVersion: "v1",
        kind: "Service",
        metadata: { ...metadata, labels: { "k8s-app": "kube-dns" } },
        spec: { clusterIP: network.dns, ports },
      },
    },
    {
      path: "/apis/discovery.k8s.io/v1/namespaces/kube-system/endpointslices/kube-dns",
      object: {
        apiVersion: "discovery.k8s.io/v1",
        kind: "EndpointSlice",
        metadata: { ...metadata, labels: { "kubernetes.io/service-name": "kube-dns" } },
        addressType: "IPv4",
        endpoints: [{ addresses: [network.node], conditions: { ready: true } }],
        ports,
      },
    },
  ];
}

/** A node that exists on paper; sized so that whatever a test declares finds room. */
export function simulatedNode(name: string): Applied {
  const resources = { cpu: "64", memory: "256Gi", pods: "500", "ephemeral-storage": "1Ti" };
  return {
    path: `/api/v1/nodes/${name}`,
    object: {
      apiVersion: "v1",
      kind: "Node",
      metadata: {
        name,
        labels: {
          "kubernetes.io/hostname": name,
          "kubernetes.io/os": "linux",
          "topology.kubernetes.io/region": "local",
          "topology.kubernetes.io/zone": "local-a",
        },
        annotations: { "kwok.x-k8s.io/node": "fake" },
      },
      status: { capacity: resources, allocatable: resources },
    },
  };
}

function role(name: string, rules: object[]): Applied {
  return {
    path: `/apis/${RBAC}/v1/clusterroles/${name}`,
    object: { apiVersion: `${RBAC}/v1`, kind: "ClusterRole", metadata: { name }, rules },
  };
}

function grant(name: string, user: string, clusterRole: string): Applied[] {
  return [
    {
      path: `/apis/${RBAC}/v1/clusterrolebindings/${name}`,
      object: {
        apiVersion: `${RBAC}/v1`,
        kind: "ClusterRoleBinding",
        metadata: { name },
        roleRef: { apiGroup: RBAC, kind: "ClusterRole", name: clusterRole },
        subjects: [{ apiGroup: RBAC, kind: "User", name: user }],
      },
    },
  ];
}
