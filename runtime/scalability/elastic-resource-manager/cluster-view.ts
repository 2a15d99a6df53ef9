import type { Clock } from "../../kernel/clock";
import type { Cluster, ReplicaPhase } from "../../kernel/cluster/cluster";
import type { Capacity } from "./capacity";
import { demandOf, supplyOf } from "./quantities";

/** A replica in one of these holds nothing any more; one that is stopping or about to be restarted still does. */
const ENDED: ReadonlySet<ReplicaPhase> = new Set(["succeeded", "failed"]);

/** Keeps the capacity's nodes and running replicas as the cluster has them. */
export class ClusterView {
  private refreshing: Promise<void> | undefined;
  private refreshedAt = -Infinity;

  constructor(
    private readonly cluster: Cluster,
    private readonly capacity: Capacity,
    private readonly clock: Clock,
  ) {}

  /** Reads the cluster; callers that come while it is being read share the answer. */
  refresh(): Promise<void> {
    this.refreshing ??= this.read().finally(() => {
      this.refreshing = undefined;
    });
    return this.refreshing;
  }

  /** Refreshes unless that was done within `milliseconds`; false where it was. */
  async refreshIfOlderThan(milliseconds: number): Promise<boolean> {
    if (this.clock.now() - this.refreshedAt < milliseconds) return false;
    await this.refresh();
    return true;
  }

  private async read(): Promise<void> {
    const [nodes, workloads] = await Promise.all([this.cluster.nodes(), this.cluster.list()]);
    this.capacity.setNodes(
      nodes.map(({ name, zone, ready, allocatable, labels }) => ({
        name,
        zone,
        ready,
        labels,
        allocatable: supplyOf(allocatable),
        ...(allocatable.gpuModels?.[0] !== undefined && { gpuModel: allocatable.gpuModels[0] }),
      })),
    );
    this.capacity.setRunning(
      workloads.flatMap(({ spec, replicas }) =>
        replicas
          .filter(({ phase }) => !ENDED.has(phase))
          .map(({ node }) => ({ workload: spec.name, node, amount: demandOf(spec.requests) })),
      ),
    );
    this.refreshedAt = this.clock.now();
  }
}
