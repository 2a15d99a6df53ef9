/** Go modules that carry CustomResourceDefinitions: pinned in tools/toolchain/go/crds, downloaded and never built. */
export interface ModuleSet {
  module: string;
  /** Files and folders within the module. */
  paths: readonly string[];
  /** How many definitions the pinned version has; another number means that the module's layout changed. */
  count: number;
}

/** By the names that CRD_SETS (components/crds) gives them. */
export const MODULE_SETS = {
  "gateway-api": { module: "sigs.k8s.io/gateway-api", paths: ["config/crd/standard"], count: 10 },
  istio: { module: "istio.io/api", paths: ["kubernetes/customresourcedefinitions.gen.yaml"], count: 15 },
  "cert-manager": { module: "github.com/cert-manager/cert-manager", paths: ["deploy/crds"], count: 6 },
  "prometheus-operator": {
    module: "github.com/prometheus-operator/prometheus-operator",
    paths: ["example/prometheus-operator-crd"],
    count: 10,
  },
  "prometheus-monitors": {
    module: "github.com/prometheus-operator/prometheus-operator",
    paths: ["podmonitors", "prometheusrules", "servicemonitors"].map(
      (plural) => `example/prometheus-operator-crd/monitoring.coreos.com_${plural}.yaml`,
    ),
    count: 3,
  },
  keda: { module: "github.com/kedacore/keda/v2", paths: ["config/crd/bases"], count: 6 },
  eck: { module: "github.com/elastic/cloud-on-k8s/v3", paths: ["config/crds/v1/all-crds.yaml"], count: 12 },
  velero: {
    module: "github.com/vmware-tanzu/velero",
    paths: ["config/crd/v1/bases", "config/crd/v2alpha1/bases"],
    count: 13,
  },
  "barman-cloud": {
    module: "github.com/cloudnative-pg/plugin-barman-cloud",
    paths: ["config/crd/bases"],
    count: 1,
  },
} as const satisfies Record<string, ModuleSet>;

export type ModuleSetName = keyof typeof MODULE_SETS;

/** Helm charts in the same modules, by name: what `charts.directory` and its like take where no repository can be reached. */
export const MODULE_CHARTS = {
  istio: { module: "istio.io/istio", path: "manifests/charts" },
  "cert-manager": { module: "github.com/cert-manager/cert-manager", path: "deploy/charts/cert-manager" },
  "eck-operator": { module: "github.com/elastic/cloud-on-k8s/v3", path: "deploy/eck-operator" },
} as const;

export type ModuleChartName = keyof typeof MODULE_CHARTS;
