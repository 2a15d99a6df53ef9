import type * as pulumi from "@pulumi/pulumi";
import type { MeshKind } from "../mesh/kinds";
import type { ZoneSpread } from "../workload/kubernetes/types";
import type { ResourceRequestsArgs } from "../workload/types";

/** When a commit counts. */
export const DataDurability = {
  /** When the primary has it on disk: a failover may lose the last commits. */
  Off: "off",
  /** When a replica has it too, as long as there is one: losing all replicas does not stop writes. */
  Preferred: "preferred",
  /** When a replica has it too: no failover loses a commit; without a replica, writes wait. */
  Required: "required",
} as const;
export type DataDurability = (typeof DataDurability)[keyof typeof DataDurability];

/** How long a client keeps a server connection of the pooler. */
export const PoolMode = {
  /** For its whole session: everything of PostgreSQL works. */
  Session: "session",
  /** For a transaction: far more clients; no session state, no LISTEN. */
  Transaction: "transaction",
} as const;
export type PoolMode = (typeof PoolMode)[keyof typeof PoolMode];

/** A folder of an object store. */
export interface ObjectStoreArgs {
  /** `s3://bucket/folder` or `gs://bucket/folder`. */
  destinationPath: string;
  /** URL of an S3-compatible store other than AWS. */
  endpointUrl?: string;
  /**
   * An existing Secret: keys `ACCESS_KEY_ID` and `ACCESS_SECRET_KEY` for S3, `gcsCredentials` for GCS. Default: the identity of
   * the pods' ServiceAccount (IRSA, Workload Identity), see `serviceAccountAnnotations`.
   */
  credentialsSecretName?: pulumi.Input<string>;
  /** Addresses of the store as CIDRs, for network policies. Default: any, at the store's port. */
  cidrs?: string[];
}

/** Where, when and for how long backups are kept: base backups by schedule, and all changes between them (WAL) within five minutes. */
export interface DatabaseBackupArgs {
  /** Where they go; at best in another region. */
  store: ObjectStoreArgs;
  /** When a base backup is made: five-field cron, UTC. Default `0 2 * * *`. Every one is full. */
  schedule?: string;
  /** Days back to which the database can be restored. Default 30. */
  retentionDays?: number;
  /** Name of this database's folder in the store; never one that was used before. Default: the component's name. */
  serverName?: string;
}

/** Begin as a copy of a database that is in a store. */
export interface DatabaseRestoreArgs {
  /** Where its backups are. */
  store: ObjectStoreArgs;
  /** Its `serverName` there. */
  serverName: string;
  /** RFC 3339 moment to restore to. Default: the last change in the store. */
  targetTime?: string;
}

/** A database kept in two regions: one primary, and a replica that follows through the primary's store. */
export interface DatabaseReplicationArgs {
  /** Name of the Database that takes writes: this one's, or the peer's. Changing it on both is the switchover. */
  primary: string;
  /** Name of the Database in the other region, which is also its `serverName`. */
  peer: string;
  /** Store of the peer's backups. */
  peerStore: ObjectStoreArgs;
  /** The demoted primary's `status.demotionToken`, so that a switchover loses nothing. */
  promotionToken?: pulumi.Input<string>;
}

/** PgBouncer in front of the primary. */
export interface DatabasePoolerArgs {
  /** Replicas. Default 2. */
  instances?: number;
  /** Default `session`. */
  mode?: PoolMode;
  /** Client connections that each replica takes. Default 1000. */
  maxClientConnections?: number;
  /** Server connections for each user and database. Default 20. */
  poolSize?: number;
}

export interface DatabaseArgs {
  /** Namespace, which exists. */
  namespace: pulumi.Input<string>;
  /** PostgreSQL servers. Default 3: a primary and two replicas. */
  instances?: number;
  /** How strictly servers are kept in different zones. Default `preferred`. */
  zoneSpread?: ZoneSpread;
  /** When a commit counts. Default `required` with three servers or more, otherwise `off`. */
  durability?: DataDurability;
  /** Image of PostgreSQL. Default: the operator's, kept from then on. */
  image?: pulumi.Input<string>;
  /** What one server asks for; its memory is also its limit. Default one core and 2 GiB. */
  requests?: pulumi.Input<ResourceRequestsArgs>;
  /** Size of each server's data disk in bytes. */
  storageBytes: number;
  /** Size of each server's disk for the write-ahead log in bytes. Default a quarter of the data's, at least 2 GiB. */
  walStorageBytes?: number;
  /** StorageClass of the disks. Default: the cluster's. */
  storageClassName?: pulumi.Input<string>;
  /** Database and owner that exist from the start: lower-case letters, digits and underscores. Default `mno`. */
  database?: string;
  /** Settings of PostgreSQL by name. */
  parameters?: pulumi.Input<{ [name: string]: pulumi.Input<string> }>;
  /** PgBouncer in front of the primary. Default: none. */
  pooler?: DatabasePoolerArgs;
  /** Backups. Required, unless `noBackupBecause` says why there are none. */
  backup?: DatabaseBackupArgs;
  /** Why losing this database would not matter. */
  noBackupBecause?: string;
  /** Begin as a copy. Only read when the database is made. */
  restore?: DatabaseRestoreArgs;
  /** Keep the database in two regions. Needs `backup`. */
  replication?: DatabaseReplicationArgs;
  /** Annotations of the pods' ServiceAccount, by which clouds give them an identity. */
  serviceAccountAnnotations?: pulumi.Input<{ [name: string]: pulumi.Input<string> }>;
  /** Makes a PodMonitor and alerts; the CRDs of the Prometheus operator must exist. Default false. */
  metrics?: boolean;
  /** Namespace of the CloudNativePG operator. Default `cnpg-system`. */
  operatorNamespace?: string;
  /** Address ranges of the Kubernetes API server, such as `10.0.0.0/28`. Default: any address, at ports 443 and 6443. */
  apiServerCidrs?: string[];
  /** The mesh that carries the traffic. Default `none`. */
  mesh?: MeshKind;
  /** PriorityClass of the pods. Default: the cluster's. */
  priorityClassName?: pulumi.Input<string>;
  /** false: the database may be deleted. Default true. */
  protect?: boolean;
  /** Labels of everything that the component makes, pods included. */
  labels?: pulumi.Input<{ [name: string]: pulumi.Input<string> }>;
}

/** One key of a Secret. */
export interface SecretKeyReference {
  /** Name of the Secret. */
  secretName: string;
  /** Key in it. */
  key: string;
}
