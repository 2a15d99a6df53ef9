import { MnoError, type WorkloadSpec } from "../../../exports";
import { type Clock, systemClock } from "../../clock";
import { type Backoff, backoffMilliseconds } from "../../lifecycle/backoff";
import type {
  Cluster,
  ClusterNode,
  IsolationOptions,
  NodeUsage,
  ResumeOptions,
  WorkloadEvent,
  WorkloadStatus,
} from "../cluster";
import { validateScale, validateWorkload } from "../spec";
import { Applier } from "./applier";
import { Connection } from "./connection";
import { contended } from "./contended";
import { KubernetesLeases } from "./leases";
import { readLogs } from "./logs";
import { NodeUsageReader } from "./node-usage";
import { NodeCache } from "./nodes";
import type { WorkloadObject } from "./objects";
import { Quarantine } from "./quarantine";
import { markOf } from "./quarantine-mark";
import { isImmutable, refuseOthers } from "./server-side-apply";
import { suspension, suspensionPatch } from "./suspension";
import { parseKubernetesUrl } from "./url";
import { UsageSampler } from "./usage";
import { WorkloadCache } from "./workload-cache";
import { metadataOf, specOf } from "./workload-spec";
import { WorkloadStore } from "./workload-store";

/** Between two looks at whether what was deleted is gone. */
const DELETION_BACKOFF: Backoff = { firstMilliseconds: 100, capMilliseconds: 1000 };
const DEFAULT_LOG_LINES = 100;

/**
 * Workloads of one namespace: every Deployment, StatefulSet and Job, whoever made it; of several kinds with one name, `get`
 * and changes mean the first. `get` and changes ask the API server; `list`, `nodes` and `watch` answer from watches that begin
 * with their first call. Only what was applied here can be applied again and deleted; all can be scaled and suspended.
 */
export class KubernetesCluster implements Cluster {
  readonly kind = "kubernetes";
  readonly leases: KubernetesLeases;
  readonly namespace: string;
  private readonly connection: Connection;
  private readonly store: WorkloadStore;
  private readonly applier: Applier;
  private readonly quarantine: Quarantine;
  private readonly replicaUsage: UsageSampler;
  private workloadCache: WorkloadCache | undefined;
  private nodeCache: NodeCache | undefined;
  private nodeUsage: NodeUsageReader | undefined;
  private readonly closing = new AbortController();

  /** Errors: MNO_CLUSTER_URL_INVALID. */
  constructor(
    url: string,
    private readonly clock: Clock = systemClock,
    private readonly random: () => number = Math.random,
  ) {
    const { namespace, image, ...source } = parseKubernetesUrl(url);
    this.namespace = namespace;
    this.connection = new Connection(source, clock);
    this.store = new WorkloadStore(this.connection, namespace);
    this.applier = new Applier(this.connection, namespace, image);
    this.quarantine = new Quarantine(this.connection, namespace, this.store, clock, random, this.closing.signal);
    this.replicaUsage = new UsageSampler(this.connection, namespace, clock);
    this.leases = new KubernetesLeases(this.connection, namespace);
  }

  nodes(): Promise<ClusterNode[]> {
    return this.cacheOfNodes().list();
  }

  usage(): Promise<NodeUsage[]> {
    const { connection, namespace, clock, random } = this;
    this.nodeUsage ??= new NodeUsageReader(connection, namespace, this.cacheOfNodes(), clock, random);
    return this.nodeUsage.read();
  }

  async list(): Promise<WorkloadStatus[]> {
    const cache = this.cache();
    await cache.ready();
    return this.replicaUsage.fill(cache.statuses());
  }

  async get(name: string): Promise<WorkloadStatus | undefined> {
    const workload = await this.store.find(name);
    if (!workload) return undefined;
    const [status] = await this.replicaUsage.fill([await this.store.status(workload)]);
    return status;
  }

  async apply(input: WorkloadSpec): Promise<WorkloadStatus> {
    const spec = validateWorkload(input, input.name);
    return contended(async () => {
      const existing = await this.store.find(spec.name);
      const leaving = existing && metadataOf(existing).deletionTimestamp !== undefined;
      if (existing && leaving) {
        await this.untilGone(existing);
        return this.written(await this.applier.apply(spec, {}));
      }
      this.applier.check(spec, existing);
      if (!existing) return this.written(await this.applier.apply(spec, {}));
      if ((existing.kind === "Job") === (spec.kind === "job")) {
        try {
          return this.written(await this.applier.apply(spec, { existing }));
        } catch (error) {
          if (!isImmutable(error)) throw error;
        }
      }
      if (markOf(existing)) throw cutOff(spec.name);
      // A Job's pods cannot be changed, nor a kind: the old one is gone before the new one begins.
      await this.store.delete(existing);
      await this.untilGone(existing);
      return this.written(await this.applier.apply(spec, { replaced: existing }));
    });
  }

  async delete(name: string): Promise<void> {
    const workload = await this.store.find(name);
    if (workload) refuseOthers(workload.kind, workload.object);
    await this.applier.removeDependent("Service", name);
    if (workload) {
      if (markOf(workload)) await this.quarantine.clear(workload);
      await this.store.delete(workload);
      await this.untilGone(workload);
    }
    await this.applier.removeDependent("Secret", name);
  }

  scale(name: string, replicas: number): Promise<WorkloadStatus> {
    return this.revise(name, (workload) => {
      const count = validateScale(specOf(workload, undefined), replicas);
      if (workload.kind === "Job") {
        const indexed = workload.object.spec?.completionMode === "Indexed";
        return this.store.patch(workload, { spec: { parallelism: count, ...(indexed ? { completions: count } : {}) } });
      }
      return this.store.scale(workload, count);
    });
  }

  suspend(name: string): Promise<WorkloadStatus> {
    return this.revise(name, (workload) => this.setSuspended(workload, true));
  }

  resume(name: string, options: ResumeOptions = {}): Promise<WorkloadStatus> {
    return this.revise(name, (workload) => this.setSuspended(workload, false, options));
  }

  async isolate(name: string, { reason }: IsolationOptions): Promise<WorkloadStatus> {
    return this.written(await this.quarantine.begin(await this.find(name), reason));
  }

  async release(name: string): Promise<WorkloadStatus> {
    return this.written(await this.quarantine.finish(await this.find(name)));
  }

  watch(signal: AbortSignal): AsyncIterable<WorkloadEvent> {
    return this.cache().watch(AbortSignal.any([signal, this.closing.signal]));
  }

  async logs(name: string, { lines = DEFAULT_LOG_LINES }: { lines?: number } = {}): Promise<string[]> {
    const pods = await this.store.pods(await this.find(name));
    return readLogs(this.connection, this.namespace, name, pods, lines);
  }

  async close(): Promise<void> {
    this.closing.abort(new Error("the cluster is closed"));
    await Promise.all([this.workloadCache?.close(), this.nodeUsage?.close(), this.nodeCache?.close()]);
    await this.connection.close();
  }

  private cacheOfNodes(): NodeCache {
    this.nodeCache ??= new NodeCache(this.connection, this.namespace, this.clock, this.random);
    return this.nodeCache;
  }

  private cache(): WorkloadCache {
    this.workloadCache ??= new WorkloadCache(this.connection, this.namespace, this.clock, this.random);
    return this.workloadCache;
  }

  private async find(name: string): Promise<WorkloadObject> {
    const workload = await this.store.find(name);
    if (workload) return workload;
    throw new MnoError("MNO_WORKLOAD_NOT_FOUND", `There is no workload "${name}" in namespace ${this.namespace}`);
  }

  private setSuspended(
    workload: WorkloadObject,
    suspended: boolean,
    options: ResumeOptions = {},
  ): Promise<WorkloadObject> {
    if (!suspended && markOf(workload)) throw cutOff(metadataOf(workload).name ?? "");
    if (suspension(workload).suspended === suspended && !options.annotations) return Promise.resolve(workload);
    return this.store.patch(workload, suspensionPatch(workload, suspended, options));
  }

  private revise(name: string, change: (workload: WorkloadObject) => Promise<WorkloadObject>): Promise<WorkloadStatus> {
    return contended(async () => this.written(await change(await this.find(name))));
  }

  /** What became of the workload, which `list` and `watch` know of at once. */
  private written(workload: WorkloadObject): Promise<WorkloadStatus> {
    this.workloadCache?.observe(workload);
    return this.store.status(workload);
  }

  private async untilGone(workload: WorkloadObject): Promise<void> {
    for (let look = 1; ; look += 1) {
      // The watch learns of it a little later than a read: whoever lists next is not to find it again.
      if ((await this.store.isGone(workload)) && !this.workloadCache?.has(workload)) return;
      await this.clock.sleep(backoffMilliseconds(look, DELETION_BACKOFF, this.random), this.closing.signal);
    }
  }
}

function cutOff(name: string): MnoError {
  return new MnoError("MNO_WORKLOAD_CONFLICT", `Workload "${name}" is cut off; it runs again when it is released`);
}
