import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { randomPassword } from "../../storage/passwords";
import { API_SERVER_PORTS } from "../../workload/kubernetes/network-policy";
import { installChart, type VendorChart } from "../chart";
import { GATEWAY_PODS, nodesNamespaceName, open, podsAnywhere, podsIn, type Site, siteMetadata, tcp } from "../site";
import type { MetricsStackArgs } from "../types";
import { metricsValues } from "./chart-values";

const KUBE_PROMETHEUS_STACK: VendorChart = {
  chart: "kube-prometheus-stack",
  repository: "https://prometheus-community.github.io/helm-charts",
  version: "88.5.3",
};

const PODS = {
  prometheus: { "app.kubernetes.io/name": "prometheus" },
  alertmanager: { "app.kubernetes.io/name": "alertmanager" },
  grafana: { "app.kubernetes.io/name": "grafana" },
  stateMetrics: { "app.kubernetes.io/name": "kube-state-metrics" },
  nodeExporter: { "app.kubernetes.io/name": "prometheus-node-exporter" },
  operator: { app: "kube-prometheus-stack-operator" },
} as const;

/** What of the kubelet and the API server is scraped at the nodes' own addresses. */
const NODE_PORTS = [10250, ...API_SERVER_PORTS];

/** The URL under which the installed Prometheus answers. */
export function prometheusUrl({ name, namespace }: Site): pulumi.Output<string> {
  return pulumi.interpolate`http://${name}-prometheus.${namespace}.svc:9090`;
}

/** Installs kube-prometheus-stack, Grafana's first password and the openings in the network that they need. */
export function installMetrics(site: Site, args: MetricsStackArgs, nodes: pulumi.Resource): void {
  const { name, namespace, parent, labels, wait } = site;
  const grafana = args.grafana ?? true;
  const grafanaSecretName = `${name}-grafana-admin`;
  const dependsOn = [nodes];
  if (grafana) {
    const secret = new k8s.core.v1.Secret(
      grafanaSecretName,
      {
        metadata: siteMetadata(site, "grafana-admin", { namespace }),
        stringData: {
          "admin-user": "admin",
          "admin-password": randomPassword(`${grafanaSecretName}-password`, parent),
        },
      },
      { parent },
    );
    dependsOn.push(secret);
  }
  const { storageClassName, alertmanagerSecretName } = args;
  const values = pulumi
    .all([labels ?? {}, storageClassName, alertmanagerSecretName])
    .apply(([own, storageClass, alertmanagerSecret]) =>
      metricsValues({
        name,
        nodesNamespace: nodesNamespaceName(site),
        labels: own,
        replicas: args.replicas ?? 2,
        retentionDays: args.retentionDays ?? 15,
        storageBytes: args.storageBytes ?? 50 * 1024 ** 3,
        protect: args.protect ?? true,
        ...(grafana ? { grafanaSecretName } : {}),
        ...(storageClass === undefined ? {} : { storageClassName: storageClass }),
        ...(alertmanagerSecret === undefined ? {} : { alertmanagerSecretName: alertmanagerSecret }),
      }),
    );
  installChart(
    KUBE_PROMETHEUS_STACK,
    args.chart,
    { name: `${name}-metrics`, release: name, namespace, values, wait },
    { parent, dependsOn },
  );
  openMetrics(site, grafana);
}

function openMetrics(site: Site, grafana: boolean): void {
  const { namespace } = site;
  const at = (pods: Record<string, string>): ReturnType<typeof podsIn> => podsIn(namespace, pods);
  const fromPrometheus = (...ports: number[]) => [{ from: [at(PODS.prometheus)], ports: tcp(...ports) }];
  const queriers = [at(PODS.prometheus), ...(grafana ? [at(PODS.grafana)] : [])];
  open(site, {
    suffix: "prometheus",
    pods: PODS.prometheus,
    // The platform's engines may ask it: what they decide rests on measurements.
    ingress: [
      { from: [...queriers, podsAnywhere({ "app.kubernetes.io/part-of": "machine-native-ops" })], ports: tcp(9090) },
      ...fromPrometheus(8080),
    ],
    // It scrapes whatever lets it in: who is scraped says so at the other end.
    egress: [{ to: [podsAnywhere()] }],
    addressPorts: NODE_PORTS,
  });
  open(site, {
    suffix: "alertmanager",
    pods: PODS.alertmanager,
    ingress: [
      { from: queriers, ports: tcp(9093, 8080) },
      { from: [at(PODS.alertmanager)], ports: [...tcp(9094), { protocol: "UDP", port: 9094 }] },
    ],
    egress: [{ to: [at(PODS.alertmanager)], ports: [...tcp(9094), { protocol: "UDP", port: 9094 }] }],
    // Whoever is called when an alert fires.
    addressPorts: [443, 587],
  });
  open(site, {
    suffix: "prometheus-operator",
    pods: PODS.operator,
    ingress: fromPrometheus(8080),
    egress: [],
    addressPorts: API_SERVER_PORTS,
  });
  open(site, {
    suffix: "kube-state-metrics",
    pods: PODS.stateMetrics,
    ingress: fromPrometheus(8080),
    egress: [],
    addressPorts: API_SERVER_PORTS,
  });
  open(site, {
    suffix: "node-exporter",
    namespace: nodesNamespaceName(site),
    pods: PODS.nodeExporter,
    ingress: fromPrometheus(9100),
    egress: [],
  });
  if (!grafana) return;
  open(site, {
    suffix: "grafana",
    pods: PODS.grafana,
    ingress: [{ from: [at(PODS.prometheus), GATEWAY_PODS], ports: tcp(3000) }],
    egress: [{ to: [at(PODS.prometheus), at(PODS.alertmanager)], ports: tcp(9090, 9093) }],
    addressPorts: API_SERVER_PORTS,
  });
}
