import { KUBERNETES_LABELS } from "../../../exports";
import type { LeaseRecord, LeaseStore, VersionedLease } from "../leases/lease";
import { isHttpStatus } from "./api-error";
import type { Connection } from "./connection";
import { type Metadata, pathOf } from "./objects";

/** Times are RFC 3339 with microseconds. Source: https://kubernetes.io/docs/reference/kubernetes-api/cluster-resources/lease-v1/ */
interface Lease {
  apiVersion: "coordination.k8s.io/v1";
  kind: "Lease";
  metadata: Metadata;
  spec: {
    holderIdentity?: string;
    leaseDurationSeconds?: number;
    leaseTransitions?: number;
    acquireTime?: string;
    renewTime?: string;
  };
}

/** Leases of one namespace; the server's resourceVersion makes each write a compare-and-set. */
export class KubernetesLeases implements LeaseStore {
  /** What is stored, so that a write keeps what a record does not hold. */
  private readonly stored = new Map<string, Lease>();

  constructor(
    private readonly connection: Connection,
    private readonly namespace: string,
  ) {}

  async read(name: string, signal: AbortSignal): Promise<VersionedLease | undefined> {
    const lease = await this.connection.find<Lease>(pathOf("Lease", this.namespace, name), { signal });
    if (!lease) return undefined;
    this.stored.set(name, lease);
    return versioned(lease);
  }

  async write(
    name: string,
    { holder, durationSeconds, transitions }: LeaseRecord,
    version: string | undefined,
    signal: AbortSignal,
  ): Promise<VersionedLease | undefined> {
    const before = this.stored.get(name)?.spec;
    const now = new Date().toISOString().replace("Z", "000Z");
    const taken = before?.holderIdentity !== holder || before.acquireTime === undefined;
    const body: Lease = {
      apiVersion: "coordination.k8s.io/v1",
      kind: "Lease",
      metadata: {
        name,
        namespace: this.namespace,
        labels: { [KUBERNETES_LABELS.partOf]: "machine-native-ops" },
        ...(version === undefined ? {} : { resourceVersion: version }),
      },
      spec: {
        holderIdentity: holder,
        // The field is whole seconds; rounded up, so that nobody takes it too early.
        leaseDurationSeconds: Math.ceil(durationSeconds),
        leaseTransitions: transitions,
        acquireTime: taken ? now : before.acquireTime,
        renewTime: now,
      },
    };
    const [method, path] =
      version === undefined
        ? (["POST", pathOf("Lease", this.namespace)] as const)
        : (["PUT", pathOf("Lease", this.namespace, name)] as const);
    try {
      const lease = await this.connection.json<Lease>(method, path, { body, signal });
      this.stored.set(name, lease);
      return versioned(lease);
    } catch (error) {
      // A lease that is gone was changed, too; that it cannot be made for want of its namespace is a fault.
      if (isHttpStatus(error, 409) || (version !== undefined && isHttpStatus(error, 404))) return undefined;
      throw error;
    }
  }
}

function versioned({ metadata, spec }: Lease): VersionedLease {
  return {
    holder: spec.holderIdentity ?? "",
    durationSeconds: spec.leaseDurationSeconds ?? 0,
    transitions: spec.leaseTransitions ?? 0,
    version: metadata.resourceVersion ?? "",
  };
}
