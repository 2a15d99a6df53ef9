import type * as pulumi from "@pulumi/pulumi";
import type { MeshKind } from "../mesh/kinds";
import type { ServerTlsArgs } from "../storage/tls";
import type { ResourceRequestsArgs } from "../workload/types";

/** What of a cache outlives its servers. */
export const CachePersistence = {
  /** Nothing: a cache that lost all its servers begins empty. */
  None: "none",
  /** A file from time to time: up to an hour of writes may be lost with all servers. */
  Snapshot: "snapshot",
  /** A log that is on disk within a second. */
  AppendOnly: "append-only",
} as const;
export type CachePersistence = (typeof CachePersistence)[keyof typeof CachePersistence];

/** What a full cache gives up. */
export const CacheEviction = {
  /** The least recently used of all keys. */
  AllKeysLru: "allkeys-lru",
  /** The least frequently used of all keys. */
  AllKeysLfu: "allkeys-lfu",
  /** The least recently used of the keys that expire. */
  VolatileLru: "volatile-lru",
  /** The keys that expire soonest. */
  VolatileTtl: "volatile-ttl",
  /** Nothing: writes are refused. */
  None: "noeviction",
} as const;
export type CacheEviction = (typeof CacheEviction)[keyof typeof CacheEviction];

/** Metrics of the cache for Prometheus. */
export interface CacheMetricsArgs {
  /** Image of the exporter. Default: a pinned version of oliver006/redis_exporter, by tag; policies want a digest. */
  image?: pulumi.Input<string>;
}

export interface CacheArgs {
  /** Namespace, which exists. */
  namespace: pulumi.Input<string>;
  /** TLS between clients, servers and sentinels. */
  tls: ServerTlsArgs;
  /** Image with Valkey or Redis and a POSIX shell. Default: a pinned version of valkey/valkey, by tag; policies want a digest. */
  image?: pulumi.Input<string>;
  /** Pods, each with a server and a sentinel: an odd number from 3. Default 3: one primary, two replicas. */
  replicas?: number;
  /** What one server asks for; its memory is also its limit. Default a quarter of a core and 512 MiB. */
  requests?: pulumi.Input<ResourceRequestsArgs>;
  /** Share of that memory that data may take, 0.1 to 0.9; the rest is for replication and snapshots. Default 0.6. */
  memoryFraction?: number;
  /** What outlives the servers. Default `none`. */
  persistence?: CachePersistence;
  /** Size of each server's disk in bytes; needed with persistence, at least twice the memory. */
  storageBytes?: number;
  /** StorageClass of the disks. Default: the cluster's. */
  storageClassName?: pulumi.Input<string>;
  /** What a full cache gives up. Default `allkeys-lru`. */
  eviction?: CacheEviction;
  /** Replicas that must hold a write within ten seconds for the primary to go on taking writes. Default 1. */
  minReplicasToWrite?: number;
  /** Password of the user `mno`: 16 or more printable characters. Default: a random one. */
  password?: pulumi.Input<string>;
  /** Makes an exporter beside each server, a PodMonitor and alerts; the CRDs of the Prometheus operator must exist. Default: none. */
  metrics?: CacheMetricsArgs;
  /** The mesh that carries the traffic. Default `none`. */
  mesh?: MeshKind;
  /** PriorityClass of the pods. Default: the cluster's. */
  priorityClassName?: pulumi.Input<string>;
  /** Whether deletion is refused. Default: true with persistence, false without. */
  protect?: boolean;
  /** Labels of everything that the component makes. */
  labels?: pulumi.Input<{ [name: string]: pulumi.Input<string> }>;
}
