/** The specs of Prometheus operator's objects (monitoring.coreos.com/v1). */
import { selectorLabels } from "../../metadata";
import type { AlertArgs, MetricsArgs } from "./operation-types";

const FOR_SECONDS = 300;

export function podMonitorSpec(name: string, { port, path }: MetricsArgs): Record<string, unknown> {
  return {
    selector: { matchLabels: selectorLabels(name) },
    podMetricsEndpoints: [{ port, path: path ?? "/metrics" }],
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
