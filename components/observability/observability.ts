import * as pulumi from "@pulumi/pulumi";
import { refuse } from "../arguments";
import { elasticsearchUrl, installOperator, makeElasticsearch, STACK_VERSION } from "./logs/elastic";
import { makeFilebeat } from "./logs/filebeat";
import { makeAlerts, makeDashboards } from "./metrics/objects";
import { installMetrics, prometheusUrl } from "./metrics/stack";
import { makeNodesNamespace, type Site } from "./site";
import { installTraces, otlpEndpoint } from "./traces/collectors";
import type { LogCollectionArgs, MetricsStackArgs, ObservabilityArgs, TraceCollectionArgs } from "./types";
import { validateObservability } from "./validate";

/**
 * Metrics, traces and logs of a cluster, with the dashboards and alerts of this platform. Each part is installed, or points
 * at one that exists, or is left out. The custom resource definitions of the parts must be there: `dependsOn` them.
 */
export class Observability extends pulumi.ComponentResource {
  /** URL of the OTLP/HTTP endpoint for traces, as `OTEL_EXPORTER_OTLP_ENDPOINT` takes it; empty without traces. */
  readonly otlpEndpoint: pulumi.Output<string>;
  /** URL of Prometheus inside the cluster; empty where it is not known. */
  readonly prometheusUrl: pulumi.Output<string>;
  /** Namespace that Prometheus scrapes from, for the network policies of what is scraped; empty without metrics. */
  readonly metricsNamespace: pulumi.Output<string>;
  /** URL of Elasticsearch; empty without logs. */
  readonly elasticsearchUrl: pulumi.Output<string>;

  constructor(name: string, args: ObservabilityArgs, opts?: pulumi.ComponentResourceOptions) {
    super("machine-native-ops:index:Observability", name, args, opts);
    refuse("Observability", name, validateObservability(name, args));
    const { namespace, metrics, traces, logs, dashboards, alerts, labels, wait = true } = args;
    const site: Site = { name, namespace, wait, parent: this, ...(labels === undefined ? {} : { labels }) };
    const installed = metrics !== undefined && metrics.existing === undefined;
    const nodes = installed || logs !== undefined ? makeNodesNamespace(site) : undefined;
    if (nodes && installed) installMetrics(site, metrics, nodes);
    if (nodes && logs !== undefined) collectLogs(site, logs, nodes);
    if (traces?.exportTo !== undefined && traces.tls !== undefined) {
      installTraces(site, { ...traces, exportTo: traces.exportTo, tls: traces.tls }, metrics);
    }
    if (dashboards !== undefined) makeDashboards(site, dashboards);
    if (alerts !== undefined) makeAlerts(site, alerts, metrics);

    this.otlpEndpoint = otlpEndpointOf(site, traces);
    this.prometheusUrl = prometheusUrlOf(site, metrics);
    this.metricsNamespace = pulumi.output(metrics === undefined ? "" : (metrics.existing?.namespace ?? namespace));
    this.elasticsearchUrl =
      logs === undefined ? pulumi.output("") : pulumi.output(logs.existing?.url ?? elasticsearchUrl(site));
    this.registerOutputs({
      otlpEndpoint: this.otlpEndpoint,
      prometheusUrl: this.prometheusUrl,
      metricsNamespace: this.metricsNamespace,
      elasticsearchUrl: this.elasticsearchUrl,
    });
  }
}

function collectLogs(site: Site, logs: LogCollectionArgs, nodes: pulumi.Resource): void {
  const operator = logs.operatorExists === true ? [] : [installOperator(site, logs)];
  const store = logs.existing === undefined ? makeElasticsearch(site, logs, operator) : [];
  makeFilebeat(site, logs, logs.version ?? STACK_VERSION, [nodes, ...operator, ...store]);
}

function otlpEndpointOf(site: Site, traces: TraceCollectionArgs | undefined): pulumi.Output<string> {
  if (traces === undefined) return pulumi.output("");
  return pulumi.output(traces.existingEndpoint ?? otlpEndpoint(site));
}

function prometheusUrlOf(site: Site, metrics: MetricsStackArgs | undefined): pulumi.Output<string> {
  if (metrics === undefined) return pulumi.output("");
  return metrics.existing === undefined ? prometheusUrl(site) : pulumi.output(metrics.existing.url ?? "");
}
