import type { Cluster, ClusterNode, WorkloadStatus } from "../../../kernel/cluster/cluster";
import type { Clock } from "../../../kernel/clock";
import type { SeenRun } from "../engine";
import type { Change, SchedulerStore, Stored } from "../store";
import { homeOf, labelledRegions, regionsOf } from "./capacity";
import { ended, observe, type Observed, ownJobs, recurs } from "./observe";
import { isOver, type JobRecord } from "./record";

/** Callers' jobs of which nobody reported the end are given up so long after their deadline. */
const UNREPORTED_MILLISECONDS = 7 * 86_400_000;

/** What one look at store and cluster found. */
export interface View {
  now: number;
  open: Stored[];
  over: Stored[];
  /** Jobs of the cluster that are over and are to run again. */
  recurring: string[];
  nodes: ClusterNode[];
  workloads: WorkloadStatus[];
  runTimes: Map<string, SeenRun[]>;
  /** What could not be read or stored; the rest is as it was last known. */
  faults: unknown[];
}

interface BoardOptions {
  cluster: Pick<Cluster, "list" | "nodes" | "renew">;
  store: SchedulerStore;
  clock: Clock;
  region: string;
  newId: () => string;
  /** Events were committed with a change. */
  onCommit: () => void;
}

/**
 * The jobs as they are known, brought up to date with store and cluster at each look. What cannot be read stays as it was last
 * known: a database that is away must not keep a job from its deadline.
 */
export class Board {
  private known: Stored[] = [];
  private runTimes = new Map<string, SeenRun[]>();
  private nodes: ClusterNode[] = [];

  constructor(private readonly options: BoardOptions) {}

  async look(): Promise<View> {
    const { cluster, store, clock } = this.options;
    const faults: unknown[] = [];
    const attempt = <T>(work: Promise<T>): Promise<T | undefined> =>
      work.catch((error: unknown) => void faults.push(error));
    const [stored, workloads, nodes] = await Promise.all([
      attempt(store.unsettled()),
      attempt(cluster.list()),
      attempt(cluster.nodes()),
    ]);
    this.known = stored ?? this.known;
    this.nodes = nodes ?? this.nodes;
    const now = clock.now();
    const seen = this.seen(now);
    const recurring = this.recurring(workloads ?? [], seen);
    if (workloads) for (const change of this.news(workloads, seen)) await attempt(this.save(change));
    this.giveUp(now);
    const keys = this.known.flatMap(({ record }) => record.declaration?.recurringKey ?? []);
    this.runTimes = (await attempt(store.runTimes([...new Set(keys)]))) ?? this.runTimes;
    return {
      now,
      open: this.known.filter(({ record }) => !isOver(record)),
      over: this.known.filter(({ record }) => isOver(record)),
      recurring,
      nodes: this.nodes,
      workloads: workloads ?? [],
      runTimes: this.runTimes,
      faults,
    };
  }

  /** Stores a change; what is known follows it. false where somebody else changed the job meanwhile. */
  async save(change: Change): Promise<boolean> {
    this.replace(change, change);
    const stored = await this.options.store.save(change);
    if (stored && change.event) this.options.onCommit();
    if (stored) this.replace(change, stored);
    else this.known = this.known.filter(({ record }) => record.id !== change.record.id);
    return stored !== undefined;
  }

  private recurring(workloads: readonly WorkloadStatus[], seen: Observed): string[] {
    const open = new Set(this.known.flatMap(({ record }) => (isOver(record) ? [] : record.name)));
    const over = ownJobs(workloads).filter((status) => !open.has(status.spec.name) && recurs(status, seen));
    return over.map(({ spec }) => spec.name);
  }

  /** What is known of the cluster when its jobs are looked at. */
  private seen(now: number): Observed {
    const { region, newId, cluster } = this.options;
    return {
      ...{ now, newId, renewable: cluster.renew !== undefined },
      regions: regionsOf(this.nodes, region),
      home: homeOf(this.nodes, region),
      regionOfNode: labelledRegions(this.nodes),
    };
  }

  /** What the cluster shows that was not known. */
  private news(workloads: readonly WorkloadStatus[], seen: Observed): Change[] {
    const statuses = new Map(ownJobs(workloads).map((status) => [status.spec.name, status]));
    const changes: Change[] = [];
    const taken = new Set<string>();
    for (const { record, revision } of this.known) {
      if (isOver(record)) continue;
      taken.add(record.name);
      if (record.origin !== "cluster") continue;
      const status = statuses.get(record.name);
      const next = status ? observe(record, status, seen) : ended(record, "deleted", seen.now);
      if (next && next !== record) changes.push({ record: next, revision });
    }
    for (const [name, status] of statuses) {
      if (taken.has(name)) continue;
      const record = observe(undefined, status, seen);
      if (record) changes.push({ record, revision: 0 });
    }
    return changes;
  }

  private giveUp(now: number): void {
    this.known = this.known.map((stored) => {
      const { record } = stored;
      const until = (record.declaration?.deadline ?? record.submittedAt) + UNREPORTED_MILLISECONDS;
      if (record.origin === "cluster" || isOver(record) || now < until) return stored;
      return { ...stored, record: ended(record, "deleted", now) };
    });
  }

  private replace({ record }: { record: JobRecord }, by: Stored): void {
    const stored = { record: by.record, revision: by.revision };
    const others = this.known.some(({ record: { id } }) => id === record.id);
    this.known = others
      ? this.known.map((one) => (one.record.id === record.id ? stored : one))
      : [...this.known, stored];
  }
}
