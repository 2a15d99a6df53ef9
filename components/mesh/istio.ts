import type * as k8s from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";
import { type ChartCatalogue, installChart } from "./charts";
import { denyTraffic, meshNamespace } from "./foundation";
import { denyByDefault, telemetry } from "./istio-policies";
import { baseValues, cniValues, ISTIO_NAMESPACE, istiodValues, ztunnelValues } from "./istio-values";
import { MeshKind } from "./kinds";
import type { ServiceMeshArgs } from "./types";

const ISTIO_CHARTS: ChartCatalogue = {
  repository: "https://istio-release.storage.googleapis.com/charts",
  version: "1.30.3",
  folders: { base: "base", istiod: "istio-control/istio-discovery", cni: "istio-cni", ztunnel: "ztunnel" },
};

/** Installs Istio, one chart after another, and closes it: what is in the mesh reaches nothing until it is allowed to. */
export function installIstio(name: string, kind: MeshKind, args: ServiceMeshArgs, opts: pulumi.ResourceOptions): void {
  const namespace = meshNamespace(
    `${name}-namespace`,
    {
      namespace: ISTIO_NAMESPACE,
      component: name,
      podSecurity: "privileged",
      because: "istio-cni and ztunnel set up the network of the node's pods",
      labels: args.labels,
    },
    opts,
  );
  const inNamespace = { ...opts, dependsOn: [namespace] };
  denyTraffic(name, ISTIO_NAMESPACE, args.labels, inNamespace);
  // Before any proxy runs: there is no moment at which the mesh is open.
  const policies = denyByDefault(name, kind, args, inNamespace);

  const { wait = true } = args;
  const install = (chart: string, values: Record<string, unknown>, after: pulumi.Resource[]): k8s.helm.v4.Chart =>
    installChart(
      ISTIO_CHARTS,
      args.charts ?? {},
      { chart, name: `${name}-${chart}`, release: `istio-${chart}`, namespace: ISTIO_NAMESPACE, values, wait },
      { ...opts, dependsOn: after },
    );
  const base = install("base", baseValues(args), [namespace, ...policies]);
  const istiod = install("istiod", istiodValues(kind, args), [base]);
  telemetry(name, args, { ...opts, dependsOn: [istiod] });
  const cni = install("cni", cniValues(kind, args), [istiod]);
  if (kind === MeshKind.IstioAmbient) install("ztunnel", ztunnelValues(args), [cni]);
}
