import { KUBERNETES_LABELS } from "../../exports";
import type { Clock } from "../../kernel/clock";
import type { Cluster, ClusterNode, NodeUsage, WorkloadStatus } from "../../kernel/cluster/cluster";
import type { Claim } from "./attribution";
import { ASSUMED_LOAD, type NodeSample } from "./engine";
import type { LocalLook, LocalMachine } from "./local-machine";

export interface SampledNode {
  node: ClusterNode;
  /** Undefined on the first look, which there is nothing to compare with. */
  sample: NodeSample | undefined;
}

/**
 * Looks at every node of the cluster. On this machine the processes of each replica are counted, children included; elsewhere
 * the use of nodes and pods is taken as the cluster gives it, whoever's the pods are.
 */
export class Sampler {
  private before: { at: number; look: LocalLook | undefined } | undefined;

  /** `steady` only ever grows: what the time of day is set to does not change how long a sample took. */
  constructor(
    private readonly cluster: Pick<Cluster, "nodes" | "list" | "usage">,
    private readonly machine: LocalMachine,
    private readonly steady: Pick<Clock, "now">,
  ) {}

  async sample(): Promise<SampledNode[]> {
    const nodes = await this.cluster.nodes();
    return this.cluster.usage ? this.ofUsage(nodes, await this.cluster.usage()) : this.ofMachine(nodes);
  }

  private async ofMachine(nodes: readonly ClusterNode[]): Promise<SampledNode[]> {
    const workloads = await this.cluster.list();
    const look = await this.machine.look();
    const { before, seconds } = this.passed(look);
    return nodes.map((node) => ({
      node,
      sample: seconds > 0 ? this.machineSample(before, look, seconds, workloads) : undefined,
    }));
  }

  private machineSample(
    before: LocalLook | undefined,
    after: LocalLook | undefined,
    seconds: number,
    workloads: readonly WorkloadStatus[],
  ): NodeSample {
    if (!before || !after) return usageSample(unmeasured(workloads), this.machine.cores, seconds);
    const { cpuSecondsByGroup, cpuSeconds, rapl, networkBytes, frequencyShare, ...use } = this.machine.between(
      before,
      after,
      seconds,
    );
    const replicaOf = new Map(workloads.flatMap(({ replicas }) => replicas.map(({ pid, name }) => [pid, name])));
    const processes = use.processes.map(({ group, ...one }) => ({ ...one, pod: replicaOf.get(group) ?? null }));
    const claims = claimsOf(workloads, ({ pid }) => (pid === undefined ? 0 : (cpuSecondsByGroup.get(pid) ?? 0)));
    return { ...SEEN, seconds, cpuSeconds, claims, rapl, networkBytes, processes, frequencyShare };
  }

  private ofUsage(nodes: readonly ClusterNode[], usage: readonly NodeUsage[]): SampledNode[] {
    const { seconds } = this.passed(undefined);
    const byNode = new Map(usage.map((one) => [one.node, one]));
    return nodes.map((node) => ({
      node,
      sample: seconds > 0 ? usageSample(byNode.get(node.name), node.capacity.cpuCores, seconds) : undefined,
    }));
  }

  private passed(look: LocalLook | undefined): { before: LocalLook | undefined; seconds: number } {
    const { before } = this;
    const at = this.steady.now();
    this.before = { at, look };
    return { before: before?.look, seconds: before ? (at - before.at) / 1000 : 0 };
  }
}

const SEEN = { loadFault: null, isLoadAssumed: false, unmeasuredPods: 0 };
const NOT_HERE = {
  rapl: { fault: "the counters of a node can be read on the node alone" },
  networkBytes: 0,
  processes: [],
};
/** Longer than any sample takes: what is read now says little about the start of it. */
const LONG_SECONDS = 180;

/**
 * What the cluster says that a node carries. A load that nobody measures is assumed, and shared by requests; use that is read
 * after nobody looked for long stands for that time, and counts as assumed, too.
 */
function usageSample(usage: NodeUsage | undefined, cores: number, seconds: number): NodeSample {
  const { pods = [], cpuCores, fault = "nobody tells what the node carries" } = usage ?? {};
  const unmeasuredPods = pods.filter((pod) => pod.cpuCores === undefined).length;
  const isSeen = cpuCores !== undefined || unmeasuredPods < pods.length;
  const requested = pods.reduce((sum, pod) => sum + pod.requestedCores, 0);
  const assumed = ASSUMED_LOAD * cores;
  const claims = pods.map((pod): Claim => {
    const { workload, tenant, namespace, name, requestedCores } = pod;
    const used = isSeen ? (pod.cpuCores ?? 0) : requested > 0 ? (assumed * requestedCores) / requested : 0;
    return { workload, tenant, namespace: namespace || null, pod: name, requestedCores, cpuSeconds: used * seconds };
  });
  const isLong = seconds > LONG_SECONDS;
  return {
    ...NOT_HERE,
    seconds,
    claims,
    cpuSeconds: (isSeen ? (cpuCores ?? 0) : assumed) * seconds,
    loadFault: isLong
      ? `nobody looked for ${seconds.toFixed(0)} s: what is used now stands for it`
      : isSeen
        ? (usage?.fault ?? null)
        : fault,
    isLoadAssumed: isLong || !isSeen,
    unmeasuredPods: isSeen ? unmeasuredPods : 0,
  };
}

type Replica = WorkloadStatus["replicas"][number];

/** One claim for each living replica. */
function claimsOf(workloads: readonly WorkloadStatus[], cpuSecondsOf: (replica: Replica) => number): Claim[] {
  return workloads.flatMap(({ spec, replicas }) =>
    replicas
      .filter(({ phase }) => phase !== "succeeded" && phase !== "failed")
      .map((replica) => ({
        workload: spec.name,
        tenant: spec.labels?.[KUBERNETES_LABELS.tenant] ?? null,
        namespace: null,
        pod: replica.name,
        cpuSeconds: cpuSecondsOf(replica),
        requestedCores: spec.requests.cpuCores,
      })),
  );
}

/** A platform without /proc tells nothing of what replicas use. */
function unmeasured(workloads: readonly WorkloadStatus[]): NodeUsage {
  const pods = claimsOf(workloads, () => 0).map(({ workload, tenant, pod, requestedCores }) => ({
    name: pod,
    namespace: "",
    workload,
    tenant,
    requestedCores,
    cpuCores: undefined,
  }));
  return { node: "", cpuCores: undefined, pods, fault: "this platform has no /proc" };
}
