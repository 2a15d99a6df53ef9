import { createHash } from "node:crypto";
import { type CacheEviction, CachePersistence } from "./types";

/** The name by which the sentinels know the replicated cache. */
export const PRIMARY_NAME = "mno";
/** Sentinels that must agree that the primary is away. */
export const QUORUM = 2;
/** Milliseconds without an answer before a sentinel counts a server as away. */
const DOWN_AFTER = 5_000;
/** Milliseconds before a failover that got stuck is tried again (at most twice this). */
const FAILOVER_TIMEOUT = 15_000;
/** Seconds of silence before a replica no longer counts for `min-replicas-to-write`. */
const REPLICA_LAG = 10;

/** Where things lie in a pod. */
export interface CacheLayout {
  /** Read-only: `server.conf`, `sentinel.conf`, `users.acl`, `sentinel-users.acl` and `sentinel-password`. */
  secrets: string;
  /** Writable: the working directories of server and sentinel. */
  data: string;
  /** `tls.crt`, `tls.key`, `ca.crt`; undefined without TLS. */
  tls?: string;
  serverPort: number;
  sentinelPort: number;
}

export interface CachePasswords {
  /** Of the user `mno`, on servers and sentinels alike. */
  application: string;
  replication: string;
  sentinel: string;
  exporter: string;
}

export interface ServerSettings {
  persistence: CachePersistence;
  eviction: CacheEviction;
  maxMemoryBytes: number;
  minReplicasToWrite: number;
}

/** The secret files of a pod, by name. */
export function secretFiles(
  layout: CacheLayout,
  passwords: CachePasswords,
  settings: ServerSettings,
): { [file: string]: string } {
  return {
    "server.conf": serverConfig(layout, settings, passwords),
    "sentinel.conf": sentinelConfig(layout, passwords),
    "users.acl": serverUsers(passwords),
    "sentinel-users.acl": sentinelUsers(passwords),
    "sentinel-password": passwords.sentinel,
  };
}

/**
 * The server's configuration, but for its own address and its primary, which the start-up script appends. Every directive
 * is understood by Valkey 7.2 to 9 and by Redis 7.
 */
function serverConfig(layout: CacheLayout, settings: ServerSettings, passwords: CachePasswords): string {
  const persistent = settings.persistence !== CachePersistence.None;
  return lines([
    ...listener(layout, layout.serverPort),
    `aclfile ${layout.secrets}/users.acl`,
    "masteruser replication",
    `masterauth ${passwords.replication}`,
    `dir ${layout.data}/server`,
    `maxmemory ${settings.maxMemoryBytes}`,
    `maxmemory-policy ${settings.eviction}`,
    // A primary that lost its replicas must not take writes that the next primary will not know.
    `min-replicas-to-write ${settings.minReplicasToWrite}`,
    `min-replicas-max-lag ${REPLICA_LAG}`,
    persistent ? "save 3600 1 300 100 60 10000" : 'save ""',
    `appendonly ${settings.persistence === CachePersistence.AppendOnly ? "yes" : "no"}`,
    "appendfsync everysec",
    "lazyfree-lazy-eviction yes",
    "lazyfree-lazy-expire yes",
  ]);
}

/** The sentinel's configuration, but for its own address and the primary's, which the start-up script appends. */
function sentinelConfig(layout: CacheLayout, passwords: CachePasswords): string {
  return lines([
    ...listener(layout, layout.sentinelPort),
    `aclfile ${layout.secrets}/sentinel-users.acl`,
    `dir ${layout.data}/sentinel`,
    // Pods keep their names and change their addresses.
    "sentinel resolve-hostnames yes",
    "sentinel announce-hostnames yes",
    `sentinel announce-port ${layout.sentinelPort}`,
    "sentinel sentinel-user sentinel",
    `sentinel sentinel-pass ${passwords.sentinel}`,
  ]);
}

/** What a sentinel needs to know about the primary it watches; `$primary` is the start-up script's. */
export function monitorConfig(layout: CacheLayout): string[] {
  return [
    `sentinel monitor ${PRIMARY_NAME} $primary ${layout.serverPort} ${QUORUM}`,
    `sentinel down-after-milliseconds ${PRIMARY_NAME} ${DOWN_AFTER}`,
    `sentinel failover-timeout ${PRIMARY_NAME} ${FAILOVER_TIMEOUT}`,
    `sentinel parallel-syncs ${PRIMARY_NAME} 1`,
    `sentinel auth-user ${PRIMARY_NAME} sentinel`,
    `sentinel auth-pass ${PRIMARY_NAME} $password`,
  ];
}

/** Users of the servers: none by default, each with no more than it needs, known by the hash of its password. */
function serverUsers(passwords: CachePasswords): string {
  return lines([
    "user default off resetpass -@all",
    `user mno on ${hash(passwords.application)} ~* &* +@all -@admin -@dangerous +info`,
    `user replication on ${hash(passwords.replication)} +psync +replconf +ping`,
    `user sentinel on ${hash(passwords.sentinel)} &* +multi +exec +ping +info +role +publish +subscribe +slaveof +replicaof` +
      " +config|rewrite +client|setname +client|kill +client|pause +script|kill",
    `user exporter on ${hash(passwords.exporter)} +ping +info +client|setname +slowlog|get +slowlog|len` +
      " +latency|latest +latency|histogram",
  ]);
}

/** Users of the sentinels: clients may ask where the primary is, nothing else. */
function sentinelUsers(passwords: CachePasswords): string {
  return lines([
    "user default off resetpass -@all",
    `user mno on ${hash(passwords.application)} &* -@all +@connection -@dangerous +info +subscribe +psubscribe +unsubscribe` +
      " +sentinel|get-master-addr-by-name +sentinel|sentinels +sentinel|replicas +sentinel|slaves",
    `user sentinel on ${hash(passwords.sentinel)} &* +@all`,
  ]);
}

function listener({ tls }: CacheLayout, port: number): string[] {
  if (tls === undefined) return [`port ${port}`];
  return [
    "port 0",
    `tls-port ${port}`,
    `tls-cert-file ${tls}/tls.crt`,
    `tls-key-file ${tls}/tls.key`,
    `tls-ca-cert-file ${tls}/ca.crt`,
    "tls-replication yes",
    // Clients prove who they are by password.
    "tls-auth-clients optional",
    'tls-protocols "TLSv1.2 TLSv1.3"',
  ];
}

function hash(password: string): string {
  return `#${createHash("sha256").update(password).digest("hex")}`;
}

function lines(text: readonly string[]): string {
  return `${text.join("\n")}\n`;
}
