import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { KUBERNETES_ANNOTATIONS } from "../../runtime/exports";
import { refuse } from "../arguments";
import { MeshKind } from "../mesh/kinds";
import { metadata } from "../metadata";
import { Connections } from "../workload/kubernetes/connections";
import { prometheusRuleSpec } from "../workload/kubernetes/monitor";
import { defaultDeny, NAMESPACE_LABEL } from "../workload/kubernetes/network-policy";
import { databaseAlerts } from "./alerts";
import {
  backupStoreSpec,
  clusterSpec,
  DEFAULT_INSTANCES,
  identityServers,
  objectStoreSpec,
  podLabels,
  podMonitorSpec,
  poolerSpec,
  scheduledBackupSpec,
  storeNames,
  storePort,
} from "./specs";
import type { DatabaseArgs, ObjectStoreArgs, SecretKeyReference } from "./types";
import { validateDatabase } from "./validate";

const POSTGRES = { name: "postgres", port: 5432 };
/** Where the operator asks a server how it is. */
const STATUS = { name: "status", port: 8000 };
const METRICS = { name: "metrics", port: 9187 };
const MONITORING_NAMESPACE = "monitoring";
const CLUSTER_API = "postgresql.cnpg.io/v1";

/**
 * PostgreSQL by CloudNativePG, whose operator and CRDs exist: a primary and replicas over zones, commits on two servers,
 * automatic failover, backups to an object store by the Barman Cloud plugin, restore to any moment as a new database.
 * Errors: MNO_COMPONENT_ARGS_INVALID with every fault at once.
 */
export class Database extends pulumi.ComponentResource {
  /** Host that takes writes, at port 5432. */
  readonly host: pulumi.Output<string>;
  /** Host of the replicas. */
  readonly readOnlyHost: pulumi.Output<string>;
  /** Host of the pooler; empty without one. */
  readonly poolerHost: pulumi.Output<string>;
  /** Name of the Secret that the operator makes, with the owner's `username` and `password`. */
  readonly secretName: pulumi.Output<string>;
  /** Where workloads find the URL that they take as MNO_DATABASE_URL; it is never in Pulumi's state. */
  readonly urlSecret: pulumi.Output<SecretKeyReference>;

  constructor(name: string, args: DatabaseArgs, opts?: pulumi.ComponentResourceOptions) {
    super("machine-native-ops:index:Database", name, args, opts);
    refuse("Database", name, validateDatabase(name, args));
    const { namespace, labels, backup, mesh = MeshKind.None, instances = DEFAULT_INSTANCES } = args;
    const owned = { component: name, namespace, ...(labels && { labels }) };
    const custom = (
      suffix: string,
      object: { apiVersion: string; kind: string; name?: string; spec: object; annotations?: Record<string, string> },
      options: pulumi.CustomResourceOptions = {},
    ): k8s.apiextensions.CustomResource => {
      const { apiVersion, kind, spec, annotations } = object;
      const own = metadata(object.name ?? `${name}${suffix}`, { ...owned, ...(annotations && { annotations }) });
      return new k8s.apiextensions.CustomResource(
        `${name}${suffix}`,
        { apiVersion, kind, metadata: own, spec },
        { parent: this, ...options },
      );
    };

    const [inner, connections] = this.#connect(name, args, mesh);
    const denied = new k8s.networking.v1.NetworkPolicy(
      name,
      { metadata: metadata(name, owned), spec: defaultDeny(podLabels(name), mesh) },
      { parent: this },
    );
    const stores = this.#stores(name, args).map(([storeName, spec]) =>
      custom(storeName.slice(name.length), { apiVersion: "barmancloud.cnpg.io/v1", kind: "ObjectStore", spec }),
    );
    const cluster = custom(
      "",
      {
        apiVersion: CLUSTER_API,
        kind: "Cluster",
        spec: clusterSpec(name, args),
        ...(args.noBackupBecause !== undefined && {
          annotations: { [`${KUBERNETES_ANNOTATIONS.optOut}backup`]: args.noBackupBecause },
        }),
      },
      { dependsOn: [denied, ...stores], ...((args.protect ?? true) && { protect: true }) },
    );
    const after = { dependsOn: [cluster] };
    if (backup !== undefined) {
      const spec = scheduledBackupSpec(name, backup);
      custom("-scheduled", { apiVersion: CLUSTER_API, kind: "ScheduledBackup", spec }, after);
    }
    if (args.pooler !== undefined) {
      custom("-pooler", { apiVersion: CLUSTER_API, kind: "Pooler", spec: poolerSpec(name, args) }, after);
    }
    if (args.metrics === true) {
      const apiVersion = "monitoring.coreos.com/v1";
      custom("-monitor", { apiVersion, kind: "PodMonitor", spec: podMonitorSpec(name) });
      const spec = prometheusRuleSpec(name, databaseAlerts(name, instances, backup));
      custom("-alerts", { apiVersion, kind: "PrometheusRule", spec });
      inner.allowFromNamespace({ [NAMESPACE_LABEL]: MONITORING_NAMESPACE }, [METRICS.name], "Prometheus scrapes it.");
    }
    Connections.bind(this, connections);

    // The operator's names: known before the objects exist, so that a first preview shows what depends on them.
    const at = (service: string): pulumi.Output<string> =>
      pulumi.all([namespace, cluster.urn]).apply(([space]) => `${service}.${space}.svc`);
    this.host = at(`${name}-rw`);
    this.readOnlyHost = at(`${name}-ro`);
    this.poolerHost = args.pooler === undefined ? pulumi.output("") : at(`${name}-pooler`);
    this.secretName = cluster.urn.apply(() => `${name}-app`);
    this.urlSecret = this.secretName.apply((secretName) => ({ secretName, key: "uri" }));
    this.registerOutputs({
      host: this.host,
      readOnlyHost: this.readOnlyHost,
      poolerHost: this.poolerHost,
      secretName: this.secretName,
      urlSecret: this.urlSecret,
    });
  }

  /** Who may use it: `erm.connections.allowTo(database)`. */
  get connections(): Connections {
    return Connections.of(this);
  }

  /** The connections of the pods among themselves and with the operator, and those that others see. */
  #connect(name: string, args: DatabaseArgs, mesh: MeshKind): [inner: Connections, outer: Connections] {
    const peer = {
      name,
      namespace: args.namespace,
      podLabels: podLabels(name),
      serviceAccountName: name,
      mesh,
      parent: this,
      ...(args.labels && { labels: args.labels }),
    };
    const inner = new Connections({ ...peer, ports: [POSTGRES, STATUS, METRICS] });
    inner.allowTo({ connections: inner }, { ports: [POSTGRES.name, STATUS.name] });
    inner.allowFromNamespace(
      { [NAMESPACE_LABEL]: args.operatorNamespace ?? "cnpg-system" },
      [POSTGRES.name, STATUS.name],
      "The operator asks the servers how they are and gives them their roles.",
    );
    // Each server takes its role from the Cluster object.
    inner.allowToApiServer(args.apiServerCidrs);
    for (const store of [args.backup?.store, args.restore?.store, args.replication?.peerStore]) {
      if (store === undefined) continue;
      for (const cidr of store.cidrs ?? ["0.0.0.0/0"]) {
        inner.allowToAddresses(cidr, [storePort(store)], "Backups are kept in an object store.");
      }
      for (const { cidr, ports } of identityServers(store)) {
        inner.allowToAddresses(cidr, ports, "The object store is entered with the ServiceAccount's identity.");
      }
    }
    return [inner, new Connections({ ...peer, ports: [POSTGRES] })];
  }

  #stores(name: string, { backup, restore, replication }: DatabaseArgs): [name: string, spec: object][] {
    const stores = storeNames(name);
    const foreign = (store: ObjectStoreArgs | undefined, as: string): [string, object][] =>
      store === undefined ? [] : [[as, objectStoreSpec(store)]];
    return [
      ...(backup === undefined ? [] : [[stores.own, backupStoreSpec(backup)] as [string, object]]),
      ...foreign(restore?.store, stores.origin),
      ...foreign(replication?.peerStore, stores.peer),
    ];
  }
}
