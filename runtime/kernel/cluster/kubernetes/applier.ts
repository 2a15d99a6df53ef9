import { KUBERNETES_ANNOTATIONS, MnoError, type WorkloadSpec } from "../../../exports";
import { isHttpStatus } from "./api-error";
import type { Connection } from "./connection";
import { secretManifest, secretName, serviceManifest, workloadManifest } from "./manifest";
import { DRIVER_ANNOTATIONS } from "./names";
import { type KubernetesObject, pathOf, type Secret, type WorkloadObject } from "./objects";
import { isOurs } from "./ownership";
import { markOf } from "./quarantine-mark";
import { refuseOthers, serverSideApply } from "./server-side-apply";
import { suspension } from "./suspension";
import { metadataOf } from "./workload-spec";

/** Turns a spec into the objects that run it, and keeps them so. */
export class Applier {
  constructor(
    private readonly connection: Connection,
    private readonly namespace: string,
    /** Image of workloads that name none. */
    private readonly defaultImage: string | undefined,
  ) {}

  /** Errors: MNO_WORKLOAD_INVALID where there is no image, MNO_WORKLOAD_CONFLICT where the workload is another's. */
  check(spec: WorkloadSpec, existing: WorkloadObject | undefined): void {
    this.imageOf(spec);
    if (!existing) return;
    refuseOthers(existing.kind, existing.object);
    const owner = metadataOf(existing).annotations?.[KUBERNETES_ANNOTATIONS.owner];
    if (owner !== undefined && owner !== spec.owner) {
      throw new MnoError(
        "MNO_WORKLOAD_CONFLICT",
        `Workload "${spec.name}" belongs to ${owner}, not to ${spec.owner ?? "an unnamed owner"}; delete it there, or choose another name`,
      );
    }
  }

  /**
   * Applies Secret, workload and Service. `existing` is what is to be changed, and must not have changed since it was read
   * (MNO_CLUSTER_CONFLICT); `replaced` what was there until a moment ago, and could not be changed in place.
   */
  async apply(
    spec: WorkloadSpec,
    from: { existing?: WorkloadObject; replaced?: WorkloadObject },
  ): Promise<WorkloadObject> {
    const { namespace } = this;
    const secret = secretManifest(spec, namespace);
    const applied = secret && (await this.applyDependent("Secret", secret));
    const { existing, replaced } = from;
    const version = applied?.metadata?.resourceVersion;
    const manifest = workloadManifest({ ...spec, image: this.imageOf(spec) }, namespace, {
      ...wanted(spec, existing, replaced),
      ...(version === undefined ? {} : { secretVersion: version }),
      ...formerGenerations(existing, replaced),
    });
    const unchanged = existing && { resourceVersion: metadataOf(existing).resourceVersion };
    const object = await serverSideApply(this.connection, manifest.kind, namespace, {
      ...manifest,
      metadata: { ...manifest.metadata, ...unchanged },
    });
    const service = serviceManifest(spec, namespace);
    if (service) await this.applyDependent("Service", service);
    if (existing || replaced) {
      if (!service) await this.removeDependent("Service", spec.name);
      if (!secret) await this.removeDependent("Secret", spec.name);
    }
    return { kind: manifest.kind, object };
  }

  /** Removes the workload's Service or Secret where this driver made it. */
  async removeDependent(kind: "Service" | "Secret", workload: string): Promise<void> {
    const path = pathOf(kind, this.namespace, kind === "Secret" ? secretName(workload) : workload);
    const object = await this.connection.find<KubernetesObject>(path);
    if (!object || !isOurs(object)) return;
    try {
      await this.connection.json("DELETE", path, { body: { preconditions: { uid: object.metadata?.uid } } });
    } catch (error) {
      if (!isHttpStatus(error, 404)) throw error;
    }
  }

  private async applyDependent<T extends KubernetesObject>(kind: "Service" | "Secret", object: T): Promise<T> {
    const existing = await this.connection.find<Secret>(pathOf(kind, this.namespace, object.metadata?.name));
    if (existing) refuseOthers(kind, existing);
    return serverSideApply(this.connection, kind, this.namespace, object);
  }

  private imageOf(spec: WorkloadSpec): string {
    const image = spec.image ?? this.defaultImage;
    if (image !== undefined) return image;
    const message = "is required on Kubernetes: the container image that holds the program";
    throw new MnoError("MNO_WORKLOAD_INVALID", `/image ${message}`, { faults: [{ field: "/image", message }] });
  }
}

/** An autoscaler's number stays as it is; a suspension that the spec says nothing of stays too, and that of an isolation. */
function wanted(
  spec: WorkloadSpec,
  existing: WorkloadObject | undefined,
  replaced: WorkloadObject | undefined,
): { replicas: number; suspended: boolean } {
  const before = existing ?? replaced;
  const live = before && suspension(before);
  const most = spec.ports?.some(({ direct }) => direct) ? 1 : Infinity;
  const replicas = live && spec.scaledBy !== undefined ? Math.min(live.replicas, most) : spec.replicas;
  if (existing && markOf(existing)) return { replicas, suspended: true };
  if (spec.annotations?.[KUBERNETES_ANNOTATIONS.admission] !== undefined) {
    // Held until its capacity is granted, and held again when it changes.
    return { replicas, suspended: existing ? suspension(existing).suspended : true };
  }
  const declared = before && metadataOf(before).annotations?.[DRIVER_ANNOTATIONS.declaredSuspended];
  return { replicas, suspended: spec.suspended ?? (live?.suspended === true && !declared) };
}

/** A Job that replaces one goes on counting where that one ended. */
function formerGenerations(
  existing: WorkloadObject | undefined,
  replaced: WorkloadObject | undefined,
): { formerGenerations?: number } {
  const before = existing ?? replaced;
  const former = Number((before && metadataOf(before).annotations?.[DRIVER_ANNOTATIONS.formerGenerations]) ?? 0);
  const ended = replaced ? (metadataOf(replaced).generation ?? 0) : 0;
  return former + ended === 0 ? {} : { formerGenerations: former + ended };
}
