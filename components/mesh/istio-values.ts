import { PORTS } from "../../runtime/exports";
import { MeshKind } from "./kinds";
import type { MeshAuthorizerArgs, ServiceMeshArgs } from "./types";

export const ISTIO_NAMESPACE = "istio-system";

/** Names of the extension providers that the root Telemetry refers to. */
export const ACCESS_LOG_PROVIDER = "ecs-access-log";
export const TRACING_PROVIDER = "otlp";
/** Name of the extension provider that decides on requests. */
export const AUTHORIZER = "zero-trust-gateway";

/** CustomResourceDefinitions that chart `base` carries as templates; CustomResourceDefinitions installs them instead, first. */
const ISTIO_CRDS = [
  "trafficextensions.extensions.istio.io",
  "wasmplugins.extensions.istio.io",
  ...[
    "destinationrules",
    "envoyfilters",
    "gateways",
    "proxyconfigs",
    "serviceentries",
    "sidecars",
    "virtualservices",
    "workloadentries",
    "workloadgroups",
  ].map((plural) => `${plural}.networking.istio.io`),
  ...["authorizationpolicies", "peerauthentications", "requestauthentications"].map(
    (plural) => `${plural}.security.istio.io`,
  ),
  "telemetries.telemetry.istio.io",
];

/** One line of Envoy's access log in the keys of the Elastic Common Schema. https://www.elastic.co/docs/reference/ecs */
const ECS_ACCESS_LOG = {
  "@timestamp": "%START_TIME%",
  "ecs.version": "8.11.0",
  "event.dataset": "istio.access",
  "event.duration_ms": "%DURATION%",
  "http.request.method": "%REQ(:METHOD)%",
  "http.request.bytes": "%BYTES_RECEIVED%",
  "http.response.status_code": "%RESPONSE_CODE%",
  "http.response.bytes": "%BYTES_SENT%",
  "url.domain": "%REQ(:AUTHORITY)%",
  "url.path": "%REQ_WITHOUT_QUERY(X-ENVOY-ORIGINAL-PATH?:PATH)%",
  "source.address": "%DOWNSTREAM_REMOTE_ADDRESS%",
  "destination.address": "%UPSTREAM_HOST%",
  "trace.id": "%TRACE_ID%",
  "tls.client.x509.subject": "%DOWNSTREAM_PEER_URI_SAN%",
  "istio.response_flags": "%RESPONSE_FLAGS%",
  "istio.response_details": "%RESPONSE_CODE_DETAILS%",
};

const SECCOMP = { type: "RuntimeDefault" };

/** Values that all of Istio's charts take alike. */
function globalValues({ images = {} }: ServiceMeshArgs): Record<string, unknown> {
  return {
    istioNamespace: ISTIO_NAMESPACE,
    logAsJson: true,
    // The namespace denies by default; the charts know which ports each of their pods needs.
    networkPolicy: { enabled: true },
    ...(images.hub === undefined ? {} : { hub: images.hub }),
    ...(images.tag === undefined ? {} : { tag: images.tag }),
  };
}

export function baseValues(args: ServiceMeshArgs): Record<string, unknown> {
  return { global: globalValues(args), defaultRevision: "default", base: { excludedCRDs: ISTIO_CRDS } };
}

export function istiodValues(kind: MeshKind, args: ServiceMeshArgs): Record<string, unknown> {
  const replicas = args.controlPlaneReplicas ?? 2;
  return {
    ...profile(kind),
    global: {
      ...globalValues(args),
      proxy: { seccompProfile: SECCOMP },
      defaultPodDisruptionBudget: { enabled: true },
    },
    autoscaleEnabled: true,
    autoscaleMin: replicas,
    autoscaleMax: replicas * 3,
    // Drains go on, also while a replica is unhealthy.
    pdb: { maxUnavailable: 1, unhealthyPodEvictionPolicy: "AlwaysAllow" },
    rollingMaxUnavailable: 0,
    topologySpreadConstraints: ["topology.kubernetes.io/zone", "kubernetes.io/hostname"].map((topologyKey) => ({
      maxSkew: 1,
      topologyKey,
      whenUnsatisfiable: "ScheduleAnyway",
      labelSelector: { matchLabels: { app: "istiod" } },
    })),
    seccompProfile: SECCOMP,
    // Sidecars get their redirection from the CNI plugin, too: an init container with NET_ADMIN would break Pod Security "restricted".
    cni: { enabled: true },
    podLabels: args.labels ?? {},
    deploymentLabels: args.labels ?? {},
    ...(args.images?.pilot === undefined ? {} : { image: args.images.pilot }),
    meshConfig: meshConfig(args),
  };
}

function meshConfig({
  trustDomain,
  openEgressBecause,
  retryAttempts = 2,
  tracing,
  authorizer,
}: ServiceMeshArgs): object {
  const otlp = tracing && {
    name: TRACING_PROVIDER,
    opentelemetry: { service: tracing.host, port: tracing.port ?? 4317 },
  };
  return {
    trustDomain: trustDomain ?? "cluster.local",
    outboundTrafficPolicy: { mode: openEgressBecause === undefined ? "REGISTRY_ONLY" : "ALLOW_ANY" },
    // Only what the callee certainly did not begin: anything else could be done twice.
    defaultHttpRetryPolicy: {
      attempts: retryAttempts,
      retryOn: retryAttempts === 0 ? "" : "connect-failure,refused-stream,unavailable",
    },
    // Paths are compared with policies after the same clean-up that servers apply.
    pathNormalization: { normalization: "MERGE_SLASHES" },
    extensionProviders: [
      {
        name: ACCESS_LOG_PROVIDER,
        envoyFileAccessLog: { path: "/dev/stdout", logFormat: { labels: ECS_ACCESS_LOG } },
      },
      ...(otlp ? [otlp] : []),
      ...(authorizer ? [externalAuthorizer(authorizer)] : []),
    ],
  };
}

function externalAuthorizer({
  host,
  port = PORTS.extAuthzGrpc,
  timeoutMilliseconds = 200,
  openOnErrorBecause,
}: MeshAuthorizerArgs): object {
  return {
    name: AUTHORIZER,
    envoyExtAuthzGrpc: {
      service: host,
      port,
      // Istio's own default has been ten minutes.
      timeout: `${String(timeoutMilliseconds / 1000)}s`,
      failOpen: openOnErrorBecause !== undefined,
      statusOnError: "503",
    },
  };
}

export function cniValues(kind: MeshKind, args: ServiceMeshArgs): Record<string, unknown> {
  return {
    ...profile(kind),
    global: globalValues(args),
    seccompProfile: SECCOMP,
    daemonSetLabels: args.labels ?? {},
    podLabels: args.labels ?? {},
    ...(args.images?.cni === undefined ? {} : { image: args.images.cni }),
  };
}

export function ztunnelValues(args: ServiceMeshArgs): Record<string, unknown> {
  const { hub, tag, ztunnel } = args.images ?? {};
  return {
    profile: "ambient",
    global: globalValues(args),
    istioNamespace: ISTIO_NAMESPACE,
    logAsJson: true,
    labels: args.labels ?? {},
    podLabels: args.labels ?? {},
    // This chart reads its own hub and tag, not the global ones.
    ...(hub === undefined ? {} : { hub }),
    ...(tag === undefined ? {} : { tag }),
    ...(ztunnel === undefined ? {} : { image: ztunnel }),
  };
}

function profile(kind: MeshKind): { profile?: string } {
  return kind === MeshKind.IstioAmbient ? { profile: "ambient" } : {};
}
