import type * as pulumi from "@pulumi/pulumi";
import type { MeshKind } from "../../mesh/kinds";
import type { AgentTarget } from "../agent";
import type { ResourceRequestsArgs } from "../types";
import type { KubernetesPortArgs, SecretReferenceArgs } from "./container-types";
import type { FilesArgs } from "./volume-types";

/** A disk for the embedded database and event log. */
export interface AgentStorageArgs {
  /** Size in bytes. */
  sizeBytes: pulumi.Input<number>;
  /** Name of the StorageClass. Default: the cluster's. */
  storageClassName?: pulumi.Input<string>;
}

/** A certificate authority beside the public ones, for TLS to database, bus and cache. */
export interface AgentAuthorityArgs {
  /** Name of a Secret in the agent's namespace. */
  secretName: pulumi.Input<string>;
  /** Its key with certificates in PEM. Default `ca.crt`. Nothing else of the Secret reaches the agent. */
  key?: string;
}

/** The certificate that the agent serves its HTTP API with, as cert-manager keeps it. */
export interface AgentTlsArgs {
  /**
   * Name of a Secret in the agent's namespace with `tls.crt`, `tls.key` and, where its authority is no public one, `ca.crt`.
   * The certificate holds the names `<agent>.<namespace>.svc` and `localhost`; a renewed one is taken up without a restart.
   */
  secretName: pulumi.Input<string>;
}

export interface KubernetesAgentArgs {
  /** Namespace, which exists. */
  namespace: pulumi.Input<string>;
  /** The runtime's image, pinned by digest; `npm run image` makes it. */
  image: pulumi.Input<string>;
  /** Default `all`. */
  target?: AgentTarget;
  /** URL of the cluster to act upon. Default `kubernetes:<namespace>`; the permissions hold in the namespace that it names. */
  clusterUrl?: pulumi.Input<string>;
  /** Replicas, of which one leads. Default 2 for one engine with external stores, otherwise 1. */
  replicas?: pulumi.Input<number>;
  /** Bearer token that writes must carry, at least 16 characters. Default: one is made; see the output `apiToken`. */
  apiToken?: pulumi.Input<string>;
  /** Database: `postgres://…`. Without it the embedded one, which needs `storage` or `ephemeralState`. */
  databaseUrl?: pulumi.Input<string>;
  /** Event bus: `nats://…`. Without it the embedded one, which needs `storage` or `ephemeralState`. */
  busUrl?: pulumi.Input<string>;
  /** Second cache level: `redis://…`. Default none. */
  cacheUrl?: pulumi.Input<string>;
  /** Variables read from Secrets that exist, such as MNO_DATABASE_URL from the one that a database operator keeps. */
  secretReferences?: SecretReferenceArgs[];
  /** Certificate authority of database, bus and cache, and of other agents. Default: that of `tls`, or the public ones. */
  authority?: AgentAuthorityArgs;
  /** Serve the HTTP API over TLS 1.3, with X25519MLKEM768 where the caller has it. Default: plain, which a mesh carries safely. */
  tls?: AgentTlsArgs;
  /** Disk of the embedded database and event log: one replica, which keeps its state. */
  storage?: AgentStorageArgs;
  /** Why it is right that the embedded database and event log are lost with their pod. */
  ephemeralState?: string;
  /** false: the disk may be deleted with the agent. Default true. With `storage` only. */
  protect?: boolean;
  /** Further ports that the engines listen on as `configuration` says, such as the balancer's. */
  ports?: KubernetesPortArgs[];
  /** Folders of read-only files that `configuration` names, such as policies. */
  files?: FilesArgs[];
  /** Further configuration by key, as docs/configuration.md lists it; no secrets here. */
  configuration?: pulumi.Input<{ [key: string]: pulumi.Input<string> }>;
  /** Further configuration that is secret, by key. */
  secretConfiguration?: { [key: string]: pulumi.Input<string> };
  /** Base URL of an OTLP/HTTP collector. Default: no traces. */
  otlpEndpoint?: pulumi.Input<string>;
  /** Namespace of the Prometheus that scrapes `/metrics`; makes a PodMonitor, whose CRD must exist. Default: none scrapes. */
  monitoringNamespace?: string;
  /** What one replica asks for. Default 0.5 cores and 768 MiB; half of each for one engine with external stores. */
  requests?: pulumi.Input<ResourceRequestsArgs>;
  /** Address ranges of the Kubernetes API server, such as `10.0.0.0/28`. Default: any address, at ports 443 and 6443. */
  apiServerCidrs?: string[];
  /** Name of the PriorityClass. Default: the cluster's. */
  priorityClassName?: pulumi.Input<string>;
  /** Names of Secrets with credentials for the image's registry. */
  imagePullSecrets?: pulumi.Input<pulumi.Input<string>[]>;
  /** The mesh that carries the agent's traffic. Default `none`. */
  mesh?: MeshKind;
  /** Labels of everything the component makes, pods included. */
  labels?: pulumi.Input<{ [name: string]: pulumi.Input<string> }>;
}
