/** The specs of CloudNativePG's objects (postgresql.cnpg.io/v1) and of its Barman Cloud plugin (barmancloud.cnpg.io/v1). */
import { derive } from "../workload/inputs";
import { bytesQuantity, cpuQuantity } from "../workload/kubernetes/quantities";
import { ZoneSpread } from "../workload/kubernetes/types";
import { compileSchedule, ScheduleDialect } from "./schedule";
import { type DatabaseArgs, type DatabaseBackupArgs, DataDurability, type ObjectStoreArgs, PoolMode } from "./types";

type Spec = Record<string, unknown>;

const PLUGIN = "barman-cloud.cloudnative-pg.io";
const GIB = 1024 ** 3;
const DEFAULT_REQUESTS = { cpuCores: 1, memoryBytes: 2 * GIB };
export const DEFAULT_SCHEDULE = "0 2 * * *";
const DEFAULT_RETENTION_DAYS = 30;
/** Of the plugin beside each server, which compresses and sends: without amounts it gets the namespace's default, too little for four senders. */
const SIDECAR_RESOURCES = { requests: { cpu: "50m", memory: "256Mi" }, limits: { memory: "512Mi" } };
export const DEFAULT_INSTANCES = 3;

/** Stores of a database, by what they are for: name of the ObjectStore. */
export interface StoreNames {
  own: string;
  origin: string;
  peer: string;
}

export function storeNames(name: string): StoreNames {
  return { own: `${name}-backups`, origin: `${name}-origin`, peer: `${name}-peer` };
}

export function clusterSpec(name: string, args: DatabaseArgs): Spec {
  const { instances = DEFAULT_INSTANCES, database = "mno", labels, backup } = args;
  const storage = (bytes: number): Spec => ({
    size: bytesQuantity(bytes),
    ...(args.storageClassName !== undefined && { storageClass: args.storageClassName }),
  });
  const requests = args.requests ?? DEFAULT_REQUESTS;
  const quantities = derive(requests, ({ cpuCores, memoryBytes }) => ({
    requests: { cpu: cpuQuantity(cpuCores), memory: bytesQuantity(memoryBytes) },
    limits: { memory: bytesQuantity(memoryBytes) },
  }));
  const synchronous = synchronousSpec(instances, args.durability);
  return {
    instances,
    ...(args.image !== undefined && { imageName: args.image }),
    ...(args.priorityClassName !== undefined && { priorityClassName: args.priorityClassName }),
    affinity: {
      enablePodAntiAffinity: true,
      topologyKey: "topology.kubernetes.io/zone",
      podAntiAffinityType: args.zoneSpread ?? ZoneSpread.Preferred,
    },
    enableSuperuserAccess: false,
    primaryUpdateStrategy: "unsupervised",
    primaryUpdateMethod: "switchover",
    storage: storage(args.storageBytes),
    walStorage: storage(args.walStorageBytes ?? Math.max(2 * GIB, Math.ceil(args.storageBytes / 4 / GIB) * GIB)),
    resources: quantities,
    seccompProfile: { type: "RuntimeDefault" },
    postgresql: {
      ...(args.parameters !== undefined && { parameters: args.parameters }),
      ...(synchronous && { synchronous }),
    },
    ...(labels !== undefined && { inheritedMetadata: { labels } }),
    ...(args.serviceAccountAnnotations !== undefined && {
      serviceAccountTemplate: { metadata: { annotations: args.serviceAccountAnnotations } },
    }),
    ...(backup && {
      plugins: [
        {
          name: PLUGIN,
          isWALArchiver: true,
          parameters: { barmanObjectName: storeNames(name).own, serverName: serverName(name, backup) },
        },
      ],
    }),
    ...origins(name, args, database),
  };
}

/** Where the data come from at first, and whom it follows. */
function origins(name: string, { restore, replication }: DatabaseArgs, database: string): Spec {
  const stores = storeNames(name);
  const external = (of: string, store: string, server: string): Spec => ({
    name: of,
    plugin: { name: PLUGIN, parameters: { barmanObjectName: store, serverName: server } },
  });
  if (replication !== undefined) {
    const { primary, peer, promotionToken } = replication;
    return {
      bootstrap: primary === name ? initdb(database) : { recovery: { source: peer, database, owner: database } },
      replica: { self: name, primary, source: peer, ...(promotionToken !== undefined && { promotionToken }) },
      // Each finds the other, and itself once it is demoted.
      externalClusters: [external(name, stores.own, name), external(peer, stores.peer, peer)],
    };
  }
  if (restore === undefined) return { bootstrap: initdb(database) };
  const { targetTime } = restore;
  return {
    bootstrap: {
      recovery: {
        source: "origin",
        database,
        owner: database,
        ...(targetTime !== undefined && { recoveryTarget: { targetTime } }),
      },
    },
    externalClusters: [external("origin", stores.origin, restore.serverName)],
  };
}

function initdb(database: string): Spec {
  return { initdb: { database, owner: database, dataChecksums: true } };
}

function synchronousSpec(instances: number, given: DataDurability | undefined): Spec | undefined {
  const durability = given ?? (instances >= 3 ? DataDurability.Required : DataDurability.Off);
  if (durability === DataDurability.Off) return undefined;
  return {
    method: "any",
    number: 1,
    dataDurability: durability,
    // Only a replica that is known to have every commit is promoted; with fewer than three there is no quorum.
    failoverQuorum: durability === DataDurability.Required && instances >= 3,
  };
}

export function objectStoreSpec(store: ObjectStoreArgs, retentionDays?: number): Spec {
  const { destinationPath, endpointUrl, credentialsSecretName: secret } = store;
  const key = (name: string): Spec => ({ name: secret, key: name });
  const credentials = destinationPath.startsWith("gs://")
    ? {
        googleCredentials:
          secret === undefined ? { gkeEnvironment: true } : { applicationCredentials: key("gcsCredentials") },
      }
    : {
        s3Credentials:
          secret === undefined
            ? { inheritFromIAMRole: true }
            : { accessKeyId: key("ACCESS_KEY_ID"), secretAccessKey: key("ACCESS_SECRET_KEY") },
      };
  return {
    ...(retentionDays !== undefined && { retentionPolicy: `${retentionDays}d` }),
    instanceSidecarConfiguration: { resources: SIDECAR_RESOURCES },
    configuration: {
      destinationPath,
      ...(endpointUrl !== undefined && { endpointURL: endpointUrl }),
      ...credentials,
      wal: { compression: "gzip", maxParallel: 4 },
      data: { compression: "gzip", jobs: 2 },
    },
  };
}

/** The store of the database's own backups; what is older than the retention is deleted there. */
export function backupStoreSpec({ store, retentionDays = DEFAULT_RETENTION_DAYS }: DatabaseBackupArgs): Spec {
  return objectStoreSpec(store, retentionDays);
}

export function scheduledBackupSpec(name: string, { schedule = DEFAULT_SCHEDULE }: DatabaseBackupArgs): Spec {
  return {
    cluster: { name },
    schedule: compileSchedule(schedule, ScheduleDialect.CronWithSeconds),
    // Not a day without a backup after the first start.
    immediate: true,
    backupOwnerReference: "cluster",
    method: "plugin",
    pluginConfiguration: { name: PLUGIN },
  };
}

export function poolerSpec(name: string, { pooler = {}, labels }: DatabaseArgs): Spec {
  return {
    cluster: { name },
    instances: pooler.instances ?? 2,
    type: "rw",
    pgbouncer: {
      poolMode: pooler.mode ?? PoolMode.Session,
      parameters: {
        max_client_conn: String(pooler.maxClientConnections ?? 1_000),
        default_pool_size: String(pooler.poolSize ?? 20),
      },
    },
    // The network policies and the connections of the database hold for its pooler too.
    template: {
      metadata: { labels: derive(labels ?? {}, (own) => ({ ...own, ...podLabels(name) })) },
      spec: { containers: [] },
    },
  };
}

/** What tells the pods of a database, and of its pooler, from all others. */
export function podLabels(name: string): { [label: string]: string } {
  return { "cnpg.io/cluster": name };
}

function serverName(name: string, backup: DatabaseBackupArgs): string {
  return backup.serverName ?? name;
}

/** Where the pods get the credentials of their ServiceAccount: link-local servers of the clouds, told to no one by default. */
const IDENTITY_SERVERS = {
  // GKE's metadata server, and where its node's data plane takes the connection.
  gs: [
    { cidr: "169.254.169.254/32", ports: [80] },
    { cidr: "169.254.169.252/32", ports: [987, 988] },
  ],
  // EKS Pod Identity's agent. IRSA asks the cloud's own API, at the store's port.
  s3: [{ cidr: "169.254.170.23/32", ports: [80] }],
};

/** What a store without a Secret, hence with the pods' own identity, needs to be reachable. */
export function identityServers({ destinationPath, credentialsSecretName }: ObjectStoreArgs): {
  cidr: string;
  ports: number[];
}[] {
  if (credentialsSecretName !== undefined) return [];
  return IDENTITY_SERVERS[destinationPath.startsWith("gs://") ? "gs" : "s3"];
}

/** The port by which a store is reached. */
export function storePort({ endpointUrl }: ObjectStoreArgs): number {
  const port = endpointUrl === undefined ? "" : new URL(endpointUrl).port;
  return port === "" ? 443 : Number(port);
}

/** The operator's own monitor objects are deprecated: this one scrapes servers and poolers alike. */
export function podMonitorSpec(name: string): Spec {
  return { selector: { matchLabels: podLabels(name) }, podMetricsEndpoints: [{ port: "metrics" }] };
}
