import * as k8s from "@pulumi/kubernetes";
import { KUBERNETES_ANNOTATIONS, KUBERNETES_LABELS } from "../../../runtime/exports";
import { type Site, siteMetadata } from "../site";
import type { TraceCollectionArgs } from "../types";
import { OTLP_GRPC_PORT, OTLP_HTTP_PORT } from "./collector-config";

/** The arguments of what is installed: the validator has seen to it that both are there. */
export type InstalledTraces = TraceCollectionArgs & Required<Pick<TraceCollectionArgs, "exportTo" | "tls">>;

export type PodTemplate = k8s.types.input.core.v1.PodTemplateSpec;

/** What tells the provider not to wait for the pods. */
function awaiting({ wait }: Site): Record<string, string> {
  return wait ? {} : { "pulumi.com/skipAwait": "true" };
}

/** A collector on every node, and the Service by which pods reach the one of theirs. */
export function makeAgents(site: Site, template: PodTemplate): void {
  const { namespace, parent } = site;
  const name = `${site.name}-otel-agent`;
  const metadata = siteMetadata(site, "otel-agent", { namespace });
  const matchLabels = { [KUBERNETES_LABELS.name]: name };
  new k8s.apps.v1.DaemonSet(
    name,
    {
      metadata: siteMetadata(site, "otel-agent", { namespace, annotations: awaiting(site) }),
      spec: {
        selector: { matchLabels },
        updateStrategy: { type: "RollingUpdate", rollingUpdate: { maxUnavailable: "10%" } },
        template,
      },
    },
    { parent },
  );
  new k8s.core.v1.Service(
    name,
    {
      metadata,
      spec: {
        selector: matchLabels,
        // Spans stay on their node until the agent has named their pod, and the caller's address is still the pod's.
        internalTrafficPolicy: "Local",
        ports: [
          { name: "otlp-grpc", port: OTLP_GRPC_PORT, targetPort: "otlp-grpc", appProtocol: "grpc" },
          { name: "otlp-http", port: OTLP_HTTP_PORT, targetPort: "otlp-http", appProtocol: "http" },
        ],
      },
    },
    { parent },
  );
}

/** The gateways: as many as their load asks for, found one by one. */
export function makeGateways(
  site: Site,
  template: PodTemplate,
  { minGateways = 2, maxGateways = 5, tls, exportTo }: InstalledTraces,
): void {
  const { namespace, parent } = site;
  const name = `${site.name}-otel-gateway`;
  const metadata = siteMetadata(site, "otel-gateway", { namespace });
  const matchLabels = { [KUBERNETES_LABELS.name]: name };
  const reasons = [tls.offBecause, exportTo.plaintextBecause].filter((reason) => reason !== undefined);
  new k8s.apps.v1.Deployment(
    name,
    {
      metadata: siteMetadata(site, "otel-gateway", {
        namespace,
        also: { [KUBERNETES_LABELS.maxReplicas]: String(maxGateways) },
        annotations: {
          ...awaiting(site),
          ...(reasons.length === 0 ? {} : { [`${KUBERNETES_ANNOTATIONS.optOut}tls`]: reasons.join("; ") }),
        },
      }),
      // No replicas: the autoscaler owns the number.
      spec: { selector: { matchLabels }, strategy: { rollingUpdate: { maxUnavailable: 0, maxSurge: 1 } }, template },
    },
    { parent },
  );
  new k8s.core.v1.Service(
    name,
    {
      metadata,
      // Headless: each agent knows every gateway, and decides itself which one a trace goes to.
      spec: {
        clusterIP: "None",
        selector: matchLabels,
        ports: [{ name: "otlp-grpc", port: OTLP_GRPC_PORT, targetPort: "otlp-grpc", appProtocol: "grpc" }],
      },
    },
    { parent },
  );
  new k8s.autoscaling.v2.HorizontalPodAutoscaler(
    name,
    {
      metadata,
      spec: {
        scaleTargetRef: { apiVersion: "apps/v1", kind: "Deployment", name },
        minReplicas: minGateways,
        maxReplicas: maxGateways,
        metrics: [
          { type: "Resource", resource: { name: "cpu", target: { type: "Utilization", averageUtilization: 70 } } },
        ],
      },
    },
    { parent },
  );
  new k8s.policy.v1.PodDisruptionBudget(
    name,
    { metadata, spec: { maxUnavailable: 1, selector: { matchLabels }, unhealthyPodEvictionPolicy: "AlwaysAllow" } },
    { parent },
  );
}
