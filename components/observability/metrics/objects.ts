import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { FABRICS } from "../fabrics";
import { dashboardOf } from "../fabrics/dashboard";
import { ruleGroupOf } from "../fabrics/rules";
import { type Site, siteMetadata } from "../site";
import type { AlertsArgs, DashboardsArgs, MetricsStackArgs } from "../types";

/** One ConfigMap per dashboard: Grafana's sidecar finds them by their label, in whichever namespace. */
export function makeDashboards(site: Site, { folder }: DashboardsArgs): void {
  for (const fabric of FABRICS) {
    const suffix = `dashboard-${fabric.name}`;
    const metadata = siteMetadata(site, suffix, {
      namespace: site.namespace,
      also: { grafana_dashboard: "1" },
      annotations: { grafana_folder: folder ?? "Machine Native Ops" },
    });
    new k8s.core.v1.ConfigMap(
      `${site.name}-${suffix}`,
      {
        metadata,
        data: { [`mno-${fabric.name}.json`]: JSON.stringify(dashboardOf(fabric)) },
      },
      { parent: site.parent },
    );
  }
}

/** All alerts in one PrometheusRule, with a group for each fabric. */
export function makeAlerts(site: Site, { runbooksUrl }: AlertsArgs, metrics: MetricsStackArgs | undefined): void {
  const spec = pulumi
    .output(runbooksUrl)
    .apply((url) => ({ groups: FABRICS.map((fabric) => ruleGroupOf(fabric, url)) }));
  monitoringObject(site, "PrometheusRule", "alerts", metrics, spec);
}

/** An object of the Prometheus operator, with the labels by which an existing Prometheus selects. */
export function monitoringObject(
  site: Site,
  kind: "PrometheusRule" | "PodMonitor",
  suffix: string,
  metrics: MetricsStackArgs | undefined,
  spec: pulumi.Input<object>,
): void {
  const { labels, ...own } = siteMetadata(site, suffix, { namespace: site.namespace });
  const selectedBy = metrics?.existing?.selectedBy;
  const selected =
    selectedBy === undefined ? labels : pulumi.all([labels, selectedBy]).apply(([all, by]) => ({ ...by, ...all }));
  new k8s.apiextensions.CustomResource(
    `${site.name}-${suffix}`,
    { apiVersion: "monitoring.coreos.com/v1", kind, metadata: { ...own, labels: selected }, spec },
    { parent: site.parent },
  );
}
