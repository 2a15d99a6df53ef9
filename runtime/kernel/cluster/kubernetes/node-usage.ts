import { KUBERNETES_LABELS, MnoError } from "../../../exports";
import type { Clock } from "../../clock";
import type { NodeUsage, PodUsage } from "../cluster";
import { Informer, type ListWatch, WATCH_BACKOFF } from "./informer";
import type { NodeCache } from "./nodes";
import { pathOf, type Pod } from "./objects";
import { ownerName } from "./pod-owner";
import { parseQuantity } from "./quantity";
import { HOLDS_RESOURCES, slimPod } from "./slim-pod";
import { podRequests } from "./workload-spec";

/** Metrics servers sample every 15 s or slower. */
const SAMPLE_MILLISECONDS = 15_000;
/** So long a reading stands while the next does not come; a metrics server that is rolled is away for less. */
const HOLD_MILLISECONDS = 120_000;

interface Metrics {
  metadata: { name: string; namespace?: string };
}
type PodMetrics = Metrics & { containers: { usage: Record<string, string> }[] };
type NodeMetrics = Metrics & { usage: Record<string, string> };

interface Reading {
  /** Cores by node, and by `namespace/name` of a pod. */
  nodes: ReadonlyMap<string, number>;
  pods: ReadonlyMap<string, number>;
  /** Why it is an old one, or none. */
  fault?: string;
}

/**
 * CPU of every node and every pod, from the resource metrics API: two lists of numbers, read-only. A kubelet has the same as
 * counters, which would be more exact, but asks for more: its own port takes a way to every node and the right `nodes/metrics`,
 * which opens all that cAdvisor knows; over the API server it takes `nodes/proxy`, which allows to run commands in any pod.
 */
export class NodeUsageReader {
  private readonly own: Informer<Pod>;
  private reading: Promise<Reading> | undefined;
  private readAt = -Infinity;
  private last: { at: number; reading: Reading } | undefined;

  constructor(
    private readonly connection: ListWatch,
    private readonly namespace: string,
    private readonly others: Pick<NodeCache, "strangersPods">,
    private readonly clock: Clock,
    random: () => number,
  ) {
    this.own = new Informer<Pod>({
      api: connection,
      clock,
      random,
      backoff: WATCH_BACKOFF,
      path: pathOf("Pod", namespace),
      keep: slimPod,
      fieldSelector: HOLDS_RESOURCES,
    });
  }

  /** Errors: MNO_CLUSTER_FORBIDDEN, MNO_CLUSTER_UNREACHABLE. */
  async read(): Promise<NodeUsage[]> {
    const [strangers, { nodes, pods, fault }] = await Promise.all([
      this.others.strangersPods(),
      this.metrics(),
      this.own.ready(),
    ]);
    const byNode = new Map<string, PodUsage[]>([...nodes.keys()].map((node) => [node, []]));
    for (const pod of [...this.own.values(), ...strangers]) {
      const node = pod.spec?.nodeName;
      if (node === undefined || node === "") continue; // waits for one
      const usage = usageOf(pod, this.namespace, pods);
      const known = byNode.get(node);
      if (known) known.push(usage);
      else byNode.set(node, [usage]);
    }
    return [...byNode].map(([node, carried]): NodeUsage => {
      const cpuCores = nodes.get(node);
      const why = fault ?? (cpuCores === undefined ? `the metrics server does not know node ${node}` : undefined);
      return { node, cpuCores, pods: carried, ...(why === undefined ? {} : { fault: why }) };
    });
  }

  close(): Promise<void> {
    return this.own.close();
  }

  private metrics(): Promise<Reading> {
    const now = this.clock.now();
    // A clock that was set back must not keep a reading for ever.
    if (!this.reading || Math.abs(now - this.readAt) >= SAMPLE_MILLISECONDS) {
      this.readAt = now;
      this.reading = this.ask(now);
      this.reading.catch(() => (this.readAt = -Infinity));
    }
    return this.reading;
  }

  private async ask(now: number): Promise<Reading> {
    const list = async <T>(plural: string): Promise<T[]> =>
      (await this.connection.json<{ items: T[] }>("GET", `/apis/metrics.k8s.io/v1beta1/${plural}`)).items;
    try {
      const [nodes, pods] = await Promise.all([list<NodeMetrics>("nodes"), list<PodMetrics>("pods")]);
      const reading = {
        nodes: new Map(nodes.map(({ metadata, usage }) => [metadata.name, coresOf(usage)])),
        pods: new Map(
          pods.map(({ metadata, containers }) => [
            `${metadata.namespace ?? ""}/${metadata.name}`,
            containers.reduce((sum, { usage }) => sum + coresOf(usage), 0),
          ]),
        ),
      };
      this.last = { at: now, reading };
      return reading;
    } catch (error) {
      if (error instanceof MnoError && error.code === "MNO_CLUSTER_FORBIDDEN") throw error;
      const fault = `no metrics server answers: ${(error as Error).message}`;
      const held = this.last !== undefined && Math.abs(now - this.last.at) <= HOLD_MILLISECONDS;
      return held ? { ...this.last!.reading, fault } : { nodes: new Map(), pods: new Map(), fault };
    }
  }
}

const coresOf = (usage: Readonly<Record<string, string>>): number => parseQuantity(usage.cpu ?? "0");

function usageOf(pod: Pod, ownNamespace: string, cores: ReadonlyMap<string, number>): PodUsage {
  const { name = "", namespace = "", labels } = pod.metadata ?? {};
  // A Job of our own is a workload with its own name; of others' CronJobs the runs would be names without end.
  const isOwn = namespace === ownNamespace;
  const owner = isOwn ? (jobName(pod) ?? ownerName(pod)) : ownerName(pod);
  return {
    name,
    namespace,
    workload: isOwn ? owner : `${namespace}/${owner}`,
    tenant: labels?.[KUBERNETES_LABELS.tenant] ?? null,
    requestedCores: podRequests(pod.spec).cpuCores,
    cpuCores: cores.get(`${namespace}/${name}`),
  };
}

function jobName({ metadata }: Pod): string | undefined {
  return metadata?.ownerReferences?.find(({ controller, kind }) => controller && kind === "Job")?.name;
}
