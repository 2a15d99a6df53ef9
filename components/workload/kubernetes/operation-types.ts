import type * as pulumi from "@pulumi/pulumi";

/** One rule of a Role or ClusterRole. Wildcards are refused. */
export interface PermissionArgs {
  /** API groups; "" is the core group. */
  apiGroups: string[];
  /** Resources, in plural and lower case; subresources as `deployments/scale`. */
  resources: string[];
  /** Verbs, such as `get` and `watch`. */
  verbs: string[];
  /** Names of the only objects meant. Default: all. */
  resourceNames?: string[];
}

/** Where Prometheus scrapes each replica. */
export interface MetricsArgs {
  /** Name of the port. */
  port: string;
  /** Path. Default `/metrics`. */
  path?: string;
  /** Namespace of the Prometheus that scrapes, whose pods may reach the port. Default `monitoring`. */
  fromNamespace?: string;
  /** Who signed the certificate of a port whose `appProtocol` is `https`. Default: the public authorities. */
  authority?: MetricsAuthorityArgs;
}

/** A certificate authority that Prometheus trusts for one workload. */
export interface MetricsAuthorityArgs {
  /** Name of a Secret in the workload's namespace. */
  secretName: pulumi.Input<string>;
  /** Its key with certificates in PEM. */
  key: string;
}

/** How bad it is that an alert fires. */
export const AlertSeverity = {
  /** Somebody is woken. */
  Critical: "critical",
  /** Somebody looks the same day. */
  Warning: "warning",
  /** Context for other alerts. */
  Info: "info",
} as const;
export type AlertSeverity = (typeof AlertSeverity)[keyof typeof AlertSeverity];

/** One alert of Prometheus. */
export interface AlertArgs {
  /** Name in CamelCase. */
  name: string;
  /** PromQL expression that is true while it fires. */
  expression: string;
  /** Seconds for which the expression must hold. Default 300. */
  forSeconds?: number;
  /** How bad it is. */
  severity: AlertSeverity;
  /** One sentence for the person who is told. */
  summary: string;
  /** URL of the page that says what to do. */
  runbookUrl?: string;
}

/** A secure or robust default that can be given up. */
export const OptOutSetting = {
  /** Containers may write to their image's file system. */
  ReadOnlyRootFilesystem: "readOnlyRootFilesystem",
  /** Processes may run as root; the namespace must then allow it. */
  RunAsNonRoot: "runAsNonRoot",
  /** Replicas may share a node and a zone. */
  TopologySpread: "topologySpread",
  /** A drain may evict all replicas at once. */
  PodDisruptionBudget: "podDisruptionBudget",
  /** Traffic in and out is not denied by default. */
  NetworkPolicy: "networkPolicy",
} as const;
export type OptOutSetting = (typeof OptOutSetting)[keyof typeof OptOutSetting];

/** A default given up, with its reason. */
export interface OptOutArgs {
  /** Which default. */
  setting: OptOutSetting;
  /** Why; it becomes an annotation on the workload. */
  reason: string;
}
