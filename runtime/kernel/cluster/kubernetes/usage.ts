import { MnoError, type ResourceQuantities } from "../../../exports";
import type { Clock } from "../../clock";
import type { WorkloadStatus } from "../cluster";
import type { Connection } from "./connection";
import { add, NONE, quantitiesOf } from "./quantity";

/** Metrics servers sample every 15 s or slower. */
const SAMPLE_MILLISECONDS = 5_000;

interface PodMetrics {
  metadata: { name: string };
  containers: { usage: Record<string, string> }[];
}

/** What pods use, from the resource metrics API; nothing where no metrics server answers. */
export class UsageSampler {
  private sample: Promise<ReadonlyMap<string, ResourceQuantities>> | undefined;
  private sampledAt = -Infinity;

  constructor(
    private readonly connection: Connection,
    private readonly namespace: string,
    private readonly clock: Clock,
  ) {}

  /** The statuses with their replicas' usage, read at most once in a few seconds. Errors: MNO_CLUSTER_FORBIDDEN. */
  async fill(statuses: WorkloadStatus[]): Promise<WorkloadStatus[]> {
    const now = this.clock.now();
    if (!this.sample || now - this.sampledAt > SAMPLE_MILLISECONDS) {
      this.sampledAt = now;
      this.sample = this.read();
      this.sample.catch(() => (this.sampledAt = -Infinity));
    }
    const usage = await this.sample;
    for (const replica of statuses.flatMap(({ replicas }) => replicas)) {
      const used = usage.get(replica.name);
      if (used) replica.usage = used;
    }
    return statuses;
  }

  private async read(): Promise<ReadonlyMap<string, ResourceQuantities>> {
    const path = `/apis/metrics.k8s.io/v1beta1/namespaces/${this.namespace}/pods`;
    try {
      const { items } = await this.connection.json<{ items: PodMetrics[] }>("GET", path);
      return new Map(
        items.map(({ metadata, containers }) => [
          metadata.name,
          containers.map(({ usage }) => quantitiesOf(usage)).reduce(add, NONE),
        ]),
      );
    } catch (error) {
      if (error instanceof MnoError && error.code === "MNO_CLUSTER_FORBIDDEN") throw error;
      return new Map();
    }
  }
}
