import type { Logger } from "pino";
import type { Cluster, WorkloadStatus } from "../../kernel/cluster/cluster";
import type { SourcedEndpoint } from "./member";
import type { UpstreamSpec, WorkloadSource } from "./spec";

/** The endpoints of one workload: its ready replicas; those that stop drain, those that were ready and are not get nothing. */
export function replicaEndpoints(
  source: WorkloadSource,
  { spec, replicas }: WorkloadStatus,
  zoneOf: (node: string) => string | undefined,
): SourcedEndpoint[] {
  const port = source.port ?? spec.ports?.[0]?.name;
  return replicas.flatMap((replica) => {
    const address = port === undefined ? undefined : replica.endpoints[port];
    const { phase } = replica;
    if (address === undefined || (phase !== "ready" && phase !== "unready" && phase !== "stopping")) return [];
    const zone = zoneOf(replica.node);
    return [
      {
        id: replica.name,
        address,
        weight: source.weight,
        priority: source.priority,
        group: source.name,
        draining: phase === "stopping",
        ...(source.region === undefined ? {} : { region: source.region }),
        ...(zone === undefined ? {} : { zone }),
        ...(phase === "unready" ? { unready: replica.reason ?? "its cluster says that it is not ready" } : {}),
      },
    ];
  });
}

export interface DiscoveryDependencies {
  readonly cluster: () => Cluster;
  readonly log: Logger;
  /** The upstreams as they are now. */
  readonly upstreams: () => readonly UpstreamSpec[];
  readonly publish: (upstream: string, endpoints: readonly SourcedEndpoint[]) => void;
}

/** Follows the cluster, and keeps the endpoints of upstreams that name workloads up to date. */
export class Discovery {
  private readonly workloads = new Map<string, WorkloadStatus>();
  private zones = new Map<string, string>();
  private watching: Promise<void> | undefined;

  constructor(
    private readonly dependencies: DiscoveryDependencies,
    private readonly signal: AbortSignal,
  ) {}

  /** To be called when upstreams changed, and now and then: begins to watch once an upstream needs it. */
  async refresh(): Promise<void> {
    if (!this.dependencies.upstreams().some(({ workloads }) => workloads.length > 0)) return;
    this.watching ??= this.watch().finally(() => {
      this.watching = undefined;
    });
    try {
      const nodes = await this.dependencies.cluster().nodes();
      this.zones = new Map(nodes.map(({ name, zone }) => [name, zone]));
    } catch (error) {
      // Endpoints without zones are better than none.
      this.dependencies.log.warn(
        { err: error },
        "the cluster's nodes are not known: endpoints keep the zones that they had",
      );
    }
    this.publish();
  }

  /** Ends with the signal; a watch that breaks begins again with the next refresh. */
  private async watch(): Promise<void> {
    const { cluster, log } = this.dependencies;
    try {
      for await (const { type, status } of cluster().watch(this.signal)) {
        const { name } = status.spec;
        if (type === "deleted") this.workloads.delete(name);
        else this.workloads.set(name, status);
        this.publish(name);
      }
    } catch (error) {
      if (!this.signal.aborted)
        log.warn({ err: error }, "the cluster's watch broke; the endpoints stay as they are until it is back");
    }
  }

  private publish(changed?: string): void {
    for (const { name, workloads } of this.dependencies.upstreams()) {
      if (workloads.length === 0 || (changed !== undefined && !workloads.some((each) => each.name === changed)))
        continue;
      const endpoints = workloads.flatMap((source) => {
        const status = this.workloads.get(source.name);
        return status ? replicaEndpoints(source, status, (node) => this.zones.get(node)) : [];
      });
      this.dependencies.publish(name, endpoints);
    }
  }
}
