import type * as pulumi from "@pulumi/pulumi";
import type { MeshKind } from "../mesh/kinds";

/** Levels of the Pod Security Standards. */
export const PodSecurityLevel = {
  /** No known way to more privilege; what every component of this package meets. */
  Restricted: "restricted",
  /** No known privilege escalation, but root and host paths of some kinds. */
  Baseline: "baseline",
  /** Anything: for what manages nodes. */
  Privileged: "privileged",
} as const;
export type PodSecurityLevel = (typeof PodSecurityLevel)[keyof typeof PodSecurityLevel];

/** A weaker level than "restricted" with its reason; pods beneath "restricted" are still warned about and audited. */
export interface PodSecurityExceptionArgs {
  /** The level that is enforced. */
  level: PodSecurityLevel;
  /** Why; it becomes an annotation on the namespace. */
  reason: string;
}

/** The most that all pods of a namespace may have together. */
export interface NamespaceQuotaArgs {
  /** CPU cores requested. Default 32. */
  cpuCores?: pulumi.Input<number>;
  /** Memory requested, and at most used, in bytes. Default 64 GiB. */
  memoryBytes?: pulumi.Input<number>;
  /** Sizes of all volume claims together, in bytes. Default 1 TiB. */
  storageBytes?: pulumi.Input<number>;
  /** Pods. Default 200. */
  pods?: pulumi.Input<number>;
  /** Services of type LoadBalancer, which are open to the outside. Default 0. */
  loadBalancers?: pulumi.Input<number>;
}

export interface KubernetesNamespaceArgs {
  /** A weaker Pod Security level than "restricted", with its reason. */
  podSecurity?: PodSecurityExceptionArgs;
  /** The most that all pods may have together. */
  quota?: NamespaceQuotaArgs;
  /** The mesh that carries the pods' traffic. Default `none`. */
  mesh?: MeshKind;
  /** false: the namespace, and with it all it holds, may be deleted. Default true. */
  protect?: boolean;
  /** Labels of everything the component makes. */
  labels?: pulumi.Input<{ [name: string]: pulumi.Input<string> }>;
}
