import * as k8s from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";
import { CertificateIssuerKind, type CertificateIssuerArgs } from "../../components";

/** Name of the platform's own certificate authority. */
export const AUTHORITY = "platform-authority";

/**
 * Ten years, ten times what it signs for: a certificate never outlives its authority. cert-manager renews it when two thirds
 * are over, with the same key, so that clients and servers that know it from before go on trusting each other.
 */
const AUTHORITY_HOURS = 87_600;

/**
 * A certificate authority of the platform's own, for traffic inside one namespace: the Issuer that its servers ask. Each
 * namespace has its own, for an Issuer serves no other.
 */
export function ownAuthority(
  namespace: pulumi.Input<string>,
  opts: pulumi.CustomResourceOptions,
  name = AUTHORITY,
): CertificateIssuerArgs {
  const make = (kind: string, own: string, spec: object, also: pulumi.Resource[] = []): pulumi.Resource =>
    new k8s.apiextensions.CustomResource(
      `${own}-${kind.toLowerCase()}`,
      { apiVersion: "cert-manager.io/v1", kind, metadata: { name: own, namespace }, spec },
      { ...opts, dependsOn: [...(opts.dependsOn as pulumi.Resource[]), ...also] },
    );
  const root = make("Issuer", `${name}-root`, { selfSigned: {} });
  const authority = make(
    "Certificate",
    name,
    {
      isCA: true,
      commonName: name,
      secretName: name,
      duration: `${String(AUTHORITY_HOURS)}h`,
      privateKey: { algorithm: "ECDSA", size: 256, rotationPolicy: "Never" },
      issuerRef: { group: "cert-manager.io", kind: "Issuer", name: `${name}-root` },
    },
    [root],
  );
  make("Issuer", name, { ca: { secretName: name } }, [authority]);
  return { name, kind: CertificateIssuerKind.Issuer };
}
