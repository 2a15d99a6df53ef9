import type * as pulumi from "@pulumi/pulumi";

/** Where the certificate comes from: a Secret that exists, or cert-manager. */
export interface GatewayTlsArgs {
  /** Name of an existing Secret of type kubernetes.io/tls in the Gateway's namespace. */
  secretName?: string;
  /** Name of cert-manager's issuer that a Certificate for all hostnames is asked from. */
  issuer?: string;
  /** `ClusterIssuer` or `Issuer`. Default `ClusterIssuer`. */
  issuerKind?: string;
}

/** One path of one or all hostnames, and the Service behind it. */
export interface GatewayRouteArgs {
  /** Name, unique in the Gateway. */
  name: string;
  /** Hostnames, each one of the Gateway's. Default: all of them. */
  hostnames?: string[];
  /** Beginning of the path, whole segments. Default `/`. */
  pathPrefix?: string;
  /** Name of the Service. */
  service: string;
  /** Namespace of the Service, where it is another than the Gateway's; a ReferenceGrant there lets the route refer to it. */
  serviceNamespace?: string;
  /** Port of the Service. */
  port: number;
  /** Seconds within which a request is answered. Default 15. */
  timeoutSeconds?: number;
}

export interface GatewayArgs {
  /** Namespace of the Gateway, which exists. */
  namespace: pulumi.Input<string>;
  /** DNS names that are answered; `*.example.com` for all one level below. */
  hostnames: string[];
  /** GatewayClass. Default `istio`. */
  className?: string;
  /** TLS. Needed unless `plaintextBecause` is given; plain HTTP is then redirected to it. */
  tls?: GatewayTlsArgs;
  /** Why requests are answered without TLS, where they are. */
  plaintextBecause?: string;
  /** Why the Gateway is reached from outside the cluster's network. Default: it is not; its Service is a ClusterIP. With class istio. */
  exposedBecause?: string;
  /** What is behind it. */
  routes: GatewayRouteArgs[];
  /** Labels of every object. */
  labels?: pulumi.Input<{ [name: string]: pulumi.Input<string> }>;
}
