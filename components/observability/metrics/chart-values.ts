import * as images from "../images";
import type { PinnedImage } from "../images";
import type { Values } from "../values";

/** What the values of kube-prometheus-stack depend on; all of it known. */
export interface MetricsSettings {
  /** Name of the release and prefix of its objects. */
  name: string;
  /** Namespace of what reads the nodes themselves. */
  nodesNamespace: string;
  labels: Readonly<Record<string, string>>;
  replicas: number;
  retentionDays: number;
  storageBytes: number;
  storageClassName?: string;
  alertmanagerSecretName?: string;
  /** Name of the Secret with Grafana's first user; none without Grafana. */
  grafanaSecretName?: string;
  protect: boolean;
}

/** Alertmanagers gossip; three keep deduplicating while one is away. */
const ALERTMANAGERS = 3;
/** Of a volume, the part that may be filled; the write-ahead log and compaction need the rest. */
const USABLE = 0.9;

const resources = (cpu: string, memory: string): Values => ({ requests: { cpu, memory }, limits: { memory } });

const CONTAINER: Values = {
  allowPrivilegeEscalation: false,
  readOnlyRootFilesystem: true,
  capabilities: { drop: ["ALL"] },
};

/** `sha` is what this family of charts calls the digest. */
const pinned = ({ registry, repository, tag, digest }: PinnedImage): Values => ({
  registry,
  repository,
  tag,
  sha: digest,
});

/** This one chart wants the algorithm before the digest. */
function stateMetricsImage(): Values {
  return { ...pinned(images.KUBE_STATE_METRICS), sha: `sha256:${images.KUBE_STATE_METRICS.digest}` };
}

/**
 * Values of kube-prometheus-stack 88: two of everything that matters, over zones; monitors and rules of every namespace;
 * nothing generated while it is rendered, so that a second update finds no change.
 */
export function metricsValues(settings: MetricsSettings): Values {
  const { name, grafanaSecretName } = settings;
  return {
    fullnameOverride: name,
    commonLabels: settings.labels,
    // The definitions are there before: a chart never upgrades them, and deletes all monitors with them.
    crds: { enabled: false },
    prometheusOperator: {
      image: pinned(images.PROMETHEUS_OPERATOR),
      prometheusConfigReloader: { image: pinned(images.CONFIG_RELOADER), resources: resources("10m", "64Mi") },
      resources: resources("50m", "256Mi"),
      // The default is an argument that reads like a secret; without it the operator also watches Secrets that it never uses.
      secretFieldSelector: "",
      // Its certificate comes from hook jobs, which Pulumi's Chart does not run; promtool judges our rules instead.
      admissionWebhooks: { enabled: false },
      tls: { enabled: false },
    },
    prometheus: prometheus(settings),
    alertmanager: alertmanager(settings),
    "kube-state-metrics": { image: stateMetricsImage(), resources: resources("20m", "256Mi") },
    "prometheus-node-exporter": nodeExporter(settings),
    grafana: grafanaSecretName === undefined ? { enabled: false } : grafana(name, grafanaSecretName),
    // Managed clusters do not show these; where they can be scraped, lay values over these.
    kubeControllerManager: { enabled: false },
    kubeScheduler: { enabled: false },
    kubeEtcd: { enabled: false },
    kubeProxy: { enabled: false },
  };
}

function prometheus({ replicas, retentionDays, storageBytes, storageClassName, protect }: MetricsSettings): Values {
  return {
    podDisruptionBudget: oneAway(replicas),
    prometheusSpec: {
      image: pinned(images.PROMETHEUS),
      replicas,
      // Without these only what carries the chart's own release label would be scraped.
      serviceMonitorSelectorNilUsesHelmValues: false,
      podMonitorSelectorNilUsesHelmValues: false,
      ruleSelectorNilUsesHelmValues: false,
      probeSelectorNilUsesHelmValues: false,
      scrapeConfigSelectorNilUsesHelmValues: false,
      retention: `${String(retentionDays)}d`,
      retentionSize: `${String(Math.floor((storageBytes * USABLE) / 1024 ** 2))}MB`,
      podAntiAffinity: "hard",
      topologySpreadConstraints: overZones("prometheus"),
      resources: resources("500m", "2Gi"),
      storageSpec: volume(storageBytes, storageClassName),
      persistentVolumeClaimRetentionPolicy: { whenDeleted: protect ? "Retain" : "Delete", whenScaled: "Retain" },
    },
  };
}

function alertmanager({ alertmanagerSecretName, storageClassName, protect }: MetricsSettings): Values {
  return {
    podDisruptionBudget: oneAway(ALERTMANAGERS),
    alertmanagerSpec: {
      image: pinned(images.ALERTMANAGER),
      replicas: ALERTMANAGERS,
      topologySpreadConstraints: overZones("alertmanager"),
      resources: resources("20m", "128Mi"),
      storage: volume(1024 ** 3, storageClassName),
      persistentVolumeClaimRetentionPolicy: { whenDeleted: protect ? "Retain" : "Delete", whenScaled: "Retain" },
      ...(alertmanagerSecretName === undefined
        ? {}
        : { useExistingSecret: true, configSecret: alertmanagerSecretName }),
    },
  };
}

function nodeExporter({ nodesNamespace }: MetricsSettings): Values {
  const { digest, ...image } = images.NODE_EXPORTER;
  return {
    namespaceOverride: nodesNamespace,
    image: { ...image, distroless: false, digest: `sha256:${digest}` },
    resources: resources("20m", "64Mi"),
    // It reads the node's files; it needs none of the node's namespaces, at the price of the network figures of the node.
    hostNetwork: false,
    hostPID: false,
    containerSecurityContext: CONTAINER,
  };
}

function grafana(name: string, secretName: string): Values {
  const sidecar = { resources: resources("10m", "128Mi") };
  return {
    fullnameOverride: `${name}-grafana`,
    image: pinned(images.GRAFANA),
    // All that it shows comes from code; a second replica would need a database for its sessions.
    replicas: 1,
    resources: resources("50m", "512Mi"),
    containerSecurityContext: { ...CONTAINER, seccompProfile: { type: "RuntimeDefault" } },
    extraEmptyDirMounts: [{ name: "tmp", mountPath: "/tmp" }],
    // A generated password would change with each rendering, and stand in state as plain text.
    admin: { existingSecret: secretName, userKey: "admin-user", passwordKey: "admin-password" },
    initChownData: { enabled: false },
    testFramework: { enabled: false },
    sidecar: {
      image: pinned(images.GRAFANA_SIDECAR),
      ...sidecar,
      dashboards: {
        searchNamespace: "ALL",
        folderAnnotation: "grafana_folder",
        provider: { foldersFromFilesStructure: true },
      },
    },
  };
}

function volume(bytes: number, storageClassName: string | undefined): Values {
  return {
    volumeClaimTemplate: {
      spec: {
        accessModes: ["ReadWriteOnce"],
        ...(storageClassName === undefined ? {} : { storageClassName }),
        resources: { requests: { storage: String(bytes) } },
      },
    },
  };
}

function overZones(app: string): Values[] {
  return [
    {
      maxSkew: 1,
      topologyKey: "topology.kubernetes.io/zone",
      whenUnsatisfiable: "ScheduleAnyway",
      labelSelector: { matchLabels: { "app.kubernetes.io/name": app } },
    },
  ];
}

/** One may be away for maintenance; a budget for a single one would block it. */
function oneAway(replicas: number): Values {
  return replicas > 1 ? { enabled: true, minAvailable: replicas - 1 } : { enabled: false };
}
