import type * as pulumi from "@pulumi/pulumi";
import type { ServerTlsArgs } from "../storage/tls";

/** A Helm chart, and what to change in it. */
export interface ObservabilityChartArgs {
  /** Name of the chart in its repository, or path of a chart on this machine. Default: the vendor's. */
  chart?: pulumi.Input<string>;
  /** URL of the repository. Default: the vendor's; none with a `chart` of your own. */
  repository?: pulumi.Input<string>;
  /** Version of the chart. Default: the one that these values were written for; none with a `chart` of your own. */
  version?: pulumi.Input<string>;
  /** Values as YAML text, laid over the ones that the component sets. */
  valuesYaml?: pulumi.Input<string>;
}

/** A Prometheus with its operator that runs already. */
export interface ExistingMetricsArgs {
  /** Namespace that it scrapes from. */
  namespace: pulumi.Input<string>;
  /** Its URL, for those who query it. Default: none. */
  url?: pulumi.Input<string>;
  /** Labels by which it selects rules and monitors, such as `release: kube-prometheus-stack`. Default: none. */
  selectedBy?: pulumi.Input<{ [name: string]: pulumi.Input<string> }>;
}

/** Metrics: kube-prometheus-stack, or one that exists. */
export interface MetricsStackArgs {
  /** Use this one; nothing is installed then, and no other argument has a meaning. */
  existing?: ExistingMetricsArgs;
  /** Chart kube-prometheus-stack. Its custom resource definitions are expected to be there. */
  chart?: ObservabilityChartArgs;
  /** Prometheus servers that scrape the same, each with its own copy. Default 2. */
  replicas?: number;
  /** Days that measurements are kept. Default 15. */
  retentionDays?: number;
  /** Bytes of each server's volume. Default 50 GiB; nine tenths are used, then the oldest measurements go. */
  storageBytes?: number;
  /** Storage class of the volumes. Default: the cluster's. */
  storageClassName?: pulumi.Input<string>;
  /** Name of a Secret with Alertmanager's configuration at the key `alertmanager.yaml`. Without it alerts are shown and sent nowhere. */
  alertmanagerSecretName?: pulumi.Input<string>;
  /** Grafana beside it. Default true. */
  grafana?: boolean;
  /** Volumes stay when the stack is deleted. Default true. */
  protect?: boolean;
}

/** Where traces go in the end: anything that takes OTLP over gRPC. */
export interface OtlpTargetArgs {
  /** `host:port`. */
  endpoint: pulumi.Input<string>;
  /** Name of a Secret with the certificate authority of the target at the key `ca.crt`. Default: the public ones. */
  caSecretName?: pulumi.Input<string>;
  /** Name of a Secret with the value of the header Authorization at the key `authorization`. Default: none is sent. */
  authorizationSecretName?: pulumi.Input<string>;
  /** Sends in plain text, and says why: for instance that a mesh encrypts it. Default: TLS. */
  plaintextBecause?: string;
}

/** Which traces are kept once all their spans are seen. Without it all are. */
export interface TailSamplingArgs {
  /** Seconds from a trace's first span to the decision. Default 10. */
  decisionWaitSeconds?: number;
  /** Traces that take longer are always kept, as are those with an error. Default 1000. */
  slowerThanMilliseconds?: number;
  /** Percent of the others that are kept. Default 10. */
  percent?: number;
}

/** Traces: an OpenTelemetry collector on each node, and a gateway behind them; or an OTLP endpoint that exists. */
export interface TraceCollectionArgs {
  /** URL of an OTLP/HTTP endpoint that exists; nothing is installed then, and no other argument has a meaning. */
  existingEndpoint?: pulumi.Input<string>;
  /** Where the gateway sends traces. Required without `existingEndpoint`. */
  exportTo?: OtlpTargetArgs;
  /** Encryption between the nodes' collectors and the gateway, both sides showing a certificate. Required without `existingEndpoint`. */
  tls?: ServerTlsArgs;
  /** Keep some traces only. Default: all. */
  tailSampling?: TailSamplingArgs;
  /** Name of the cluster on each span (`k8s.cluster.name`). Default: none. */
  clusterName?: pulumi.Input<string>;
  /** Image of the collector's contrib distribution, pinned by digest. Default: 0.158.0. */
  image?: pulumi.Input<string>;
  /** The fewest gateways. Default 2. */
  minGateways?: number;
  /** The most gateways, scaled by CPU. Default 5. */
  maxGateways?: number;
  /** Memory of a node's collector in bytes. Default 256 MiB. */
  agentMemoryBytes?: number;
  /** Memory of a gateway in bytes. Default 1 GiB; tail sampling keeps the traces of its wait in it. */
  gatewayMemoryBytes?: number;
}

/** An Elasticsearch that runs already. */
export interface ExistingElasticsearchArgs {
  /** Its URL, `https://host:port`. */
  url: pulumi.Input<string>;
  /** User that may create data streams, templates and lifecycle policies of Filebeat. */
  username: pulumi.Input<string>;
  /** The user's password. */
  password: pulumi.Input<string>;
  /** Certificate authority in PEM. Default: the public ones. */
  caCertificate?: pulumi.Input<string>;
}

/** Logs: Filebeat on each node, into Elasticsearch and Kibana of Elastic Cloud on Kubernetes (ECK) or one that exists. */
export interface LogCollectionArgs {
  /** Send there; neither Elasticsearch nor Kibana is installed then. */
  existing?: ExistingElasticsearchArgs;
  /** The ECK operator runs already. Default false: it is installed. Its custom resource definitions are expected to be there. */
  operatorExists?: boolean;
  /** Chart eck-operator. */
  operatorChart?: ObservabilityChartArgs;
  /** Version of the Elastic Stack. Default 9.4.3. */
  version?: pulumi.Input<string>;
  /** Elasticsearch nodes, spread over zones. Default 3. */
  nodes?: number;
  /** Bytes of each node's volume. Default 100 GiB. */
  storageBytes?: number;
  /** Storage class of the volumes. Default: the cluster's. */
  storageClassName?: pulumi.Input<string>;
  /** Memory of each node in bytes; Elasticsearch gives half of it to its heap. Default 4 GiB. */
  memoryBytes?: number;
  /** The Kubernetes nodes have `vm.max_map_count` at 1048576 or more. Default false: Elasticsearch does without memory mapping, which is slower. */
  memoryMapping?: boolean;
  /** Kibana beside it. Default true. */
  kibana?: boolean;
  /** Days that log lines are kept. Default 30. */
  retentionDays?: number;
  /** Deletion of Elasticsearch is refused, and its volumes stay. Default true. */
  protect?: boolean;
}

/** Dashboards for Grafana's sidecar: ConfigMaps with the label `grafana_dashboard: "1"`. */
export interface DashboardsArgs {
  /** Folder in Grafana. Default `Machine Native Ops`. */
  folder?: pulumi.Input<string>;
}

/** Alert rules for Prometheus' operator. */
export interface AlertsArgs {
  /** URL under which docs/runbooks of this project is read, such as a page of your fork; each alert links to its own page below it. */
  runbooksUrl: pulumi.Input<string>;
}

export interface ObservabilityArgs {
  /** Namespace of all that needs no access to nodes; it must exist, deny traffic by default and may be Pod Security "restricted". */
  namespace: pulumi.Input<string>;
  /** Metrics. Default: none are collected. */
  metrics?: MetricsStackArgs;
  /** Traces. Default: none are collected. */
  traces?: TraceCollectionArgs;
  /** Logs. Default: none are collected. */
  logs?: LogCollectionArgs;
  /** Dashboards of the platform and of each fabric. Default: none. */
  dashboards?: DashboardsArgs;
  /** Alert rules of the platform and of each fabric. Default: none. */
  alerts?: AlertsArgs;
  /** false: pods of charts and collectors are not waited for. Default true. */
  wait?: boolean;
  /** Labels of everything that is made, beside the standard ones. */
  labels?: pulumi.Input<{ [name: string]: pulumi.Input<string> }>;
}
