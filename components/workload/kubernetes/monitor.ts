/** The specs of Prometheus operator's objects (monitoring.coreos.com/v1). */
import type * as pulumi from "@pulumi/pulumi";
import { selectorLabels } from "../../metadata";
import type { KubernetesPortArgs } from "./container-types";
import { isSecured } from "./containers";
import type { AlertArgs, MetricsArgs } from "./operation-types";

const FOR_SECONDS = 300;

/** `host`: the name that the certificate of a secured port holds, for replicas are scraped by their addresses. */
export function podMonitorSpec(
  name: string,
  { port, path, authority }: MetricsArgs,
  { ports, host }: { ports: readonly KubernetesPortArgs[]; host: pulumi.Input<string> },
): Record<string, unknown> {
  const ca = authority && { ca: { secret: { name: authority.secretName, key: authority.key } } };
  const secured = isSecured(ports.find((each) => each.name === port));
  return {
    selector: { matchLabels: selectorLabels(name) },
    podMetricsEndpoints: [
      {
        port,
        path: path ?? "/metrics",
        ...(secured && { scheme: "https", tlsConfig: { serverName: host, ...ca } }),
      },
    ],
  };
}

export function prometheusRuleSpec(name: string, alerts: readonly AlertArgs[]): Record<string, unknown> {
  return {
    groups: [
      {
        name,
        rules: alerts.map((alert) => ({
          alert: alert.name,
          expr: alert.expression,
          for: `${String(alert.forSeconds ?? FOR_SECONDS)}s`,
          labels: { severity: alert.severity, workload: name },
          annotations: {
            summary: alert.summary,
            runbook_url: alert.runbookUrl,
          },
        })),
      },
    ],
  };
}
