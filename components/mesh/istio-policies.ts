import * as k8s from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";
import { metadata } from "../metadata";
import { ACCESS_LOG_PROVIDER, ISTIO_NAMESPACE, TRACING_PROVIDER } from "./istio-values";
import { MeshKind } from "./kinds";
import type { ServiceMeshArgs } from "./types";

/** Mutual TLS only, and nobody may call anybody: policies of the root namespace, hence of the whole mesh. */
export function denyByDefault(
  name: string,
  kind: MeshKind,
  args: ServiceMeshArgs,
  opts: pulumi.ResourceOptions,
): pulumi.Resource[] {
  const policy = (suffix: string, kindOfPolicy: string, spec: object): pulumi.Resource =>
    new k8s.apiextensions.CustomResource(
      `${name}-${suffix}`,
      {
        apiVersion: "security.istio.io/v1",
        kind: kindOfPolicy,
        metadata: metadata(`${name}-${suffix}`, { component: name, namespace: ISTIO_NAMESPACE, labels: args.labels }),
        spec,
      },
      opts,
    );
  const policies = [
    policy("mutual-tls", "PeerAuthentication", { mtls: { mode: "STRICT" } }),
    // An ALLOW policy that matches nothing: whatever no other policy allows is denied.
    policy("allow-nothing", "AuthorizationPolicy", {}),
  ];
  if (kind !== MeshKind.IstioAmbient) return policies;
  // Waypoints judge by policies that name them or their services, so they need an allow-nothing of their own.
  const waypoints = { group: "gateway.networking.k8s.io", kind: "GatewayClass", name: "istio-waypoint" };
  return [...policies, policy("allow-nothing-at-waypoints", "AuthorizationPolicy", { targetRefs: [waypoints] })];
}

/** Metrics, access logs and traces of every proxy. */
export function telemetry(name: string, args: ServiceMeshArgs, opts: pulumi.ResourceOptions): void {
  const tracing = args.tracing && [
    { providers: [{ name: TRACING_PROVIDER }], randomSamplingPercentage: args.tracing.sampledPercent ?? 1 },
  ];
  new k8s.apiextensions.CustomResource(
    `${name}-telemetry`,
    {
      apiVersion: "telemetry.istio.io/v1",
      kind: "Telemetry",
      metadata: metadata(`${name}-telemetry`, { component: name, namespace: ISTIO_NAMESPACE, labels: args.labels }),
      spec: {
        metrics: [{ providers: [{ name: "prometheus" }] }],
        accessLogging: [{ providers: [{ name: ACCESS_LOG_PROVIDER }] }],
        ...(tracing && { tracing }),
      },
    },
    opts,
  );
}
