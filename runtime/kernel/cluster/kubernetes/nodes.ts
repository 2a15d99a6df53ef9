import type { ResourceQuantities } from "../../../exports";
import type { Clock } from "../../clock";
import type { ClusterNode } from "../cluster";
import type { Connection } from "./connection";
import { Informer, WATCH_BACKOFF } from "./informer";
import { type Node, pathOf, type Pod } from "./objects";
import { add, NONE, quantitiesOf, subtract } from "./quantity";
import { HOLDS_RESOURCES, slimPod } from "./slim-pod";
import { podRequests } from "./workload-spec";

const ZONE_LABEL = "topology.kubernetes.io/zone";
/** Of GPU feature discovery. */
const GPU_MODEL_LABEL = "nvidia.com/gpu.product";
/** Of a node that is in no zone. */
const NO_ZONE = "none";

/** The cluster's nodes, and what pods of other namespaces have set aside on them, kept up to date by watches. */
export class NodeCache {
  private readonly nodes: Informer<Node>;
  private readonly strangers: Informer<Pod>;

  constructor(connection: Connection, namespace: string, clock: Clock, random: () => number) {
    const options = { api: connection, clock, random, backoff: WATCH_BACKOFF };
    this.nodes = new Informer<Node>({ ...options, path: pathOf("Node", undefined) });
    this.strangers = new Informer<Pod>({
      ...options,
      path: pathOf("Pod", undefined),
      keep: slimPod,
      fieldSelector: `metadata.namespace!=${namespace},${HOLDS_RESOURCES}`,
    });
  }

  /** Pods of other namespaces that hold resources, without what nobody asks of them (slimPod). */
  async strangersPods(): Promise<Iterable<Pod>> {
    await this.strangers.ready();
    return this.strangers.values();
  }

  async list(): Promise<ClusterNode[]> {
    await Promise.all([this.nodes.ready(), this.strangers.ready()]);
    const taken = new Map<string, ResourceQuantities>();
    for (const { spec } of this.strangers.values()) {
      if (spec?.nodeName !== undefined)
        taken.set(spec.nodeName, add(taken.get(spec.nodeName) ?? NONE, podRequests(spec)));
    }
    return [...this.nodes.values()].map((node) => describe(node, taken.get(node.metadata?.name ?? "") ?? NONE));
  }

  async close(): Promise<void> {
    await Promise.all([this.nodes.close(), this.strangers.close()]);
  }
}

/** Ready means that workloads may be placed there: a node that is cordoned, or tainted against them, is not. */
export function describe({ metadata, spec, status }: Node, takenByOthers: ResourceQuantities): ClusterNode {
  const healthy = status?.conditions?.some((condition) => condition.type === "Ready" && condition.status === "True");
  const tainted = spec?.taints?.some(({ effect }) => effect === "NoSchedule" || effect === "NoExecute");
  const labels = metadata?.labels ?? {};
  const model = labels[GPU_MODEL_LABEL];
  const gpuModels = model === undefined ? {} : { gpuModels: [model] };
  return {
    name: metadata?.name ?? "",
    ready: healthy === true && spec?.unschedulable !== true && tainted !== true,
    zone: labels[ZONE_LABEL] ?? NO_ZONE,
    labels,
    capacity: { ...quantitiesOf(status?.capacity), ...gpuModels },
    allocatable: { ...subtract(quantitiesOf(status?.allocatable), takenByOthers), ...gpuModels },
  };
}
