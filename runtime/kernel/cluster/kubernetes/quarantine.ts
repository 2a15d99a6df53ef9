import { FIELD_MANAGER, MnoError } from "../../../exports";
import type { Clock } from "../../clock";
import { type Backoff, backoffMilliseconds } from "../../lifecycle/backoff";
import { isHttpStatus } from "./api-error";
import type { Connection } from "./connection";
import { contended } from "./contended";
import { DRIVER_ANNOTATIONS } from "./names";
import { type NetworkPolicy, pathOf, type Pod, type WorkloadObject } from "./objects";
import { canBeCutOff, dependentOf, quarantineLabels, quarantineName, quarantinePolicy } from "./quarantine-policy";
import { type Mark, markOf } from "./quarantine-mark";
import { formatSelector } from "./selector";
import { serverSideApply } from "./server-side-apply";
import { suspension, suspensionPatch } from "./suspension";
import { metadataOf } from "./workload-spec";
import type { WorkloadStore } from "./workload-store";

const LOOK_BACKOFF: Backoff = { firstMilliseconds: 100, capMilliseconds: 1000 };
/** How long the workload's controller may take to see that pods are no longer its own. */
const RELEASE_MILLISECONDS = 3000;
/** How long a node may take to end pods that are told to. */
const END_MILLISECONDS = 60_000;
/** What is not to be trusted has no say in how it ends. */
const GRACE_SECONDS = 1;
/** Names that the mark holds; all pods are held. */
const MOST_NAMED = 100;

/**
 * Cuts workloads off. A further policy that denies would not do it: policies add up, and what one allows is allowed. So the pods lose
 * every label but that of their quarantine, by which no policy, Service or controller knows them any more; a policy of their
 * own denies them everything; and the workload is suspended, for the controller would make up for them with more of the same.
 */
export class Quarantine {
  constructor(
    private readonly connection: Connection,
    private readonly namespace: string,
    private readonly store: WorkloadStore,
    private readonly clock: Clock,
    private readonly random: () => number,
    private readonly signal: AbortSignal,
  ) {}

  /** See Cluster.isolate. Broken off anywhere, it can be begun again. */
  async begin(workload: WorkloadObject, reason: string): Promise<WorkloadObject> {
    const labels = quarantineLabels(workload);
    const policy = await serverSideApply(
      this.connection,
      "NetworkPolicy",
      this.namespace,
      quarantinePolicy(workload, this.namespace),
    );
    const others = (await this.list<NetworkPolicy>("NetworkPolicy")).filter(
      ({ metadata }) => metadata?.name !== policy.metadata?.name,
    );
    const live = (await this.store.pods(workload)).filter(({ status }) => !isOver(status?.phase));
    const held = live.filter((pod) => canBeCutOff(pod, labels, others));
    await this.mark(workload, reason, held);
    for (const pod of held) await this.hold(workload, pod);
    if (held.length > 0) await this.untilReleased(workload);
    const suspended = await this.suspend(workload);
    // The controller lets them go with their grace; they are not to have it.
    for (const pod of live) if (!held.includes(pod)) await this.end(pod);
    return suspended;
  }

  /** See Cluster.release. */
  async finish(workload: WorkloadObject): Promise<WorkloadObject> {
    const mark = markOf(workload);
    await this.clear(workload);
    if (!mark) return workload;
    return this.revise(workload, (present) => {
      const annotations = { [DRIVER_ANNOTATIONS.isolation]: "" };
      const stays = mark.suspended || !suspension(present).suspended;
      return stays ? { metadata: { annotations } } : suspensionPatch(present, false, { annotations });
    });
  }

  /** Ends what is held, and only then lets the network be. Errors: MNO_CLUSTER_UNREACHABLE where it does not end. */
  async clear(workload: WorkloadObject): Promise<void> {
    const selector = formatSelector({ matchLabels: quarantineLabels(workload) });
    const deadline = this.clock.now() + END_MILLISECONDS;
    for (let look = 1; ; look += 1) {
      const pods = await this.list<Pod>("Pod", selector);
      if (pods.length === 0) break;
      if (this.clock.now() > deadline) {
        const names = pods.map(({ metadata }) => metadata?.name ?? "").join(", ");
        throw new MnoError("MNO_CLUSTER_UNREACHABLE", `Pods ${names} do not end; they stay cut off. Try again later`);
      }
      if (look === 1) for (const pod of pods) await this.end(pod);
      await this.pause(look);
    }
    await this.remove(pathOf("NetworkPolicy", this.namespace, quarantineName(workload)), {});
  }

  private async mark(workload: WorkloadObject, reason: string, held: readonly Pod[]): Promise<void> {
    const { suspended } = suspension(workload);
    const since = new Date(this.clock.now()).toISOString();
    const before: Mark = markOf(workload) ?? { since, reason, held: [], suspended };
    const names = [...new Set([...before.held, ...held.map(({ metadata }) => metadata?.name ?? "")])];
    const mark: Mark = { ...before, held: names.slice(0, MOST_NAMED) };
    await this.store.patch(workload, {
      metadata: { annotations: { [DRIVER_ANNOTATIONS.isolation]: JSON.stringify(mark) } },
    });
  }

  /** Of the pod remain the label of its quarantine, and whose it was. One that has gone by itself needs nothing. */
  private async hold(workload: WorkloadObject, { metadata }: Pod): Promise<void> {
    const none = Object.fromEntries(Object.keys(metadata?.labels ?? {}).map((key) => [key, null]));
    try {
      await this.connection.json("PATCH", pathOf("Pod", this.namespace, metadata?.name), {
        query: { fieldManager: FIELD_MANAGER },
        body: {
          metadata: {
            uid: metadata?.uid,
            labels: { ...none, ...quarantineLabels(workload) },
            ownerReferences: dependentOf(workload),
          },
        },
        contentType: "application/merge-patch+json",
      });
    } catch (error) {
      if (!isHttpStatus(error, 404) && !isHttpStatus(error, 409)) throw error;
    }
  }

  /** A controller that has not seen yet that they are no longer its own could delete them. That it has it shows by new ones. */
  private async untilReleased(workload: WorkloadObject): Promise<void> {
    const { replicas, suspended } = suspension(workload);
    const deadline = this.clock.now() + RELEASE_MILLISECONDS;
    for (let look = 1; !suspended && this.clock.now() < deadline; look += 1) {
      if ((await this.store.pods(workload)).length >= replicas) return;
      await this.pause(look);
    }
  }

  private suspend(workload: WorkloadObject): Promise<WorkloadObject> {
    return this.revise(workload, (present) =>
      suspension(present).suspended ? undefined : suspensionPatch(present, true),
    );
  }

  /** Changes the workload as it is now. Errors: MNO_WORKLOAD_NOT_FOUND where it was deleted meanwhile. */
  private revise(
    workload: WorkloadObject,
    patch: (present: WorkloadObject) => object | undefined,
  ): Promise<WorkloadObject> {
    const { name = "" } = metadataOf(workload);
    return contended(async () => {
      const present = await this.store.read(workload.kind, name);
      if (!present) throw new MnoError("MNO_WORKLOAD_NOT_FOUND", `Workload "${name}" was deleted meanwhile`);
      const body = patch(present);
      return body ? this.store.patch(present, body) : present;
    });
  }

  private async list<T>(kind: "NetworkPolicy" | "Pod", labelSelector?: string): Promise<T[]> {
    const query = { labelSelector };
    return (await this.connection.json<{ items: T[] }>("GET", pathOf(kind, this.namespace), { query })).items;
  }

  private end({ metadata }: Pod): Promise<void> {
    const body = { gracePeriodSeconds: GRACE_SECONDS, preconditions: { uid: metadata?.uid } };
    return this.remove(pathOf("Pod", this.namespace, metadata?.name), body);
  }

  private async remove(path: string, body: object): Promise<void> {
    try {
      await this.connection.json("DELETE", path, { body });
    } catch (error) {
      // Gone already, or another of that name.
      if (!isHttpStatus(error, 404) && !isHttpStatus(error, 409)) throw error;
    }
  }

  private pause(look: number): Promise<void> {
    return this.clock.sleep(backoffMilliseconds(look, LOOK_BACKOFF, this.random), this.signal);
  }
}

function isOver(phase: string | undefined): boolean {
  return phase === "Succeeded" || phase === "Failed";
}
