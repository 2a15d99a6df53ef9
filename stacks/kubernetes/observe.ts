import { join } from "node:path";
import { KubernetesNamespace, type MetricsStackArgs, Observability, type ObservabilityArgs } from "../../components";
import { ownAuthority } from "./certificates";
import type { Foundation } from "./foundation";
import { Profile, Prometheus, type Settings } from "./settings";

/** Dashboards and alerts for the Prometheus that exists; with `full`, everything of the stack's own. */
export function observe(settings: Settings, { ready }: Foundation, full: boolean): Observability {
  const { namespace, hostname, otlpEndpoint } = settings;
  const always = { dashboards: {}, alerts: { runbooksUrl: `https://${hostname}/docs/runbooks` } };
  if (full) return own(settings, always, ready);
  return new Observability(
    "observability",
    {
      ...always,
      namespace,
      metrics: existing(settings),
      ...(otlpEndpoint !== undefined && { traces: { existingEndpoint: otlpEndpoint } }),
    },
    { dependsOn: ready },
  );
}

/** Namespace of the Prometheus that scrapes the platform: the only one that its network policies let in. */
export function scrapersNamespace({ profile, prometheus, namespace, monitoringNamespace }: Settings): string {
  const own = profile === Profile.Full && prometheus === Prometheus.Own;
  return own ? ownNamespace(namespace) : monitoringNamespace;
}

/** Base URL that the engines' traces go to: of the stack's own collectors, unless another is set. */
export function tracesEndpoint({ profile, otlpEndpoint, traceExport, namespace }: Settings): string | undefined {
  if (otlpEndpoint !== undefined || profile !== Profile.Full || traceExport === undefined) return otlpEndpoint;
  return `http://observability-otel-agent.${ownNamespace(namespace)}.svc:4318`;
}

function ownNamespace(platform: string): string {
  return `${platform}-observability`;
}

/** The Service named is the one that the Prometheus operator makes in every namespace with a Prometheus. */
function existing({ monitoringNamespace: namespace }: Settings): MetricsStackArgs {
  return { existing: { namespace, url: `http://prometheus-operated.${namespace}.svc:9090` } };
}

function own(
  settings: Settings,
  always: Pick<ObservabilityArgs, "dashboards" | "alerts">,
  ready: Foundation["ready"],
): Observability {
  const { protect, storageClassName, chartDirectory, traceExport, prometheus, awaitCharts } = settings;
  const name = ownNamespace(settings.namespace);
  const namespace = new KubernetesNamespace(name, { protect });
  const storage = { protect, ...(storageClassName !== undefined && { storageClassName }) };
  const chart = (folder: string): string | undefined =>
    chartDirectory === undefined ? undefined : join(chartDirectory, folder);
  const [stack, eck] = [chart("kube-prometheus-stack"), chart("eck-operator")];
  return new Observability(
    "observability",
    {
      ...always,
      namespace: name,
      metrics:
        prometheus === Prometheus.Existing
          ? existing(settings)
          : { ...storage, ...(stack !== undefined && { chart: { chart: stack } }) },
      logs: { ...storage, ...(eck !== undefined && { operatorChart: { chart: eck } }) },
      ...(traceExport !== undefined && {
        traces: {
          exportTo: { endpoint: traceExport },
          tls: { issuer: ownAuthority(name, { dependsOn: [...ready, namespace] }, "observability-authority") },
        },
      }),
      wait: awaitCharts,
    },
    { dependsOn: [...ready, namespace] },
  );
}
