/** The reader of workloads on the local cluster. */
import type { WorkloadSpec } from "../../runtime/exports/workload-spec";
import type { Resource } from "./rule";

/** The kind that `localWorkload` reads. */
export const LOCAL_KIND = "local:Workload";

const LOCAL_TYPE = "mno-local:index:Workload";

/** As declared: any field may still be missing, policies judge before validation does. */
export type LocalWorkload = Partial<WorkloadSpec>;

/** The workload that the resource declares; undefined for other types. */
export function localWorkload(resource: Resource): LocalWorkload | undefined {
  if (resource.type !== LOCAL_TYPE) return undefined;
  const { spec, secretEnvironment } = resource.props as {
    spec?: LocalWorkload;
    secretEnvironment?: LocalWorkload["secretEnvironment"];
  };
  // A resource of its own property: a secret inside `spec` would make all of it secret.
  return { ...spec, ...(secretEnvironment === undefined ? {} : { secretEnvironment }) };
}

/** The local cluster it runs on. */
export function localCluster(resource: Resource): string {
  return (resource.props["cluster"] as string | undefined) ?? "";
}
