/** Where one vendor publishes the CustomResourceDefinitions of one release. */
export interface CrdSet {
  version: string;
  /** YAML files of that release. */
  urls: readonly string[];
}

const github = (path: string): string => `https://raw.githubusercontent.com/${path}`;
const release = (repository: string, version: string, file: string): string =>
  `https://github.com/${repository}/releases/download/${version}/${file}`;

const CNPG_KINDS = [
  "backups",
  "clusterimagecatalogs",
  "clusters",
  "databaseroles",
  "databases",
  "failoverquorums",
  "imagecatalogs",
  "poolers",
  "publications",
  "scheduledbackups",
  "subscriptions",
];
const VELERO_KINDS = [
  "v1:backuprepositories",
  "v1:backups",
  "v1:backupstoragelocations",
  "v1:deletebackuprequests",
  "v1:downloadrequests",
  "v1:podvolumebackups",
  "v1:podvolumerestores",
  "v1:restores",
  "v1:schedules",
  "v1:serverstatusrequests",
  "v1:volumesnapshotlocations",
  "v2alpha1:datadownloads",
  "v2alpha1:datauploads",
];

/** The vendors' sets that components of this package use, at the releases they were tried with. */
export const CRD_SETS = {
  "gateway-api": {
    version: "1.6.1",
    urls: [release("kubernetes-sigs/gateway-api", "v1.6.1", "standard-install.yaml")],
  },
  istio: { version: "1.30.3", urls: [github("istio/istio/1.30.3/manifests/charts/base/files/crd-all.gen.yaml")] },
  "cert-manager": {
    version: "1.21.2",
    urls: [release("cert-manager/cert-manager", "v1.21.2", "cert-manager.crds.yaml")],
  },
  "prometheus-operator": {
    version: "0.85.0",
    urls: [release("prometheus-operator/prometheus-operator", "v0.85.0", "stripped-down-crds.yaml")],
  },
  // What a workload needs to be watched by a Prometheus that is there already: a twentieth of the whole set.
  "prometheus-monitors": {
    version: "0.85.0",
    urls: ["podmonitors", "prometheusrules", "servicemonitors"].map((plural) =>
      github(
        `prometheus-operator/prometheus-operator/v0.85.0/example/prometheus-operator-crd/monitoring.coreos.com_${plural}.yaml`,
      ),
    ),
  },
  keda: { version: "2.21.0", urls: [release("kedacore/keda", "v2.21.0", "keda-2.21.0-crds.yaml")] },
  eck: { version: "3.5.0", urls: ["https://download.elastic.co/downloads/eck/3.5.0/crds.yaml"] },
  velero: {
    version: "1.18.3",
    urls: VELERO_KINDS.map((kind) => {
      const [version = "", plural = ""] = kind.split(":");
      return github(`vmware-tanzu/velero/v1.18.3/config/crd/${version}/bases/velero.io_${plural}.yaml`);
    }),
  },
  "barman-cloud": {
    version: "0.15.0",
    urls: [github("cloudnative-pg/plugin-barman-cloud/v0.15.0/config/crd/bases/barmancloud.cnpg.io_objectstores.yaml")],
  },
  "cloudnative-pg": {
    version: "1.30.0",
    urls: CNPG_KINDS.map((plural) =>
      github(`cloudnative-pg/cloudnative-pg/v1.30.0/config/crd/bases/postgresql.cnpg.io_${plural}.yaml`),
    ),
  },
} as const satisfies Record<string, CrdSet>;

export type CrdSetName = keyof typeof CRD_SETS;
