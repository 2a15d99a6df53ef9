import type * as pulumi from "@pulumi/pulumi";
import type { MeshKind } from "./kinds";

/** Where the mesh's Helm charts come from. */
export interface MeshChartsArgs {
  /** URL of a Helm repository. Default: the vendor's. */
  repository?: pulumi.Input<string>;
  /** Version of the charts. Default: the one that this release was tried with. */
  version?: pulumi.Input<string>;
  /** Absolute folder with the vendor's charts, laid out as in the vendor's source tree, instead of a repository: for sites without one. */
  directory?: string;
}

/** Istio's images. A policy that wants digests is met by naming the three whole. */
export interface IstioImagesArgs {
  /** Registry and path before the image's name. Default: the chart's; needed with charts out of a source tree, which name a test registry. */
  hub?: pulumi.Input<string>;
  /** Tag of all images. Default: the chart's; needed with charts out of a source tree. */
  tag?: pulumi.Input<string>;
  /** Whole reference of the control plane's image, with its digest. */
  pilot?: pulumi.Input<string>;
  /** Whole reference of the CNI node agent's image, with its digest. */
  cni?: pulumi.Input<string>;
  /** Whole reference of the ztunnel image, with its digest. */
  ztunnel?: pulumi.Input<string>;
}

/** The certificates that Linkerd's identities are issued from; ECDSA P-256, PEM. */
export interface LinkerdIdentityArgs {
  /** Certificate of the trust anchor, which all proxies trust. Its key stays outside the cluster. */
  trustAnchorPem: pulumi.Input<string>;
  /** Certificate of the issuer, signed by the trust anchor. */
  issuerCertificatePem: pulumi.Input<string>;
  /** Private key of the issuer; a secret. */
  issuerKeyPem: pulumi.Input<string>;
}

/** Where spans go. */
export interface MeshTracingArgs {
  /** Host name of an OpenTelemetry collector, such as `gateway-collector.observability.svc.cluster.local`. */
  host: pulumi.Input<string>;
  /** Its OTLP/gRPC port. Default 4317. */
  port?: pulumi.Input<number>;
  /** Share of requests whose trace begins here, 0 to 100. Default 1. */
  sampledPercent?: pulumi.Input<number>;
}

/** Who decides on requests: the zero-trust gateway, by Envoy's ext_authz over gRPC. */
export interface MeshAuthorizerArgs {
  /** Host name of its Service in the cluster, such as `security-zero-trust-gateway.mno.svc.cluster.local`. */
  host: pulumi.Input<string>;
  /** Port of its ext_authz service over gRPC. Default 4683. */
  port?: pulumi.Input<number>;
  /** Milliseconds to wait for a decision; then the request is refused. Default 200. */
  timeoutMilliseconds?: number;
  /** Why requests pass while nobody decides. Default: they are refused with 503. */
  openOnErrorBecause?: string;
}

export interface ServiceMeshArgs {
  /** Which mesh. Default `istio-ambient`. */
  kind?: MeshKind;
  /** Where the charts come from. Default: the vendor's repository, at a pinned version. */
  charts?: MeshChartsArgs;
  /** Istio's images. Default: the chart's. */
  images?: IstioImagesArgs;
  /** What Linkerd's identities are issued from; needed with kind `linkerd`. */
  identity?: LinkerdIdentityArgs;
  /** Replicas of the control plane, at least 2; the most that Istio's autoscaler goes to is three times this. Default: Istio 2, Linkerd 3. */
  controlPlaneReplicas?: number;
  /** Trust domain of all identities. Default `cluster.local`. */
  trustDomain?: pulumi.Input<string>;
  /** Why traffic to any host outside the cluster is let out. Default: only hosts that an EgressHost names are. */
  openEgressBecause?: string;
  /** Attempts after a first that certainly was not processed (connection failed, stream refused); 0 for none. Istio only. Default 2. */
  retryAttempts?: number;
  /** Where spans go. Default: nowhere. Istio only. */
  tracing?: MeshTracingArgs;
  /** Who may be asked about requests; an ExternalAuthorization says about which. Default: nobody. Istio only. */
  authorizer?: MeshAuthorizerArgs;
  /** Whether alerts on certificates' expiry are made; they need the CRDs of the Prometheus operator. Default true. */
  alerts?: boolean;
  /** false: the charts' pods are not waited for. Default true. */
  wait?: boolean;
  /** URL under which docs/components/ of this project can be read, for the alerts' runbook links. */
  runbookUrl?: pulumi.Input<string>;
  /** Labels of every object that the component makes itself, and of the charts' pods. */
  labels?: pulumi.Input<{ [name: string]: pulumi.Input<string> }>;
}
