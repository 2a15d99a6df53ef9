import { Resolver } from "node:dns/promises";
import { ApiServer, credentials, type Answer } from "./api";
import type { ComponentName } from "./components";
import { DOMAIN, etcdUrl, NODE, planNetwork, serverUrl, type ClusterPlan } from "./plan";

/** Asks one component whether it is ready: undefined when it is, else what it lacks. */
export type Probe = () => Promise<string | undefined>;

/** `isContainerdReady` asks inside the cluster's namespaces, where its socket is. */
export function probes(plan: ClusterPlan, pki: string, isContainerdReady: Probe): Record<ComponentName, Probe> {
  const who = credentials(pki, "admin");
  const etcd = new ApiServer(etcdUrl(plan), credentials(pki, "etcd-client", "etcd-ca"));
  const api = new ApiServer(serverUrl(plan), who);
  const healthz = (port: number): Probe => {
    const program = new ApiServer(`https://${plan.address}:${String(port)}`, who);
    return () => answered(program.get("/healthz"));
  };
  return {
    etcd: () => answered(etcd.get("/readyz")),
    "kube-apiserver": () => answered(api.get("/readyz")),
    "kube-controller-manager": async () =>
      (await healthz(plan.ports.controllers)()) ??
      answered(api.get("/api/v1/namespaces/default/serviceaccounts/default")),
    "kube-scheduler": healthz(plan.ports.scheduler),
    containerd: isContainerdReady,
    kubelet: async () => (await plainAnswer(`http://${plan.address}:10248/healthz`)) ?? nodeReady(api),
    "kube-proxy": () => plainAnswer(`http://${plan.address}:10256/healthz`),
    coredns: () => resolves(planNetwork(plan)?.dns ?? ""),
    kwok: () => nodeReady(api),
  };
}

async function answered(question: Promise<Answer>): Promise<string | undefined> {
  try {
    const { status, body } = await question;
    return status === 200 ? undefined : `it answers ${String(status)}: ${body.slice(0, 300)}`;
  } catch (error) {
    return (error as Error).message;
  }
}

async function plainAnswer(url: string): Promise<string | undefined> {
  try {
    const { status } = await fetch(url, { signal: AbortSignal.timeout(2000) });
    return status === 200 ? undefined : `it answers ${String(status)}`;
  } catch (error) {
    return (error as Error).message;
  }
}

async function nodeReady(api: ApiServer): Promise<string | undefined> {
  let answer: Answer;
  try {
    answer = await api.get(`/api/v1/nodes/${NODE}`);
  } catch (error) {
    return (error as Error).message;
  }
  if (answer.status !== 200) return "the node has not registered";
  const node = JSON.parse(answer.body) as {
    spec?: { taints?: { key: string }[] };
    status?: { conditions?: { type: string; status: string; message?: string }[] };
  };
  const ready = node.status?.conditions?.find(({ type }) => type === "Ready");
  if (ready?.status !== "True") return ready?.message ?? "the node says nothing yet";
  const taints = node.spec?.taints ?? [];
  return taints.length === 0 ? undefined : `the node is tainted: ${taints.map(({ key }) => key).join(", ")}`;
}

/** Through the Service's address: an answer proves the service proxy, too. */
async function resolves(server: string): Promise<string | undefined> {
  const resolver = new Resolver({ timeout: 1000, tries: 1 });
  resolver.setServers([server]);
  try {
    await resolver.resolve4(`kubernetes.default.svc.${DOMAIN}`);
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}
