import * as k8s from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";
import { metadata } from "../metadata";
import type { ServiceMeshArgs } from "./types";

const NAMESPACE = "linkerd";

/** Linkerd's admission webhooks: the chart's value that configures each, and its Service. */
const WEBHOOKS = [
  { value: "proxyInjector", service: "linkerd-proxy-injector" },
  { value: "profileValidator", service: "linkerd-sp-validator" },
  { value: "policyValidator", service: "linkerd-policy-validator" },
];

/**
 * Certificates of the webhooks, issued and renewed by cert-manager. Left to itself the chart makes new ones at every
 * rendering, so that no second `up` would be without changes, and puts their keys into the state.
 * https://linkerd.io/2/tasks/automatically-rotating-webhook-tls-credentials
 */
export function webhookCertificates(
  name: string,
  { labels }: ServiceMeshArgs,
  opts: pulumi.ResourceOptions,
): { resources: pulumi.Resource[]; values: Record<string, unknown> } {
  const create = (suffix: string, kind: string, spec: object): pulumi.Resource =>
    new k8s.apiextensions.CustomResource(
      `${name}-${suffix}`,
      {
        apiVersion: "cert-manager.io/v1",
        kind,
        metadata: metadata(suffix, { component: name, namespace: NAMESPACE, labels }),
        spec,
      },
      opts,
    );
  const issuer = create("webhook-issuer", "Issuer", { selfSigned: {} });
  const certificates = WEBHOOKS.map(({ service }) =>
    create(service, "Certificate", {
      secretName: `${service}-k8s-tls`,
      issuerRef: { name: "webhook-issuer", kind: "Issuer", group: "cert-manager.io" },
      commonName: `${service}.${NAMESPACE}.svc`,
      dnsNames: [`${service}.${NAMESPACE}.svc`],
      duration: "2160h0m0s",
      renewBefore: "720h0m0s",
      privateKey: { algorithm: "ECDSA", size: 256, rotationPolicy: "Always" },
      usages: ["server auth"],
    }),
  );
  return {
    resources: [issuer, ...certificates],
    values: Object.fromEntries(
      WEBHOOKS.map(({ value, service }) => [value, { externalSecret: true, injectCaFrom: `${NAMESPACE}/${service}` }]),
    ),
  };
}
