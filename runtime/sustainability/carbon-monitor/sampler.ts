import { KUBERNETES_LABELS } from "../../exports";
import type { Cluster, ClusterNode, WorkloadStatus } from "../../kernel/cluster/cluster";
import type { Claim } from "./attribution";
import type { NodeSample } from "./engine";
import type { LocalMachine, LocalLook } from "./local-machine";

export interface SampledNode {
  node: ClusterNode;
  /** Undefined on the first look, which there is nothing to compare with. */
  sample: NodeSample | undefined;
}

/**
 * Looks at every node of the cluster. On this machine the processes of each replica are counted, children included; on
 * Kubernetes the replicas' usage is taken as the cluster gives it, and what else runs on a node is not seen.
 */
export class Sampler {
  private before: { at: number; look: LocalLook | undefined } | undefined;

  constructor(
    private readonly cluster: Pick<Cluster, "kind" | "nodes" | "list">,
    private readonly machine: LocalMachine,
  ) {}

  async sample(now: number): Promise<SampledNode[]> {
    const [nodes, workloads] = await Promise.all([this.cluster.nodes(), this.cluster.list()]);
    const look = this.cluster.kind === "local" ? this.machine.look() : undefined;
    const { before } = this;
    this.before = { at: now, look };
    const seconds = before ? (now - before.at) / 1000 : 0;
    if (!before || seconds <= 0) return nodes.map((node) => ({ node, sample: undefined }));
    return nodes.map((node) => ({
      node,
      sample:
        look && before.look
          ? this.ofMachine(before.look, look, seconds, workloads)
          : ofUsage(node.name, seconds, workloads),
    }));
  }

  private ofMachine(
    before: LocalLook,
    after: LocalLook,
    seconds: number,
    workloads: readonly WorkloadStatus[],
  ): NodeSample {
    const { cpuSecondsByGroup, cpuSeconds, rapl, networkBytes } = this.machine.between(before, after);
    const claims = claimsOf(
      workloads,
      () => true,
      (replica) => (replica.pid === undefined ? 0 : (cpuSecondsByGroup.get(replica.pid) ?? 0)),
    );
    return { seconds, cpuSeconds, claims, rapl, networkBytes };
  }
}

const NOT_HERE = "the counters of a node can be read on the node alone";

function ofUsage(node: string, seconds: number, workloads: readonly WorkloadStatus[]): NodeSample {
  const claims = claimsOf(
    workloads,
    (replica) => replica.node === node,
    (replica) => (replica.usage?.cpuCores ?? 0) * seconds,
  );
  const cpuSeconds = claims.reduce((sum, claim) => sum + claim.cpuSeconds, 0);
  return { seconds, cpuSeconds, claims, rapl: { fault: NOT_HERE }, networkBytes: 0 };
}

type Replica = WorkloadStatus["replicas"][number];

/** One claim for each workload with a living replica on the node. */
function claimsOf(
  workloads: readonly WorkloadStatus[],
  isThere: (replica: Replica) => boolean,
  cpuSecondsOf: (replica: Replica) => number,
): Claim[] {
  return workloads.flatMap(({ spec, replicas }) => {
    const living = replicas.filter(
      (replica) => replica.phase !== "succeeded" && replica.phase !== "failed" && isThere(replica),
    );
    if (living.length === 0) return [];
    return {
      workload: spec.name,
      tenant: spec.labels?.[KUBERNETES_LABELS.tenant] ?? null,
      cpuSeconds: living.reduce((sum, replica) => sum + cpuSecondsOf(replica), 0),
      requestedCores: spec.requests.cpuCores * living.length,
    };
  });
}
