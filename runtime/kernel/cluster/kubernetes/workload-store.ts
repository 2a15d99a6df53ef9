import { FIELD_MANAGER, MnoError } from "../../../exports";
import type { WorkloadStatus } from "../cluster";
import { isHttpStatus } from "./api-error";
import type { Connection } from "./connection";
import { DRIVER_ANNOTATIONS } from "./names";
import {
  type KubernetesObject,
  pathOf,
  type Pod,
  type Service,
  WORKLOAD_KINDS,
  type WorkloadKind,
  type WorkloadObject,
} from "./objects";
import { isPodOf } from "./replicas";
import { formatSelector } from "./selector";
import { suspension } from "./suspension";
import { metadataOf } from "./workload-spec";
import { statusOf } from "./workload-status";

/** Workloads of one namespace as the API server has them now. */
export class WorkloadStore {
  /** Kind under which a name was found last. */
  private readonly kinds = new Map<string, WorkloadKind>();

  constructor(
    private readonly connection: Connection,
    private readonly namespace: string,
  ) {}

  /** One request where the kind is known from before. */
  async find(name: string): Promise<WorkloadObject | undefined> {
    const known = this.kinds.get(name);
    const found = known && (await this.read(known, name));
    if (found) return found;
    const others = WORKLOAD_KINDS.filter((kind) => kind !== known);
    const workload = (await Promise.all(others.map((kind) => this.read(kind, name)))).find(
      (each) => each !== undefined,
    );
    if (workload) this.kinds.set(name, workload.kind);
    else this.kinds.delete(name);
    return workload;
  }

  async read(kind: WorkloadKind, name: string): Promise<WorkloadObject | undefined> {
    const object = await this.connection.find<KubernetesObject>(pathOf(kind, this.namespace, name));
    return object && { kind, object };
  }

  async pods(workload: WorkloadObject): Promise<Pod[]> {
    const query = { labelSelector: formatSelector(workload.object.spec?.selector) };
    const { items } = await this.connection.json<{ items: Pod[] }>("GET", pathOf("Pod", this.namespace), { query });
    return items.filter((pod) => isPodOf(workload, pod));
  }

  /** The pods are read after the workload, so that they are at least as new. */
  async status(workload: WorkloadObject): Promise<WorkloadStatus> {
    const [pods, service] = await Promise.all([
      this.pods(workload),
      this.connection.find<Service>(pathOf("Service", this.namespace, metadataOf(workload).name)),
    ]);
    return statusOf(workload, pods, service);
  }

  /** Changes some fields of the workload. */
  async patch(workload: WorkloadObject, body: object): Promise<WorkloadObject> {
    const object = await this.mergePatch<KubernetesObject>(workload, body);
    return { kind: workload.kind, object };
  }

  /** Through the scale subresource, which a role may allow on its own; of a suspended workload its number to come. */
  async scale(workload: WorkloadObject, replicas: number): Promise<WorkloadObject> {
    if (suspension(workload).suspended) {
      return this.patch(workload, {
        metadata: {
          annotations: { [DRIVER_ANNOTATIONS.suspendedReplicas]: String(replicas) },
          // Resumed meanwhile, it would count as suspended again, with its replicas at work.
          resourceVersion: metadataOf(workload).resourceVersion,
        },
      });
    }
    await this.mergePatch(workload, { spec: { replicas } }, "scale");
    const scaled = await this.read(workload.kind, metadataOf(workload).name ?? "");
    if (scaled) return scaled;
    throw new MnoError("MNO_WORKLOAD_NOT_FOUND", `Workload "${metadataOf(workload).name ?? ""}" was deleted meanwhile`);
  }

  /** Begins the deletion; whatever the workload made goes first. */
  async delete(workload: WorkloadObject): Promise<void> {
    const { name, uid } = metadataOf(workload);
    const body = { propagationPolicy: "Foreground", preconditions: { uid } };
    try {
      await this.connection.json("DELETE", pathOf(workload.kind, this.namespace, name), { body });
    } catch (error) {
      // Gone already, or gone and made anew by another.
      if (!isHttpStatus(error, 404) && !isHttpStatus(error, 409)) throw error;
    }
  }

  async isGone(workload: WorkloadObject): Promise<boolean> {
    const { name, uid } = metadataOf(workload);
    const found = await this.read(workload.kind, name ?? "");
    return found?.object.metadata?.uid !== uid && (await this.pods(workload)).length === 0;
  }

  private mergePatch<T>({ kind, object }: WorkloadObject, body: object, subresource?: "scale"): Promise<T> {
    return this.connection.json<T>("PATCH", pathOf(kind, this.namespace, object.metadata?.name, subresource), {
      query: { fieldManager: FIELD_MANAGER },
      body,
      contentType: "application/merge-patch+json",
    });
  }
}
