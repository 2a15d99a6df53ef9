import type { Clock } from "../../clock";
import type { WorkloadEvent, WorkloadStatus } from "../cluster";
import type { Connection } from "./connection";
import { Informer, WATCH_BACKOFF } from "./informer";
import {
  type KubernetesObject,
  pathOf,
  type Pod,
  type ResourceKind,
  type Service,
  WORKLOAD_KINDS,
  type WorkloadKind,
  type WorkloadObject,
} from "./objects";
import { PodIndex } from "./pod-index";
import { isPodOf } from "./replicas";
import { matches } from "./selector";
import { metadataOf } from "./workload-spec";
import { statusOf } from "./workload-status";

/** Names one workload among all kinds. */
type Key = `${WorkloadKind}/${string}`;

/** Every workload of a namespace with its pods and Services, kept up to date by one watch of each kind. */
export class WorkloadCache {
  private readonly workloads: Record<WorkloadKind, Informer<KubernetesObject>>;
  private readonly pods: Informer<Pod>;
  private readonly podIndex = new PodIndex();
  private readonly services: Informer<Service>;
  private readonly listeners = new Set<(changed: Iterable<Key>) => void>();

  constructor(connection: Connection, namespace: string, clock: Clock, random: () => number) {
    const informer = <T extends KubernetesObject>(
      kind: ResourceKind,
      onChange: (before: T | undefined, after: T | undefined) => void,
    ): Informer<T> =>
      new Informer<T>({
        api: connection,
        path: pathOf(kind, namespace),
        clock,
        random,
        backoff: WATCH_BACKOFF,
        onChange,
      });
    const ofWorkload = (kind: WorkloadKind): Informer<KubernetesObject> =>
      informer(kind, (before, after) => {
        this.changed([`${kind}/${(after ?? before)?.metadata?.name ?? ""}`]);
      });
    this.workloads = {
      Deployment: ofWorkload("Deployment"),
      StatefulSet: ofWorkload("StatefulSet"),
      Job: ofWorkload("Job"),
    };
    this.pods = informer<Pod>("Pod", (before, after) => {
      this.podIndex.replace(before, after);
      if (this.listeners.size === 0) return; // most often: whose pod it is takes a look at every workload
      const [one, other] = [before?.metadata?.labels, after?.metadata?.labels];
      this.changed(
        this.all()
          .filter(({ object }) => matches(object.spec?.selector, one) || matches(object.spec?.selector, other))
          .map(keyOf),
      );
    });
    this.services = informer<Service>("Service", (before, after) => {
      const name = (after ?? before)?.metadata?.name ?? "";
      this.changed(WORKLOAD_KINDS.map((kind): Key => `${kind}/${name}`));
    });
  }

  /** Resolves when everything is known. Errors: why it cannot be. */
  async ready(): Promise<void> {
    await Promise.all([...Object.values(this.workloads), this.pods, this.services].map((informer) => informer.ready()));
  }

  statuses(): WorkloadStatus[] {
    return this.all().map((workload) => this.statusOf(workload));
  }

  /** What a write of ours made of the workload, ahead of the watch. */
  observe({ kind, object }: WorkloadObject): void {
    this.workloads[kind].observe(object);
  }

  has(workload: WorkloadObject): boolean {
    const { uid } = metadataOf(workload);
    return this.all().some((each) => metadataOf(each).uid === uid);
  }

  /** What exists, then each change; ends with the signal. Changes that come faster than they are read are joined. */
  async *watch(signal: AbortSignal): AsyncGenerator<WorkloadEvent, void> {
    const changed = new Set<Key>();
    let wake = Promise.withResolvers<void>();
    const listen = (keys: Iterable<Key>): void => {
      for (const key of keys) changed.add(key);
      wake.resolve();
    };
    const end = (): void => wake.resolve();
    this.listeners.add(listen);
    signal.addEventListener("abort", end, { once: true });
    const told = new Map<Key, WorkloadStatus>();
    try {
      await Promise.race([this.ready(), wakeAt(signal)]);
      for (const workload of this.all()) changed.add(keyOf(workload));
      while (!signal.aborted) {
        for (const key of changed) {
          changed.delete(key);
          const event = this.eventOf(key, told);
          if (event) yield event;
          if (signal.aborted) return;
        }
        if (changed.size > 0) continue;
        await wake.promise;
        wake = Promise.withResolvers();
      }
    } finally {
      this.listeners.delete(listen);
      signal.removeEventListener("abort", end);
    }
  }

  async close(): Promise<void> {
    await Promise.all([...Object.values(this.workloads), this.pods, this.services].map((informer) => informer.close()));
  }

  private eventOf(key: Key, told: Map<Key, WorkloadStatus>): WorkloadEvent | undefined {
    const before = told.get(key);
    const workload = this.all().find((each) => keyOf(each) === key);
    if (!workload) {
      told.delete(key);
      return before && { type: "deleted", status: before };
    }
    const status = this.statusOf(workload);
    if (before && JSON.stringify(before) === JSON.stringify(status)) return undefined;
    told.set(key, status);
    return { type: before ? "changed" : "applied", status };
  }

  private statusOf(workload: WorkloadObject): WorkloadStatus {
    const { name } = metadataOf(workload);
    const { selector } = workload.object.spec ?? {};
    const pods = [...(this.podIndex.candidates(selector) ?? this.pods.values())].filter(
      (pod) => matches(selector, pod.metadata?.labels) && isPodOf(workload, pod),
    );
    return statusOf(
      workload,
      pods,
      [...this.services.values()].find(({ metadata }) => metadata?.name === name),
    );
  }

  private all(): WorkloadObject[] {
    return WORKLOAD_KINDS.flatMap((kind) => [...this.workloads[kind].values()].map((object) => ({ kind, object })));
  }

  private changed(keys: Iterable<Key>): void {
    for (const listener of this.listeners) listener(keys);
  }
}

function keyOf(workload: WorkloadObject): Key {
  return `${workload.kind}/${metadataOf(workload).name ?? ""}`;
}

function wakeAt(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
