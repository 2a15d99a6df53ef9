import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { KUBERNETES_LABELS } from "../../../runtime/exports";
import { serverCertificate } from "../../storage/tls";
import { COLLECTOR, reference } from "../images";
import { monitoringObject } from "../metrics/objects";
import { type Site, siteMetadata } from "../site";
import type { MetricsStackArgs, TraceCollectionArgs } from "../types";
import { agentConfig, type Config, gatewayConfig, OTLP_HTTP_PORT, type Sampling } from "./collector-config";
import { openTraces } from "./network";
import { collectorPod, CONFIG_FILE, configText } from "./pod";
import { type InstalledTraces, makeAgents, makeGateways, type PodTemplate } from "./workloads";

const MEBIBYTE = 1024 ** 2;

/** URL of the agents' OTLP/HTTP endpoint; it leads to the caller's own node. */
export function otlpEndpoint({ name, namespace }: Site): pulumi.Output<string> {
  return pulumi.interpolate`http://${name}-otel-agent.${namespace}.svc:${OTLP_HTTP_PORT}`;
}

/** Agents on every node and the gateway behind them. `metrics` says who scrapes them. */
export function installTraces(site: Site, args: InstalledTraces, metrics: MetricsStackArgs | undefined): void {
  const { name, namespace, parent } = site;
  const { exportTo, tls, tailSampling, clusterName } = args;
  const image = args.image ?? reference(COLLECTOR);
  const gatewayHost = pulumi.interpolate`${name}-otel-gateway.${namespace}.svc.cluster.local`;
  const tlsSecretName = serverCertificate({
    name: `${name}-otel`,
    namespace,
    tls,
    dnsNames: pulumi.all([gatewayHost]),
    labels: siteMetadata(site, "otel").labels,
    parent,
  });
  const encrypted = tlsSecretName !== undefined;
  const secure = encrypted ? { tlsSecretName } : {};

  const agent = part(site, "otel-agent", {
    image,
    cpu: "100m",
    memoryBytes: args.agentMemoryBytes ?? 256 * MEBIBYTE,
    token: true,
    ...secure,
    ...(clusterName === undefined ? {} : { clusterName }),
    config: gatewayHost.apply((host) =>
      agentConfig({ gatewayHost: host, byTrace: tailSampling !== undefined, tls: encrypted }),
    ),
  });
  const gateway = part(site, "otel-gateway", {
    image,
    cpu: "250m",
    memoryBytes: args.gatewayMemoryBytes ?? 1024 * MEBIBYTE,
    token: false,
    ...secure,
    ...(exportTo.caSecretName === undefined ? {} : { targetCaSecretName: exportTo.caSecretName }),
    ...(exportTo.authorizationSecretName === undefined
      ? {}
      : { authorizationSecretName: exportTo.authorizationSecretName }),
    topologySpreadConstraints: ["topology.kubernetes.io/zone", "kubernetes.io/hostname"].map((topologyKey) => ({
      maxSkew: 1,
      topologyKey,
      whenUnsatisfiable: "ScheduleAnyway",
      labelSelector: { matchLabels: { [KUBERNETES_LABELS.name]: `${name}-otel-gateway` } },
    })),
    config: pulumi.output(exportTo.endpoint).apply((endpoint) =>
      gatewayConfig({
        endpoint,
        plaintext: exportTo.plaintextBecause !== undefined,
        targetCa: exportTo.caSecretName !== undefined,
        authorization: exportTo.authorizationSecretName !== undefined,
        tls: encrypted,
        ...(tailSampling === undefined ? {} : { sampling: samplingOf(tailSampling) }),
      }),
    ),
  });

  letReadPods(site, "otel-agent");
  makeAgents(site, agent);
  makeGateways(site, gateway, args);
  openTraces(site, args, metrics);
  if (metrics !== undefined) {
    monitoringObject(site, "PodMonitor", "otel", metrics, {
      selector: {
        matchExpressions: [
          {
            key: KUBERNETES_LABELS.name,
            operator: "In",
            values: [`${name}-otel-agent`, `${name}-otel-gateway`],
          },
        ],
      },
      podMetricsEndpoints: [{ port: "metrics" }],
    });
  }
}

function samplingOf(args: NonNullable<TraceCollectionArgs["tailSampling"]>): Sampling {
  return {
    decisionWaitSeconds: args.decisionWaitSeconds ?? 10,
    slowerThanMilliseconds: args.slowerThanMilliseconds ?? 1000,
    percent: args.percent ?? 10,
  };
}

type PartArgs = Omit<
  Parameters<typeof collectorPod>[0],
  "labels" | "serviceAccountName" | "configMapName" | "configText"
> & {
  config: pulumi.Output<Config>;
};

/** The service account, configuration and pod of one kind of collector. */
function part(site: Site, suffix: string, { config, ...pod }: PartArgs): PodTemplate {
  const { namespace, parent } = site;
  const name = `${site.name}-${suffix}`;
  const metadata = siteMetadata(site, suffix, { namespace });
  const text = config.apply(configText);
  new k8s.core.v1.ServiceAccount(name, { metadata, automountServiceAccountToken: false }, { parent });
  new k8s.core.v1.ConfigMap(name, { metadata, data: { [CONFIG_FILE]: text } }, { parent });
  return collectorPod({
    ...pod,
    labels: metadata.labels,
    serviceAccountName: name,
    configMapName: name,
    configText: text,
  });
}

/** Which pod a span came from is read from the API. */
function letReadPods(site: Site, suffix: string): void {
  const name = `${site.name}-${suffix}`;
  const metadata = siteMetadata(site, suffix);
  const verbs = ["get", "list", "watch"];
  new k8s.rbac.v1.ClusterRole(
    name,
    {
      metadata,
      rules: [
        { apiGroups: [""], resources: ["pods", "namespaces"], verbs },
        { apiGroups: ["apps"], resources: ["replicasets"], verbs },
      ],
    },
    { parent: site.parent },
  );
  new k8s.rbac.v1.ClusterRoleBinding(
    name,
    {
      metadata,
      roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name },
      subjects: [{ kind: "ServiceAccount", name, namespace: site.namespace }],
    },
    { parent: site.parent },
  );
}
