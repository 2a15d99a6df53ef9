/** A vendor's Helm chart, at the release that our components were tried against. */
export interface OperatorChart {
  repository: string;
  version: string;
  /** Folder of the chart below `directory`, laid out as in the vendor's source tree. */
  folder: string;
  values: Record<string, unknown>;
}

const TWICE = { replicaCount: 2 };

/**
 * The operators whose custom resources this package's components are made of. Definitions come first, as a component of their
 * own: a chart never upgrades those that it once installed.
 */
export const OPERATOR_CHARTS = {
  "cert-manager": {
    repository: "https://charts.jetstack.io",
    version: "v1.21.2",
    folder: "cert-manager",
    values: {
      crds: { enabled: false },
      ...TWICE,
      podDisruptionBudget: { enabled: true, maxUnavailable: 1 },
      webhook: { ...TWICE, podDisruptionBudget: { enabled: true, maxUnavailable: 1 } },
      cainjector: TWICE,
      startupapicheck: { enabled: false },
    },
  },
  "cloudnative-pg": {
    repository: "https://cloudnative-pg.github.io/charts",
    version: "0.29.0",
    folder: "cloudnative-pg",
    values: { crds: { create: false }, ...TWICE },
  },
  "plugin-barman-cloud": {
    repository: "https://cloudnative-pg.github.io/charts",
    version: "0.7.0",
    folder: "plugin-barman-cloud",
    values: { crds: { create: false } },
  },
  keda: {
    repository: "https://kedacore.github.io/charts",
    version: "2.20.2",
    folder: "keda",
    values: { crds: { install: false }, operator: TWICE, metricsServer: TWICE, webhooks: TWICE },
  },
} as const satisfies Record<string, OperatorChart>;

export type OperatorName = keyof typeof OPERATOR_CHARTS;
