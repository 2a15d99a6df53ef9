import type { ClusterNetwork } from "./network";
import { DOMAIN, NODE } from "./plan";

/** Configuration files of the cluster's programs. Kubernetes reads JSON wherever it reads YAML. */

export const PAUSE_IMAGE = "machine-native-ops.invalid/pause:1";
const CONTAINERD_SOCKET = "/run/containerd/containerd.sock";
const json = (value: unknown): string => `${JSON.stringify(value, undefined, 2)}\n`;

/** PEM texts of a client and of the authority that vouches for the server. */
export interface Credentials {
  authority: string;
  certificate: string;
  key: string;
}

export function kubeconfig(server: string, user: string, { authority, certificate, key }: Credentials): string {
  const base64 = (text: string): string => Buffer.from(text).toString("base64");
  return json({
    apiVersion: "v1",
    kind: "Config",
    clusters: [{ name: "machine-native-ops", cluster: { server, "certificate-authority-data": base64(authority) } }],
    users: [{ name: user, user: { "client-certificate-data": base64(certificate), "client-key-data": base64(key) } }],
    contexts: [{ name: "machine-native-ops", context: { cluster: "machine-native-ops", user } }],
    "current-context": "machine-native-ops",
  });
}

/** Without a name one may ask for the API server's health and for nothing else. */
export function authentication(): string {
  return json({
    apiVersion: "apiserver.config.k8s.io/v1",
    kind: "AuthenticationConfiguration",
    anonymous: { enabled: true, conditions: ["/livez", "/readyz", "/healthz"].map((path) => ({ path })) },
  });
}

/** Secrets and ConfigMaps in etcd are encrypted by the KMS v2 plugin at the socket; what is there in the open stays readable. */
export function encryption(socket: string): string {
  const kms = { apiVersion: "v2", name: "machine-native-ops", endpoint: `unix://${socket}`, timeout: "3s" };
  return json({
    apiVersion: "apiserver.config.k8s.io/v1",
    kind: "EncryptionConfiguration",
    resources: [{ resources: ["secrets", "configmaps"], providers: [{ kms }, { identity: {} }] }],
  });
}

export interface ContainerdOptions {
  root: string;
  cniBin: string;
  cniConf: string;
  /** overlayfs, unless the state folder is itself on an overlay, which cannot carry another. */
  snapshotter: "overlayfs" | "native";
}

export function containerd({ root, cniBin, cniConf, snapshotter }: ContainerdOptions): string {
  const quote = JSON.stringify;
  return `version = 2
root = ${quote(root)}
state = "/run/containerd"

[grpc]
  address = ${quote(CONTAINERD_SOCKET)}

[plugins."io.containerd.internal.v1.opt"]
  path = ${quote(`${root}/opt`)}

[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = ${quote(PAUSE_IMAGE)}
  # Where this process may not lower a score, runc would die of trying.
  restrict_oom_score_adj = true

  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = ${quote(cniBin)}
    conf_dir = ${quote(cniConf)}

  [plugins."io.containerd.grpc.v1.cri".containerd]
    snapshotter = ${quote(snapshotter)}
    default_runtime_name = "runc"

    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
      runtime_type = "io.containerd.runc.v2"

      [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
        SystemdCgroup = false
`;
}

export function cni(network: ClusterNetwork): string {
  return json({
    cniVersion: "0.4.0",
    name: "machine-native-ops",
    plugins: [
      {
        type: "bridge",
        bridge: "pods",
        isGateway: true,
        hairpinMode: true,
        ipam: { type: "host-local", ranges: [[{ subnet: network.pods }]], routes: [{ dst: "0.0.0.0/0" }] },
      },
      { type: "portmap", capabilities: { portMappings: true } },
    ],
  });
}

export function kubelet(network: ClusterNetwork, pki: string, resolvConf: string, cgroup: string): string {
  return json({
    apiVersion: "kubelet.config.k8s.io/v1beta1",
    kind: "KubeletConfiguration",
    address: network.node,
    authentication: {
      anonymous: { enabled: false },
      webhook: { enabled: true },
      x509: { clientCAFile: `${pki}/ca.crt` },
    },
    authorization: { mode: "Webhook" },
    tlsCertFile: `${pki}/kubelet.crt`,
    tlsPrivateKeyFile: `${pki}/kubelet.key`,
    containerRuntimeEndpoint: `unix://${CONTAINERD_SOCKET}`,
    cgroupDriver: "cgroupfs",
    cgroupRoot: `/${cgroup}`,
    failCgroupV1: false,
    failSwapOn: false,
    cpuCFSQuota: true,
    clusterDomain: DOMAIN,
    clusterDNS: [network.dns],
    resolvConf,
    // A disk that is busy with builds is no reason to end pods or to drop images that no registry has.
    evictionHard: {
      "memory.available": "50Mi",
      "nodefs.available": "0%",
      "nodefs.inodesFree": "0%",
      "imagefs.available": "0%",
    },
    imageGCHighThresholdPercent: 100,
    healthzBindAddress: network.node,
    serverTLSBootstrap: false,
    rotateCertificates: false,
    shutdownGracePeriod: "0s",
  });
}

export function kubeProxy(network: ClusterNetwork, kubeconfigFile: string): string {
  return json({
    apiVersion: "kubeproxy.config.k8s.io/v1alpha1",
    kind: "KubeProxyConfiguration",
    mode: "nftables",
    hostnameOverride: NODE,
    clusterCIDR: network.pods,
    clientConnection: { kubeconfig: kubeconfigFile },
    // The size of the connection table belongs to the host.
    conntrack: { maxPerCore: 0, min: 0 },
    healthzBindAddress: `${network.node}:10256`,
    metricsBindAddress: "127.0.0.1:10249",
  });
}

export function corefile(address: string, kubeconfigFile: string): string {
  return `.:53 {
  errors
  health ${address}:8080
  ready ${address}:8181
  kubernetes ${DOMAIN} in-addr.arpa {
    kubeconfig ${kubeconfigFile}
    pods insecure
    ttl 5
  }
  cache 5
}
`;
}
