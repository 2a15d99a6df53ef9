import * as k8s from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";
import type { FieldFault } from "../../runtime/exports";
import { metadata, type StringMap } from "../metadata";

/** Who signs certificates: cert-manager's Issuer of the namespace or ClusterIssuer. */
export const CertificateIssuerKind = { Issuer: "Issuer", ClusterIssuer: "ClusterIssuer" } as const;
export type CertificateIssuerKind = (typeof CertificateIssuerKind)[keyof typeof CertificateIssuerKind];

/** A cert-manager issuer. */
export interface CertificateIssuerArgs {
  /** The issuer's name. */
  name: pulumi.Input<string>;
  /** Default `ClusterIssuer`. */
  kind?: CertificateIssuerKind;
}

/** Where a server's certificate comes from; exactly one of the three. */
export interface ServerTlsArgs {
  /** cert-manager signs a certificate for the server's names and renews it. */
  issuer?: CertificateIssuerArgs;
  /** An existing Secret with `tls.crt`, `tls.key` and `ca.crt`, valid for the server's names as server and as client. */
  secretName?: pulumi.Input<string>;
  /** Turns TLS off, and says why: for instance that an ambient mesh encrypts all traffic of the namespace. */
  offBecause?: string;
}

/** Days that a certificate holds; cert-manager renews it when two thirds are over. */
const CERTIFICATE_DAYS = 365;

export function tlsFaults(tls: ServerTlsArgs): FieldFault[] {
  const given = [tls.issuer, tls.secretName, tls.offBecause].filter((choice) => choice !== undefined).length;
  const faults: FieldFault[] = [];
  if (given !== 1) faults.push({ field: "tls", message: "must be one of issuer, secretName or offBecause" });
  if (tls.offBecause !== undefined && tls.offBecause.trim().length < 10) {
    faults.push({ field: "tls.offBecause", message: "must say in a sentence what encrypts the traffic instead" });
  }
  return faults;
}

export interface ServerCertificateArgs {
  /** The component's name. */
  name: string;
  namespace: pulumi.Input<string>;
  tls: ServerTlsArgs;
  /** Every name that a client may call the server by. */
  dnsNames: pulumi.Input<string[]>;
  labels?: StringMap | undefined;
  parent: pulumi.Resource;
}

/**
 * The name of the Secret that holds the server's certificate, made by cert-manager where an issuer is given; undefined
 * without TLS. The certificate also holds for clients: servers of one cluster call each other with it.
 */
export function serverCertificate(args: ServerCertificateArgs): pulumi.Input<string> | undefined {
  const { name, tls, namespace, dnsNames, labels, parent } = args;
  if (tls.issuer === undefined) return tls.secretName;
  const secretName = `${name}-tls`;
  new k8s.apiextensions.CustomResource(
    `${name}-certificate`,
    {
      apiVersion: "cert-manager.io/v1",
      kind: "Certificate",
      metadata: metadata(name, { namespace, ...(labels && { labels }) }),
      spec: {
        secretName,
        dnsNames,
        duration: `${CERTIFICATE_DAYS * 24}h`,
        privateKey: { algorithm: "ECDSA", size: 256, rotationPolicy: "Always" },
        usages: ["digital signature", "server auth", "client auth"],
        issuerRef: { group: "cert-manager.io", kind: tls.issuer.kind ?? "ClusterIssuer", name: tls.issuer.name },
      },
    },
    { parent },
  );
  return secretName;
}
