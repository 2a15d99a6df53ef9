import type * as models from "@kubernetes/client-node";
import { MnoError } from "../../../exports";

/** What the API server sends: the client library's models with times as RFC 3339 text. */
export type Wire<T> = T extends Date
  ? string
  : T extends (infer Item)[]
    ? Wire<Item>[]
    : T extends object
      ? { [Key in keyof T]: Wire<T[Key]> }
      : T;

export type Metadata = Wire<models.V1ObjectMeta>;
export type Pod = Wire<models.V1Pod>;
export type PodSpec = Wire<models.V1PodSpec>;
export type Container = Wire<models.V1Container>;
export type EnvVar = Wire<models.V1EnvVar>;
export type Probe = Wire<models.V1Probe>;
export type Service = Wire<models.V1Service>;
export type Secret = Wire<models.V1Secret>;
export type NetworkPolicy = Wire<models.V1NetworkPolicy>;
export type Node = Wire<models.V1Node>;
export type Selector = Wire<models.V1LabelSelector>;
export type Deployment = Wire<models.V1Deployment>;
export type StatefulSet = Wire<models.V1StatefulSet>;
export type Job = Wire<models.V1Job>;

export interface KubernetesObject {
  apiVersion?: string;
  kind?: string;
  metadata?: Metadata;
}

/** Kinds that are workloads, in the order in which a name is looked up. */
export const WORKLOAD_KINDS = ["Deployment", "StatefulSet", "Job"] as const;
export type WorkloadKind = (typeof WORKLOAD_KINDS)[number];

/** A workload as the API server has it. */
export type WorkloadObject =
  | { kind: "Deployment"; object: Deployment }
  | { kind: "StatefulSet"; object: StatefulSet }
  | { kind: "Job"; object: Job };

/** Every kind that the driver reads or writes: where it is served. */
export const RESOURCES = {
  Deployment: { apiVersion: "apps/v1", plural: "deployments" },
  StatefulSet: { apiVersion: "apps/v1", plural: "statefulsets" },
  Job: { apiVersion: "batch/v1", plural: "jobs" },
  Pod: { apiVersion: "v1", plural: "pods" },
  Service: { apiVersion: "v1", plural: "services" },
  Secret: { apiVersion: "v1", plural: "secrets" },
  Node: { apiVersion: "v1", plural: "nodes" },
  NetworkPolicy: { apiVersion: "networking.k8s.io/v1", plural: "networkpolicies" },
  Lease: { apiVersion: "coordination.k8s.io/v1", plural: "leases" },
} as const;
export type ResourceKind = keyof typeof RESOURCES;

/**
 * Path of a collection, or of one object in it. Without a namespace: of all namespaces, or of a cluster-wide kind.
 * Errors: MNO_WORKLOAD_INVALID for a name by which the path would lead elsewhere.
 */
export function pathOf(kind: ResourceKind, namespace: string | undefined, name?: string, subresource?: string): string {
  if (name === "" || name === "." || name === "..")
    throw new MnoError("MNO_WORKLOAD_INVALID", `"${name}" is not a name; use lower-case letters, digits and hyphens`);
  const { apiVersion, plural } = RESOURCES[kind];
  const scope = namespace === undefined ? "" : `/namespaces/${namespace}`;
  const parts = [name, subresource].filter((part) => part !== undefined).map((part) => `/${encodeURIComponent(part)}`);
  return `${apiVersion.includes("/") ? "/apis" : "/api"}/${apiVersion}${scope}/${plural}${parts.join("")}`;
}
