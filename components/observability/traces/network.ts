import * as pulumi from "@pulumi/pulumi";
import { KUBERNETES_LABELS } from "../../../runtime/exports";
import { API_SERVER_PORTS } from "../../workload/kubernetes/network-policy";
import { open, podsAnywhere, podsIn, type Site, tcp } from "../site";
import type { MetricsStackArgs } from "../types";
import { portOf } from "../validate";
import { METRICS_PORT, OTLP_GRPC_PORT, OTLP_HTTP_PORT } from "./collector-config";
import type { InstalledTraces } from "./workloads";

/** Every pod reaches its agent, agents reach gateways, and gateways their target. */
export function openTraces(site: Site, { exportTo }: InstalledTraces, metrics: MetricsStackArgs | undefined): void {
  const { name, namespace } = site;
  const agents = { [KUBERNETES_LABELS.name]: `${name}-otel-agent` };
  const gateways = { [KUBERNETES_LABELS.name]: `${name}-otel-gateway` };
  const scrapers =
    metrics === undefined
      ? []
      : [
          {
            from: [podsIn(metrics.existing?.namespace ?? namespace, { "app.kubernetes.io/name": "prometheus" })],
            ports: tcp(METRICS_PORT),
          },
        ];
  open(site, {
    suffix: "otel-agent",
    pods: agents,
    // Every pod may say what it does.
    ingress: [{ from: [podsAnywhere()], ports: tcp(OTLP_GRPC_PORT, OTLP_HTTP_PORT) }, ...scrapers],
    egress: [{ to: [podsIn(namespace, gateways)], ports: tcp(OTLP_GRPC_PORT) }],
    addressPorts: API_SERVER_PORTS,
  });
  const target = pulumi.output(exportTo.endpoint).apply((endpoint) => portOf(endpoint) ?? OTLP_GRPC_PORT);
  open(site, {
    suffix: "otel-gateway",
    pods: gateways,
    ingress: [{ from: [podsIn(namespace, agents)], ports: tcp(OTLP_GRPC_PORT) }, ...scrapers],
    egress: [
      {
        to: [podsAnywhere(), { ipBlock: { cidr: "0.0.0.0/0", except: ["169.254.169.254/32"] } }],
        ports: [{ protocol: "TCP", port: target }],
      },
    ],
  });
}
