import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import type { ObservabilityChartArgs } from "./types";
import { overlay, type Values } from "./values";

/** A vendor's chart. */
export interface VendorChart {
  chart: string;
  repository: string;
  version: string;
}

export interface Installation {
  /** Logical name. */
  name: string;
  release: string;
  namespace: pulumi.Input<string>;
  values: pulumi.Input<Values>;
  /** false: its pods are not waited for. */
  wait: boolean;
}

/** Installs the vendor's chart, or the one that the user names instead; a chart of the user's own has no default version. */
export function installChart(
  vendor: VendorChart,
  source: ObservabilityChartArgs = {},
  { name, release, namespace, values, wait }: Installation,
  opts: pulumi.ComponentResourceOptions,
): k8s.helm.v4.Chart {
  const { repository, version } = source.chart === undefined ? { ...vendor, ...given(source) } : given(source);
  return new k8s.helm.v4.Chart(
    name,
    {
      chart: source.chart ?? vendor.chart,
      name: release,
      namespace,
      skipAwait: !wait,
      values: pulumi.all([values, source.valuesYaml]).apply(([ours, yaml]) => overlay(ours, yaml)),
      ...(version === undefined ? {} : { version }),
      ...(repository === undefined ? {} : { repositoryOpts: { repo: repository } }),
    },
    opts,
  );
}

function given({
  repository,
  version,
}: ObservabilityChartArgs): Pick<ObservabilityChartArgs, "repository" | "version"> {
  return {
    ...(repository === undefined ? {} : { repository }),
    ...(version === undefined ? {} : { version }),
  };
}
