import { createServer, type Server } from "node:https";
import type { AddressInfo } from "node:net";
import type { OwnCluster } from "../../../tools/cluster/own-cluster";
import { planNetwork } from "../../../tools/cluster/plan";
import { makeServerCertificate } from "../server-certificate";
import type { AnyObject } from "./objects";

const VERSION = "v1beta1";
const GROUP = "metrics.k8s.io";

interface Counter {
  seconds: number;
  at: number;
}

/**
 * The resource metrics API over the kubelet's own counters, as metrics-server has it: CPU is what a counter grew by between two
 * readings. It listens on the host, and an APIService leads the API server there.
 */
export class MetricsServer {
  private former = new Map<string, Counter>();
  private readonly cores = new Map<string, number>();

  private constructor(
    private readonly cluster: OwnCluster,
    private readonly node: string,
    private readonly server: Server,
    private readonly objects: AnyObject[],
  ) {}

  static async start(cluster: OwnCluster, namespace: string, node: string): Promise<MetricsServer> {
    const { key, certificate } = makeServerCertificate();
    const host = planNetwork(cluster.plan)?.host ?? "127.0.0.1";
    const server = createServer({ key, cert: certificate });
    await new Promise<void>((resolve) => server.listen(0, host, resolve));
    const { port } = server.address() as AddressInfo;
    const service = {
      apiVersion: "v1",
      kind: "Service",
      metadata: { name: "metrics", namespace },
      spec: { type: "ExternalName", externalName: host, ports: [{ port, name: "https" }] },
    };
    const apiService = {
      apiVersion: "apiregistration.k8s.io/v1",
      kind: "APIService",
      metadata: { name: `${VERSION}.${GROUP}` },
      spec: {
        group: GROUP,
        version: VERSION,
        groupPriorityMinimum: 100,
        versionPriority: 100,
        insecureSkipTLSVerify: true,
        service: { name: "metrics", namespace, port },
      },
    };
    const metrics = new MetricsServer(cluster, node, server, [service, apiService]);
    server.on("request", ({ url = "" }, response) => {
      const path = url.split("?", 1)[0]!;
      response.setHeader("content-type", "application/json");
      response.end(JSON.stringify(metrics.answer(path)));
    });
    return metrics;
  }

  /** What is to be applied for the API server to find it. */
  manifests(): AnyObject[] {
    return this.objects;
  }

  /** Reads the kubelet's counters; resolves to the pods, `namespace/name`, whose use is known by now, and "" for the node. */
  async sample(): Promise<string[]> {
    const text = await this.cluster.kubectl(["get", "--raw", `/api/v1/nodes/${this.node}/proxy/metrics/resource`]);
    const latest = new Map<string, Counter>();
    for (const line of text.split("\n")) {
      const [, name, labels = "", value, at] =
        /^(node|container)_cpu_usage_seconds_total(?:\{(.*)\})? (\S+) (\d+)$/.exec(line) ?? [];
      if (name === undefined) continue;
      const label = (key: string): string => new RegExp(`${key}="([^"]*)"`).exec(labels)?.[1] ?? "";
      const subject = name === "node" ? "" : `${label("namespace")}/${label("pod")}/${label("container")}`;
      latest.set(subject, { seconds: Number(value), at: Number(at) });
    }
    for (const [subject, { seconds, at }] of latest) {
      const past = this.former.get(subject);
      if (past && at > past.at) this.cores.set(subject, (seconds - past.seconds) / ((at - past.at) / 1000));
      else if (past) latest.set(subject, past); // the kubelet has not looked since
    }
    for (const subject of this.cores.keys()) if (!latest.has(subject)) this.cores.delete(subject);
    this.former = latest;
    return [...this.cores.keys()].map((subject) => subject.split("/").slice(0, 2).join("/"));
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private answer(path: string): object {
    const base = { apiVersion: `${GROUP}/${VERSION}` };
    const usage = (cores: number) => ({ cpu: `${String(Math.round(cores * 1e9))}n`, memory: "1Mi" });
    if (path.endsWith("/nodes")) {
      const cores = this.cores.get("");
      const items = cores === undefined ? [] : [{ metadata: { name: this.node }, usage: usage(cores) }];
      return { ...base, kind: "NodeMetricsList", metadata: {}, items };
    }
    if (path.endsWith("/pods")) {
      const pods = Map.groupBy(
        [...this.cores].filter(([subject]) => subject !== ""),
        ([subject]) => subject.split("/").slice(0, 2).join("/"),
      );
      const items = [...pods].map(([pod, containers]) => {
        const [namespace, name] = pod.split("/");
        return {
          metadata: { name, namespace },
          containers: containers.map(([subject, cores]) => ({ name: subject.split("/")[2], usage: usage(cores) })),
        };
      });
      return { ...base, kind: "PodMetricsList", metadata: {}, items };
    }
    const resource = (name: string, namespaced: boolean) => ({
      name,
      singularName: "",
      namespaced,
      kind: "X",
      verbs: ["list"],
    });
    const resources = [resource("nodes", false), resource("pods", true)];
    return { kind: "APIResourceList", apiVersion: "v1", groupVersion: `${GROUP}/${VERSION}`, resources };
  }
}
