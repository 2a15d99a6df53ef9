import { join } from "node:path";
import { KubernetesNamespace, Observability, type ObservabilityArgs } from "../../components";
import { AUTHORITY } from "./certificates";
import type { Foundation } from "./foundation";
import type { Settings } from "./settings";

/** Dashboards and alerts for the Prometheus that exists; with `full`, everything of the stack's own. */
export function observe(settings: Settings, { ready }: Foundation, full: boolean): Observability {
  const { namespace, hostname, monitoringNamespace } = settings;
  const always = { dashboards: {}, alerts: { runbooksUrl: `https://${hostname}/docs/runbooks` } };
  if (full) return own(settings, always, ready);
  const existing = {
    namespace: monitoringNamespace,
    // The governing Service that the Prometheus operator makes in every namespace with a Prometheus.
    url: `http://prometheus-operated.${monitoringNamespace}.svc:9090`,
  };
  return new Observability(
    "observability",
    {
      ...always,
      namespace,
      metrics: { existing },
      ...(settings.otlpEndpoint !== undefined && { traces: { existingEndpoint: settings.otlpEndpoint } }),
    },
    { dependsOn: ready },
  );
}

function own(
  settings: Settings,
  always: Pick<ObservabilityArgs, "dashboards" | "alerts">,
  ready: Foundation["ready"],
): Observability {
  const { protect, storageClassName, chartDirectory, traceExport } = settings;
  const name = `${settings.namespace}-observability`;
  const namespace = new KubernetesNamespace(name, { protect });
  const storage = { protect, ...(storageClassName !== undefined && { storageClassName }) };
  const chart = (folder: string): { chart: string } | undefined =>
    chartDirectory === undefined ? undefined : { chart: join(chartDirectory, folder) };
  const [prometheus, eck] = [chart("kube-prometheus-stack"), chart("eck-operator")];
  return new Observability(
    "observability",
    {
      ...always,
      namespace: name,
      metrics: { ...storage, ...(prometheus && { chart: prometheus }) },
      logs: { ...storage, ...(eck && { operatorChart: eck }) },
      ...(traceExport !== undefined && {
        traces: { exportTo: { endpoint: traceExport }, tls: { issuer: { name: AUTHORITY } } },
      }),
    },
    { dependsOn: [...ready, namespace] },
  );
}
