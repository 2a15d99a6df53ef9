import { join } from "node:path";
import { etcdUrl, NODE, planNetwork, services, type ClusterPlan } from "./plan";

/** The programs of a cluster by their usual names, in the order in which they start. */
const CONTROL_PLANE = ["etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler"] as const;
const NODE_PROGRAMS = ["containerd", "kubelet", "kube-proxy", "coredns"] as const;
export type ComponentName = (typeof CONTROL_PLANE)[number] | (typeof NODE_PROGRAMS)[number] | "kwok";

export function componentNames(plan: ClusterPlan): readonly ComponentName[] {
  return plan.pods === "real" ? [...CONTROL_PLANE, ...NODE_PROGRAMS] : [...CONTROL_PLANE, "kwok"];
}

/** Paths of what was built; which there are depends on how pods run. */
export interface Programs {
  etcd: string;
  kube: string;
  pause?: string;
  coredns?: string;
  kwok?: string;
}

/** The command line of one program. */
export function argv(name: ComponentName, plan: ClusterPlan, directory: string, programs: Programs): string[] {
  const pki = (file: string): string => join(directory, "pki", file);
  const config = (file: string): string => join(directory, "config", file);
  const flags = (values: Record<string, string>): string[] =>
    Object.entries(values).map(([key, value]) => `--${key}=${value}`);
  switch (name) {
    case "etcd":
      return [programs.etcd, ...flags(etcdFlags(plan, pki, join(directory, "etcd")))];
    case "kube-apiserver":
      return [programs.kube, name, ...flags(apiServerFlags(plan, pki, config))];
    case "kube-controller-manager":
      return [
        ...[programs.kube, name],
        ...flags({
          ...clientFlags(config("controller-manager.kubeconfig")),
          "bind-address": plan.address,
          "secure-port": String(plan.ports.controllers),
          "tls-cert-file": pki("controller-manager.crt"),
          "tls-private-key-file": pki("controller-manager.key"),
          "use-service-account-credentials": "true",
          "service-account-private-key-file": pki("service-account.key"),
          "root-ca-file": pki("ca.crt"),
          "cluster-signing-cert-file": pki("ca.crt"),
          "cluster-signing-key-file": pki("ca.key"),
        }),
      ];
    case "kube-scheduler":
      return [
        ...[programs.kube, name],
        ...flags({
          ...clientFlags(config("scheduler.kubeconfig")),
          "bind-address": plan.address,
          "secure-port": String(plan.ports.scheduler),
          "tls-cert-file": pki("scheduler.crt"),
          "tls-private-key-file": pki("scheduler.key"),
        }),
      ];
    case "containerd":
      return ["containerd", "--config", config("containerd.toml")];
    case "kubelet":
      return [
        ...[programs.kube, name],
        ...flags({
          config: config("kubelet.json"),
          kubeconfig: config("kubelet.kubeconfig"),
          "hostname-override": NODE,
          "node-ip": plan.address,
          "node-labels": "topology.kubernetes.io/region=local,topology.kubernetes.io/zone=local-a",
          "root-dir": "/var/lib/kubelet",
        }),
      ];
    case "kube-proxy":
      return [programs.kube, name, ...flags({ config: config("kube-proxy.json") })];
    case "coredns":
      return [programs.coredns ?? "", "-conf", config("Corefile")];
    case "kwok":
      return [
        programs.kwok ?? "",
        ...flags({
          kubeconfig: config("kwok.kubeconfig"),
          config: config("kwok.yaml"),
          "manage-all-nodes": "true",
          "server-address": `127.0.0.1:${String(plan.ports.kwok)}`,
        }),
      ];
  }
}

type PathOf = (file: string) => string;

function etcdFlags(plan: ClusterPlan, pki: PathOf, data: string): Record<string, string> {
  const client = etcdUrl(plan);
  const peer = `https://127.0.0.1:${String(plan.ports.etcdPeer)}`;
  return {
    name: NODE,
    "data-dir": data,
    "listen-client-urls": client,
    "advertise-client-urls": client,
    "listen-peer-urls": peer,
    "initial-advertise-peer-urls": peer,
    "initial-cluster": `${NODE}=${peer}`,
    "cert-file": pki("etcd.crt"),
    "key-file": pki("etcd.key"),
    "trusted-ca-file": pki("etcd-ca.crt"),
    "client-cert-auth": "true",
    "peer-cert-file": pki("etcd.crt"),
    "peer-key-file": pki("etcd.key"),
    "peer-trusted-ca-file": pki("etcd-ca.crt"),
    "peer-client-cert-auth": "true",
    // The cluster outlives its processes, not a power cut: what the kernel has taken is safe enough.
    "unsafe-no-fsync": "true",
    // As kubeadm has it: lets the API server serve consistent lists from its cache.
    "watch-progress-notify-interval": "5s",
    "log-level": "warn",
  };
}

function apiServerFlags(plan: ClusterPlan, pki: PathOf, config: PathOf): Record<string, string> {
  return {
    "bind-address": plan.address,
    "secure-port": String(plan.ports.api),
    "advertise-address": plan.address,
    // No pod could reach an endpoint on loopback, and the API refuses to name one.
    ...(planNetwork(plan) ? {} : { "endpoint-reconciler-type": "none" }),
    "service-cluster-ip-range": services(plan).range,
    "tls-cert-file": pki("apiserver.crt"),
    "tls-private-key-file": pki("apiserver.key"),
    "client-ca-file": pki("ca.crt"),
    "authentication-config": config("authentication.json"),
    "authorization-mode": "Node,RBAC",
    "enable-admission-plugins": "NodeRestriction",
    "allow-privileged": "true",
    "service-account-issuer": "https://kubernetes.default.svc.cluster.local",
    "service-account-key-file": pki("service-account.pub"),
    "service-account-signing-key-file": pki("service-account.key"),
    "kubelet-client-certificate": pki("kubelet-client.crt"),
    "kubelet-client-key": pki("kubelet-client.key"),
    "kubelet-certificate-authority": pki("ca.crt"),
    "kubelet-preferred-address-types": "InternalIP",
    ...(plan.kmsSocket !== undefined && { "encryption-provider-config": config("encryption.json") }),
    "etcd-servers": etcdUrl(plan),
    "etcd-cafile": pki("etcd-ca.crt"),
    "etcd-certfile": pki("etcd-client.crt"),
    "etcd-keyfile": pki("etcd-client.key"),
    "etcd-compaction-interval": plan.compactionInterval,
  };
}

/** One of each: with a lease to lose, it would end whenever a test stops the API server. */
function clientFlags(kubeconfig: string): Record<string, string> {
  return {
    kubeconfig,
    "authentication-kubeconfig": kubeconfig,
    "authorization-kubeconfig": kubeconfig,
    "leader-elect": "false",
  };
}
