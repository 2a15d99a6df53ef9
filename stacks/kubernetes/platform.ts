import type * as pulumi from "@pulumi/pulumi";
import type { Connectable, KubernetesNamespace, MeshKind } from "../../components";

/** What a profile made: what others build on. */
export interface Platform {
  namespace: KubernetesNamespace;
  mesh: MeshKind;
  /** The agents that reach the replicas of what they work on: for their metrics, or with requests. */
  callers: Connectable[];
  /** Name of the PriorityClass of what serves users, where the profile has classes. */
  priorityClassName?: pulumi.Input<string>;
  urls: PlatformUrls;
}

/** What a profile hands over to the stack's contract. */
export interface PlatformUrls {
  apiUrl: pulumi.Input<string>;
  metricsUrl: pulumi.Input<string>;
  gatewayUrl: pulumi.Input<string>;
  engineUrls: pulumi.Input<{ [engine: string]: string }>;
  balancerUrl: pulumi.Input<string>;
  decisionsUrl: pulumi.Input<string>;
}
