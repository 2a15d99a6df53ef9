import * as pulumi from "@pulumi/pulumi";
import type { FieldFault } from "../../runtime/exports";
import { faultsOf, refuse } from "../arguments";
import { isPlain } from "../workload/inputs";
import { alarmOnExpiry, type WatchedCertificate } from "./certificate-alarm";
import { installIstio } from "./istio";
import { AUTHORIZER, ISTIO_NAMESPACE } from "./istio-values";
import { MeshKind } from "./kinds";
import { installLinkerd, LINKERD_NAMESPACE } from "./linkerd";
import { notAfterSeconds, validateIdentity } from "./linkerd-identity";
import type { LinkerdIdentityArgs, ServiceMeshArgs } from "./types";

/**
 * A service mesh for the whole cluster: mutual TLS only, every call denied until two workloads are connected, no host outside
 * the cluster but those named, telemetry of every proxy, and an alarm long before its certificates end. It needs the CRDs of
 * its vendor, of the Gateway API and of the Prometheus operator (Linkerd: of cert-manager, too) established first.
 */
export class ServiceMesh extends pulumi.ComponentResource {
  /** Which mesh: what a workload's `mesh` takes. */
  readonly kind: pulumi.Output<string>;
  /** Namespace of the control plane. */
  readonly namespace: pulumi.Output<string>;
  /** Trust domain of all identities: `<trust domain>/ns/<namespace>/sa/<service account>`. */
  readonly trustDomain: pulumi.Output<string>;
  /** Who decides on requests, as an ExternalAuthorization takes it; empty where nobody does. */
  readonly authorizer: pulumi.Output<string>;

  constructor(name: string, args: ServiceMeshArgs, opts?: pulumi.ComponentResourceOptions) {
    super("machine-native-ops:index:ServiceMesh", name, withSecrets(args), opts);
    refuse("ServiceMesh", name, validateServiceMesh(args));
    const { kind = MeshKind.IstioAmbient, identity } = args;
    const child = { parent: this };
    // The validator lets an identity pass with Linkerd, and only there.
    if (identity) installLinkerd(name, identity, args, child);
    else installIstio(name, kind, args, child);
    const namespace = identity ? LINKERD_NAMESPACE : ISTIO_NAMESPACE;
    if (args.alerts ?? true) {
      alarmOnExpiry(name, namespace, identity ? linkerdCertificates(identity) : ISTIO_CERTIFICATES, args, child);
    }
    this.kind = pulumi.output(kind);
    this.namespace = pulumi.output(namespace);
    this.trustDomain = pulumi.output(args.trustDomain ?? "cluster.local");
    this.authorizer = pulumi.output(args.authorizer ? AUTHORIZER : "");
    this.registerOutputs({
      kind: this.kind,
      namespace: this.namespace,
      trustDomain: this.trustDomain,
      authorizer: this.authorizer,
    });
  }
}

/** Faults of the arguments as far as they are known before any value is; the certificates are judged when they are. */
export function validateServiceMesh(args: ServiceMeshArgs): FieldFault[] {
  const {
    kind = MeshKind.IstioAmbient,
    controlPlaneReplicas: replicas = 2,
    retryAttempts: retries = 0,
    identity,
  } = args;
  const linkerd = kind === MeshKind.Linkerd;
  const timeout = args.authorizer?.timeoutMilliseconds ?? 200;
  const whole = (value: number, least: number) => Number.isInteger(value) && value >= least;
  const faults = faultsOf([
    [
      !Object.values(MeshKind).includes(kind) || kind === MeshKind.None,
      "kind",
      `is "${kind}"; it must be istio-ambient, istio-sidecar or linkerd (without a mesh, make no ServiceMesh)`,
    ],
    [
      linkerd && !identity,
      "identity",
      "is required with kind linkerd: the certificates that identities are issued from",
    ],
    [!linkerd && identity !== undefined, "identity", "is Linkerd's; Istio makes and renews its own"],
    [
      !whole(replicas, 2),
      "controlPlaneReplicas",
      "must be a whole number of at least 2: one replica is no control plane during a drain",
    ],
    [!whole(retries, 0) || retries > 10, "retryAttempts", "must be a whole number from 0 to 10"],
    [
      linkerd && args.retryAttempts !== undefined,
      "retryAttempts",
      "is Istio's; with Linkerd give retries to a ServicePolicy",
    ],
    [linkerd && args.tracing !== undefined, "tracing", "is Istio's; Linkerd's proxies send no spans of their own here"],
    [
      linkerd && args.authorizer !== undefined,
      "authorizer",
      "is Istio's; Linkerd's proxies ask nobody: route what must be decided upon through the gateway itself",
    ],
    [
      !(Number.isInteger(timeout) && timeout >= 10 && timeout <= 10_000),
      "authorizer.timeoutMilliseconds",
      "must be a whole number from 10 to 10000: every request waits for the decision",
    ],
    [
      args.authorizer?.openOnErrorBecause?.trim() === "",
      "authorizer.openOnErrorBecause",
      "must say why, or be left out",
    ],
    [
      linkerd && args.images !== undefined,
      "images",
      "is Istio's; with Linkerd give charts.repository or charts.directory",
    ],
    [args.openEgressBecause?.trim() === "", "openEgressBecause", "must say why, or be left out"],
    [
      args.charts?.directory !== undefined && args.charts.repository !== undefined,
      "charts",
      "takes a directory or a repository, not both",
    ],
  ]);
  // A secret is judged once it is known; what is plain now is refused now, at the caller's own line.
  return identity && isPlain(identity)
    ? [...faults, ...validateIdentity(identity as pulumi.Unwrap<typeof identity>)]
    : faults;
}

const ISTIO_CERTIFICATES: WatchedCertificate[] = [
  {
    alert: "MeshRootCertificateExpiring",
    what: "Istio's root certificate",
    secondsLeft: "min(citadel_server_root_cert_expiry_timestamp) - time()",
  },
  {
    alert: "MeshIssuerCertificateExpiring",
    what: "The certificate chain that istiod issues identities from",
    secondsLeft: "min(citadel_server_cert_chain_expiry_timestamp) - time()",
  },
];

/** From the certificates themselves: Linkerd has no metric of its trust anchor. */
function linkerdCertificates(identity: LinkerdIdentityArgs): WatchedCertificate[] {
  const left = (pem: pulumi.Input<string>): pulumi.Output<string> =>
    pulumi.unsecret(pulumi.output(pem)).apply((known) => `vector(${String(notAfterSeconds(known))}) - time()`);
  return [
    {
      alert: "MeshRootCertificateExpiring",
      what: "Linkerd's trust anchor",
      secondsLeft: left(identity.trustAnchorPem),
    },
    {
      alert: "MeshIssuerCertificateExpiring",
      what: "Linkerd's issuer certificate",
      secondsLeft: left(identity.issuerCertificatePem),
    },
  ];
}

/** A key that was given in the open is a secret from here on. */
function withSecrets(args: ServiceMeshArgs): ServiceMeshArgs {
  if (!args.identity) return args;
  return { ...args, identity: { ...args.identity, issuerKeyPem: pulumi.secret(args.identity.issuerKeyPem) } };
}
