import type * as pulumi from "@pulumi/pulumi";
import type { MeshKind } from "../mesh/kinds";
import type { ServerTlsArgs } from "../storage/tls";
import type { ZoneSpread } from "../workload/kubernetes/types";
import type { ResourceRequestsArgs } from "../workload/types";

/** A tenant of the backbone: it sees its own subjects and streams, and nobody else's. */
export interface EventAccountArgs {
  /** Name of the account and of its user: lower-case letters, digits and dashes. */
  name: string;
  /** Password: 16 or more printable characters. Default: a random one. */
  password?: pulumi.Input<string>;
}

/** A backbone in another region that this one joins as a leaf node. */
export interface LeafRemoteArgs {
  /** Name of the remote here: lower-case letters, digits and dashes. */
  name: string;
  /** `tls://host:7422` of the remote's leaf-node port. */
  url: string;
  /** Account here whose subjects flow to the remote and back. Default: the first. */
  account?: string;
  /** User of the remote's account. */
  username?: pulumi.Input<string>;
  /** Password of that user. */
  password?: pulumi.Input<string>;
  /** Instead of user and password: an existing Secret whose key `nats.creds` holds a credentials file. */
  credentialsSecretName?: pulumi.Input<string>;
  /** An existing Secret whose key `ca.crt` is the authority of the remote's certificate. Default: the authorities that the image knows. */
  authoritySecretName?: pulumi.Input<string>;
  /** Addresses of the remote as CIDRs, for network policies know no names. */
  cidrs: string[];
}

/** How the backbone is joined with those of other regions. */
export interface LeafNodesArgs {
  /** Name of this backbone's JetStream, unique among all that are joined. */
  domain: string;
  /** CIDRs from which other regions' backbones may join this one. Default: none may. */
  acceptFrom?: string[];
  /** Backbones that this one joins. */
  remotes?: LeafRemoteArgs[];
}

/** Metrics of the backbone for Prometheus. */
export interface BackboneMetricsArgs {
  /** Image of the exporter. Default: a pinned version of natsio/prometheus-nats-exporter, by tag; policies want a digest. */
  image?: pulumi.Input<string>;
}

export interface EventBackboneArgs {
  /** Namespace, which exists. */
  namespace: pulumi.Input<string>;
  /** TLS for clients, among the servers and for leaf nodes. */
  tls: ServerTlsArgs;
  /** Image of nats-server 2.9 or later. Default: a pinned version of nats, by tag; policies want a digest. */
  image?: pulumi.Input<string>;
  /** Servers: 1, 3 or 5. Default 3: streams of three replicas outlive the loss of one. */
  replicas?: number;
  /** What one server asks for; its memory is also its limit. Default half a core and 1 GiB. */
  requests?: pulumi.Input<ResourceRequestsArgs>;
  /** Size of each server's disk in bytes; streams may take nine tenths. Default 10 GiB. */
  storageBytes?: number;
  /** StorageClass of the disks. Default: the cluster's. */
  storageClassName?: pulumi.Input<string>;
  /** The largest message in bytes, at most 8 MiB. Default 1 MiB. */
  maxPayloadBytes?: number;
  /** Tenants. Default: one, `mno`. */
  accounts?: EventAccountArgs[];
  /** Joins the backbone with those of other regions. Default: it is alone. */
  leafNodes?: LeafNodesArgs;
  /** Makes an exporter beside each server, a PodMonitor and alerts; the CRDs of the Prometheus operator must exist. Default: none. */
  metrics?: BackboneMetricsArgs;
  /** The mesh that carries the traffic. Default `none`. */
  mesh?: MeshKind;
  /** How strictly servers are kept in different zones. Default `preferred`. */
  zoneSpread?: ZoneSpread;
  /** PriorityClass of the pods. Default: the cluster's. */
  priorityClassName?: pulumi.Input<string>;
  /** false: the servers and their disks may be deleted. Default true. */
  protect?: boolean;
  /** Labels of everything that the component makes. */
  labels?: pulumi.Input<{ [name: string]: pulumi.Input<string> }>;
}
