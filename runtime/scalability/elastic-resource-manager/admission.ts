import type { Logger } from "pino";
import { KUBERNETES_ANNOTATIONS, MnoError } from "../../exports";
import type { Cluster, WorkloadStatus } from "../../kernel/cluster/cluster";
import type { Allocation } from "./allocation";
import type { Demand, StrategyName } from "./demand";
import type { ResourceManager } from "./manager";
import { demandOf } from "./quantities";

const ENGINE = "elastic-resource-manager";
/** A job refused for one of these asks again in the next round. */
const WAITS: ReadonlySet<string> = new Set(["MNO_ALLOCATION_OVER_CAPACITY", "MNO_ALLOCATION_OVER_QUOTA"]);
/** Whom a job's capacity is granted to where its label `machine-native-ops/tenant` names nobody. */
const TENANT_LABEL = "machine-native-ops/tenant";
const DEFAULT_TENANT = "jobs";

/**
 * A job's capacity is leased and renewed while the job runs: should this engine vanish, or the job be deleted, the capacity
 * comes back by itself.
 */
const LEASE_SECONDS = 60;
/** Between two rounds at the most: a lease lives through several that fail. */
export const ADMISSION_MILLISECONDS = (LEASE_SECONDS * 1000) / 4;

/** What is to be done for the jobs that wait for capacity, use it, or used it. */
export interface AdmissionPlan {
  /** Suspended: ask for capacity, and release the job when it is granted. In the order of their names. */
  ask: WorkloadStatus[];
  /** Ids of allocations whose job runs. */
  renew: string[];
  /** Ids of allocations whose job has ended, or was suspended again. */
  giveBack: string[];
}

/** Pure: from the cluster's workloads and the active allocations, by id, to what is to be done. */
export function planAdmission(
  workloads: readonly WorkloadStatus[],
  active: ReadonlyMap<string, Allocation>,
): AdmissionPlan {
  const jobs = workloads
    .filter(({ spec }) => spec.kind === "job" && spec.annotations?.[KUBERNETES_ANNOTATIONS.admission] === ENGINE)
    .sort((a, b) => (a.spec.name < b.spec.name ? -1 : 1));
  const plan: AdmissionPlan = { ask: [], renew: [], giveBack: [] };
  for (const job of jobs) {
    const id = job.spec.annotations?.[KUBERNETES_ANNOTATIONS.allocation];
    if (job.phase === "suspended") plan.ask.push(job);
    if (id === undefined || !active.has(id)) continue;
    if (job.phase === "suspended" || job.phase === "succeeded" || job.phase === "failed") plan.giveBack.push(id);
    else plan.renew.push(id);
  }
  return plan;
}

export interface AdmissionOptions {
  manager: Pick<ResourceManager, "allocate" | "renew" | "release">;
  cluster: Pick<Cluster, "list" | "resume">;
  /** Active allocations by id, as of the last commit. */
  active: () => ReadonlyMap<string, Allocation>;
  strategy: StrategyName;
  log: Logger;
}

/**
 * Queueing of batch jobs: a suspended Job annotated `machine-native-ops/admission: elastic-resource-manager` is released
 * once its capacity is granted, and carries the allocation's id from then on (what Kueue does with its workloads).
 */
export class Admission {
  /** By the job's name: what it was granted while it could not be released. It is not granted again with every attempt. */
  private readonly unused = new Map<string, { id: string; demand: string }>();

  constructor(private readonly options: AdmissionOptions) {}

  /**
   * One look at every job, until the signal aborts. A job that does not fit waits for the next round; a smaller one behind it
   * may go first. Errors: AggregateError with all that failed, after the rest was done.
   */
  async round(signal: AbortSignal): Promise<void> {
    const { manager, cluster, active } = this.options;
    const plan = planAdmission(await cluster.list(), active());
    const steps = [
      ...[...plan.giveBack, ...this.abandoned(plan)].map((id) => () => manager.release(id)),
      ...plan.renew.map((id) => () => manager.renew(id, LEASE_SECONDS)),
      ...plan.ask.map((job) => () => this.admit(job)),
    ];
    const faults: unknown[] = [];
    for (const step of steps) {
      if (signal.aborted) return;
      await step().catch((error: unknown) => faults.push(error));
    }
    if (faults.length > 0)
      throw new AggregateError(faults, `${String(faults.length)} of ${String(steps.length)} steps of admission failed`);
  }

  private async admit(job: WorkloadStatus): Promise<void> {
    const { cluster, log } = this.options;
    const { name } = job.spec;
    const id = await this.grant(job);
    if (id === undefined) return;
    await cluster.resume(name, { annotations: { [KUBERNETES_ANNOTATIONS.allocation]: id } });
    this.unused.delete(name);
    log.info({ workload: name, allocation: id }, "the job has its capacity and is released");
  }

  /** Id of the job's allocation; undefined where it does not fit. */
  private async grant(job: WorkloadStatus): Promise<string | undefined> {
    const { manager, active, log } = this.options;
    const { name } = job.spec;
    const demand = this.demand(job);
    const unused = this.unused.get(name);
    if (unused && active().has(unused.id)) {
      if (unused.demand === JSON.stringify(demand)) return (await manager.renew(unused.id, LEASE_SECONDS)).id;
      await manager.release(unused.id);
    }
    this.unused.delete(name);
    try {
      const { allocation } = await manager.allocate(demand, undefined);
      this.unused.set(name, { id: allocation.id, demand: JSON.stringify(demand) });
      return allocation.id;
    } catch (error) {
      if (!(error instanceof MnoError) || !WAITS.has(error.code)) throw error;
      log.debug({ workload: name, decision: error.extensions["decisionId"] }, "the job waits for capacity");
      return undefined;
    }
  }

  /** Ids of what was granted to jobs that are gone. A job whose release lost only its answer runs on its allocation. */
  private abandoned(plan: AdmissionPlan): string[] {
    const asking = new Set(plan.ask.map(({ spec }) => spec.name));
    const left = [...this.unused].filter(([name]) => !asking.has(name));
    for (const [name] of left) this.unused.delete(name);
    return left.map(([, { id }]) => id).filter((id) => this.options.active().has(id) && !plan.renew.includes(id));
  }

  private demand({ spec }: WorkloadStatus): Demand {
    return {
      tenant: spec.labels?.[TENANT_LABEL] ?? DEFAULT_TENANT,
      workload: spec.name,
      replicas: spec.replicas,
      amount: demandOf(spec.requests),
      ...(spec.requests.gpuModels && { gpuModels: spec.requests.gpuModels }),
      strategy: this.options.strategy,
      zone: null,
      leaseSeconds: LEASE_SECONDS,
    };
  }
}
