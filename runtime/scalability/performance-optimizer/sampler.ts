import type { Clock } from "../../kernel/clock";
import type { Cluster, ReplicaStatus, WorkloadStatus } from "../../kernel/cluster/cluster";
import type { Logger } from "pino";
import type { Instruments } from "./instruments";
import { MEMORY_BUCKETS } from "./right-sizing/buckets";
import { type Rejection, rejectionOf } from "./right-sizing/sample-check";
import { ReplicaUsage, UsageHistory } from "./right-sizing/usage-history";
import { type OptimizerStore, USAGE_KEPT_MILLISECONDS } from "./store";

interface SamplerDependencies {
  cluster: Cluster;
  store: OptimizerStore;
  clock: Clock;
  log: Logger;
  instruments: Instruments;
  intervalMilliseconds: number;
}

/** Most cores and bytes that one replica can use where no node says what it has. */
const LARGEST = { cpuCores: 1000, memoryBytes: MEMORY_BUCKETS.start(MEMORY_BUCKETS.count - 1) };
/** A gap between two samples that is longer than so many intervals is a hole. */
const HOLE = 1.5;
const OUT_OF_MEMORY = /oom|out of memory/i;

interface Known {
  usage: ReplicaUsage;
  restarts: number;
}

/** Reads what every replica uses, round by round, into the histories of the workloads; one replica of the engine does. */
export class Sampler {
  histories = new Map<string, UsageHistory>();
  /** Workload -> replica -> what is known of it. */
  private replicas = new Map<string, Map<string, Known>>();

  constructor(private readonly deps: SamplerDependencies) {}

  /** Takes up the histories as they were stored last. */
  async load(): Promise<void> {
    this.histories = await this.deps.store.histories();
    this.replicas = new Map();
  }

  async round(): Promise<void> {
    const { cluster, store, clock, instruments } = this.deps;
    const [workloads, nodes] = await Promise.all([cluster.list(), cluster.nodes()]);
    const most = {
      cpuCores: Math.max(...nodes.map(({ capacity }) => capacity.cpuCores), 0) || LARGEST.cpuCores,
      memoryBytes: Math.max(...nodes.map(({ capacity }) => capacity.memoryBytes), 0) || LARGEST.memoryBytes,
    };
    const now = clock.now();
    const changed = new Map<string, UsageHistory>();
    for (const status of workloads) {
      const history = this.histories.get(status.spec.name) ?? new UsageHistory();
      // Also where nothing is learnt yet: its replicas go on to write to this one.
      this.histories.set(status.spec.name, history);
      if (this.sample(status, history, most, now)) changed.set(status.spec.name, history);
    }
    const present = new Set(workloads.map(({ spec }) => spec.name));
    for (const workload of this.replicas.keys()) if (!present.has(workload)) this.replicas.delete(workload);
    this.prune(present, now);
    await store.saveHistories(changed, now);
    instruments.tracking(this.histories.size);
  }

  /** Forgets what the store forgets; and what nothing was learnt of, once it is gone. */
  private prune(present: ReadonlySet<string>, now: number): void {
    for (const [workload, { lastSample }] of this.histories) {
      const seen = lastSample ?? (present.has(workload) ? now : -Infinity);
      if (now - seen <= USAGE_KEPT_MILLISECONDS) continue;
      this.histories.delete(workload);
      this.replicas.delete(workload);
    }
  }

  /** Whether anything was learnt. */
  private sample(
    status: WorkloadStatus,
    history: UsageHistory,
    most: { cpuCores: number; memoryBytes: number },
    now: number,
  ): boolean {
    const before = history.lastSample;
    const known = this.replicas.get(status.spec.name) ?? new Map<string, Known>();
    const present = new Map<string, Known>();
    let learnt = false;
    for (const replica of status.replicas) {
      const one = known.get(replica.name) ?? { usage: new ReplicaUsage(history), restarts: replica.restarts };
      present.set(replica.name, one);
      learnt = this.sampleReplica(status, replica, one, most, now) || learnt;
    }
    this.replicas.set(status.spec.name, present);
    // Time without a sample, whatever the cause: the source, the database or this engine was away.
    const interval = this.deps.intervalMilliseconds;
    if (learnt && before !== null && now - before > HOLE * interval)
      history.missingMilliseconds += now - before - interval;
    return learnt;
  }

  private sampleReplica(
    status: WorkloadStatus,
    replica: ReplicaStatus,
    known: Known,
    most: { cpuCores: number; memoryBytes: number },
    now: number,
  ): boolean {
    let learnt = false;
    if (replica.restarts > known.restarts && OUT_OF_MEMORY.test(replica.reason ?? "")) {
      learnt = known.usage.outOfMemory(status.spec.requests.memoryBytes, now);
    }
    known.restarts = replica.restarts;
    // A replica that starts up uses what it will never use again; one that is gone uses nothing.
    if (replica.phase !== "ready" || !replica.usage) return learnt;
    const { cpuCores, memoryBytes } = replica.usage;
    if (this.accept(status, replica, "cpu", rejectionOf(cpuCores, most.cpuCores), cpuCores)) {
      learnt = known.usage.addCpu(cpuCores, now) || learnt;
    }
    if (this.accept(status, replica, "memory", rejectionOf(memoryBytes, most.memoryBytes), memoryBytes)) {
      learnt = known.usage.addMemory(memoryBytes, now) || learnt;
    }
    return learnt;
  }

  private accept(
    status: WorkloadStatus,
    replica: ReplicaStatus,
    resource: string,
    reason: Rejection | undefined,
    value: number,
  ): boolean {
    this.deps.instruments.sampled(reason ?? "accepted");
    if (!reason) return true;
    const where = { workload: status.spec.name, replica: replica.name, resource, value: String(value), reason };
    this.deps.log.warn(where, "a sample of usage cannot be true and is left out");
    return false;
  }
}
