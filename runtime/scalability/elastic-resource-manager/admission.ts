import type { Logger } from "pino";
import { KUBERNETES_ANNOTATIONS, MnoError } from "../../exports";
import type { Cluster, WorkloadStatus } from "../../kernel/cluster/cluster";
import type { Allocation } from "./allocation";
import type { Demand, StrategyName } from "./demand";
import type { ResourceManager } from "./manager";
import { demandOf } from "./quantities";

const ENGINE = "elastic-resource-manager";
/** Whom a job's capacity is granted to where its label `machine-native-ops/tenant` names nobody. */
const TENANT_LABEL = "machine-native-ops/tenant";
const DEFAULT_TENANT = "jobs";

/**
 * A job's capacity is leased and renewed while the job runs: should this engine vanish, or the job be deleted, the capacity
 * comes back by itself.
 */
const LEASE_SECONDS = 60;

/** What is to be done for the jobs that wait for capacity, use it, or used it. */
export interface AdmissionPlan {
  /** Suspended: ask for capacity, and release the job when it is granted. In the order of their names. */
  ask: WorkloadStatus[];
  /** Ids of allocations whose job runs. */
  renew: string[];
  /** Ids of allocations whose job has ended. */
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
    else if (id === undefined || !active.has(id)) continue;
    else if (job.phase === "succeeded" || job.phase === "failed") plan.giveBack.push(id);
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
  constructor(private readonly options: AdmissionOptions) {}

  /** One look at every job. A job that does not fit waits for the next round; a smaller one behind it may go first. */
  async round(): Promise<void> {
    const { manager, cluster, active, log } = this.options;
    const plan = planAdmission(await cluster.list(), active());
    for (const id of plan.giveBack) await manager.release(id);
    for (const id of plan.renew) await manager.renew(id, LEASE_SECONDS);
    for (const job of plan.ask) {
      const { name } = job.spec;
      try {
        const { allocation } = await manager.allocate(this.demand(job), undefined);
        await cluster.resume(name, { annotations: { [KUBERNETES_ANNOTATIONS.allocation]: allocation.id } });
        log.info({ workload: name, allocation: allocation.id }, "the job has its capacity and is released");
      } catch (error) {
        if (!(error instanceof MnoError) || error.code !== "MNO_ALLOCATION_OVER_CAPACITY") throw error;
        log.debug({ workload: name, decision: error.extensions?.["decisionId"] }, "the job waits for capacity");
      }
    }
  }

  private demand({ spec }: WorkloadStatus): Demand {
    return {
      tenant: spec.labels?.[TENANT_LABEL] ?? DEFAULT_TENANT,
      workload: spec.name,
      replicas: spec.replicas,
      amount: demandOf(spec.requests),
      strategy: this.options.strategy,
      zone: null,
      leaseSeconds: LEASE_SECONDS,
    };
  }
}
