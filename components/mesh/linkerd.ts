import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { refuse } from "../arguments";
import { metadata } from "../metadata";
import { type ChartCatalogue, installChart } from "./charts";
import { denyTraffic, meshNamespace } from "./foundation";
import { validateIdentity } from "./linkerd-identity";
import { webhookCertificates } from "./linkerd-webhooks";
import type { LinkerdIdentityArgs, ServiceMeshArgs } from "./types";

export const LINKERD_NAMESPACE = "linkerd";
/** Name of the EgressNetwork that all traffic out of the cluster belongs to. */
export const LINKERD_EGRESS = "egress";
const CNI_NAMESPACE = "linkerd-cni";

/** The project publishes edge releases only; what is called stable is a vendor's. */
const LINKERD_CHARTS: ChartCatalogue = {
  repository: "https://helm.linkerd.io/edge",
  version: "2026.6.3",
  folders: {
    "linkerd-crds": "linkerd-crds",
    "linkerd2-cni": "linkerd2-cni",
    "linkerd-control-plane": "linkerd-control-plane",
  },
};

/** The vendor's values for high availability (values-ha.yaml), closed by default. */
export function controlPlaneValues(args: ServiceMeshArgs): Record<string, unknown> {
  return {
    controllerReplicas: args.controlPlaneReplicas ?? 3,
    enablePodAntiAffinity: true,
    enablePodDisruptionBudget: true,
    deploymentStrategy: { rollingUpdate: { maxUnavailable: 1, maxSurge: "25%" } },
    webhookFailurePolicy: "Fail",
    controllerLogFormat: "json",
    disableHeartBeat: true,
    egress: { globalEgressNetworkNamespace: LINKERD_NAMESPACE },
    cniEnabled: true,
    podLabels: args.labels ?? {},
    identityTrustDomain: args.trustDomain ?? "cluster.local",
    // From objects of ours, so that no key is in the chart's values.
    identity: { externalCA: true, issuer: { scheme: "kubernetes.io/tls" } },
    proxy: {
      defaultInboundPolicy: "deny",
      logFormat: "json",
      resources: { cpu: { request: "100m" }, memory: { request: "20Mi", limit: "250Mi" } },
    },
  };
}

/** Installs Linkerd, one chart after another, denying by default. */
export function installLinkerd(
  name: string,
  identity: LinkerdIdentityArgs,
  args: ServiceMeshArgs,
  opts: pulumi.ResourceOptions,
): void {
  const { labels } = args;
  const namespace = meshNamespace(
    `${name}-namespace`,
    {
      namespace: LINKERD_NAMESPACE,
      component: name,
      podSecurity: "baseline",
      because: "the vendor does not promise more of its control plane",
      labels,
    },
    opts,
  );
  const cniNamespace = meshNamespace(
    `${name}-cni-namespace`,
    {
      namespace: CNI_NAMESPACE,
      component: name,
      podSecurity: "privileged",
      because: "linkerd-cni sets up the network of the node's pods",
      labels,
    },
    opts,
  );
  const inNamespace = { ...opts, dependsOn: [namespace] };
  denyTraffic(name, LINKERD_NAMESPACE, labels, inNamespace);
  denyTraffic(name, CNI_NAMESPACE, labels, { ...opts, dependsOn: [cniNamespace] });
  admitToControlPlane(name, args, inNamespace);
  const issuer = identityObjects(name, identity, args, inNamespace);
  const webhooks = webhookCertificates(name, args, inNamespace);

  const { wait = true } = args;
  const install = (
    chart: string,
    into: string,
    values: Record<string, unknown>,
    after: pulumi.Resource[],
  ): k8s.helm.v4.Chart =>
    installChart(
      LINKERD_CHARTS,
      args.charts ?? {},
      { chart, name: `${name}-${chart}`, release: chart, namespace: into, values, wait },
      { ...opts, dependsOn: after },
    );
  // HTTPRoute and its kin come from the Gateway API's own CRDs.
  const crds = install("linkerd-crds", LINKERD_NAMESPACE, { installGatewayAPI: false }, [namespace]);
  const cni = install("linkerd2-cni", CNI_NAMESPACE, { podLabels: labels ?? {} }, [crds, cniNamespace]);
  const values = { ...controlPlaneValues(args), ...webhooks.values };
  const controlPlane = install("linkerd-control-plane", LINKERD_NAMESPACE, values, [
    cni,
    ...issuer,
    ...webhooks.resources,
  ]);
  if (args.openEgressBecause === undefined) denyEgress(name, args, { ...opts, dependsOn: [controlPlane] });
}

/** Secrets and configuration that identities are issued from, once they are known to fit together. */
function identityObjects(
  name: string,
  identity: LinkerdIdentityArgs,
  { labels }: ServiceMeshArgs,
  opts: pulumi.ResourceOptions,
): pulumi.Resource[] {
  const checked = pulumi.secret(pulumi.output(identity)).apply((known) => {
    refuse("ServiceMesh", name, validateIdentity(known));
    return known;
  });
  const at = (object: string) => metadata(object, { component: name, namespace: LINKERD_NAMESPACE, labels });
  const anchor = pulumi.unsecret(checked.apply(({ trustAnchorPem }) => trustAnchorPem));
  return [
    new k8s.core.v1.Secret(
      `${name}-identity-issuer`,
      {
        metadata: at("linkerd-identity-issuer"),
        type: "kubernetes.io/tls",
        stringData: {
          "tls.crt": checked.apply(({ issuerCertificatePem }) => issuerCertificatePem),
          "tls.key": checked.apply(({ issuerKeyPem }) => issuerKeyPem),
          "ca.crt": checked.apply(({ trustAnchorPem }) => trustAnchorPem),
        },
      },
      opts,
    ),
    new k8s.core.v1.ConfigMap(
      `${name}-identity-trust-roots`,
      { metadata: at("linkerd-identity-trust-roots"), data: { "ca-bundle.crt": anchor } },
      opts,
    ),
  ];
}

/** Webhooks, identity, destinations and policy are asked from the whole cluster, the API server included. */
function admitToControlPlane(name: string, { labels }: ServiceMeshArgs, opts: pulumi.ResourceOptions): void {
  const ports = [4143, 4191, 8080, 8086, 8090, 8443, 9443];
  new k8s.networking.v1.NetworkPolicy(
    `${name}-control-plane`,
    {
      metadata: metadata(`${name}-control-plane`, { component: name, namespace: LINKERD_NAMESPACE, labels }),
      spec: {
        podSelector: { matchExpressions: [{ key: "linkerd.io/control-plane-component", operator: "Exists" }] },
        policyTypes: ["Ingress", "Egress"],
        ingress: [{ ports: ports.map((port) => ({ protocol: "TCP", port })) }],
        egress: [{}],
      },
    },
    opts,
  );
}

/** No host outside the cluster but those that an EgressHost names: the namespace is the chart's global one, so it holds for all. */
function denyEgress(name: string, { labels }: ServiceMeshArgs, opts: pulumi.ResourceOptions): void {
  new k8s.apiextensions.CustomResource(
    `${name}-egress`,
    {
      apiVersion: "policy.linkerd.io/v1alpha1",
      kind: "EgressNetwork",
      metadata: metadata(LINKERD_EGRESS, { component: name, namespace: LINKERD_NAMESPACE, labels }),
      spec: { trafficPolicy: "Deny" },
    },
    opts,
  );
}
