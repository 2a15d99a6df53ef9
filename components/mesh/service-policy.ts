import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import type { FieldFault } from "../../runtime/exports";
import { faultsOf, refuse } from "../arguments";
import { metadata } from "../metadata";
import { duration, isDuration } from "./duration";
import { MeshKind } from "./kinds";

/** When a replica that fails is left out for a while. */
export interface OutlierDetectionArgs {
  /** Errors (5xx, refused connections) in a row. Default 5. */
  consecutiveErrors?: number;
  /** Seconds between two looks. Default 10. */
  intervalSeconds?: number;
  /** Seconds left out for the first time; the n-th time n times as long. Default 30. */
  ejectionSeconds?: number;
  /** Share of the replicas that may be left out at once, 1 to 100. Default 50. */
  maxEjectedPercent?: number;
}

/** How much one caller may hold open. */
export interface ConnectionPoolArgs {
  /** TCP connections. Default: no bound of the mesh's. */
  maxConnections?: number;
  /** Requests that wait for a connection; those beyond get 503 at once. Default 1024. */
  maxPendingRequests?: number;
  /** Requests under way. Default 1024. */
  maxRequests?: number;
  /** Seconds to connect. Default 5. */
  connectTimeoutSeconds?: number;
  /** Share of the active requests that may be retries at one time, 0 to 100: it stops a storm. Default 20. */
  retryBudgetPercent?: number;
}

/** Which answers are asked for again. The requests must be safe to repeat. */
export interface ServiceRetriesArgs {
  /** Attempts after the first, 1 to 10. */
  attempts: number;
  /** Seconds for each attempt. Default: what is left of the request's timeout. */
  perTryTimeoutSeconds?: number;
}

export interface ServicePolicyArgs {
  /** The mesh that carries the service's traffic. Default `istio-ambient`, where the Service must use a waypoint. */
  kind?: MeshKind;
  /** Namespace of the Service. */
  namespace: pulumi.Input<string>;
  /** Name of the Service. */
  service: pulumi.Input<string>;
  /** Port of the Service. */
  port: number;
  /** Seconds within which a request is answered, retries included. Default 15. */
  timeoutSeconds?: number;
  /** Retries of answers 5xx. Default: none but the mesh's own of what was not processed. Not on istio-ambient. */
  retries?: ServiceRetriesArgs;
  /** When failing replicas are left out. Istio only. */
  outlierDetection?: OutlierDetectionArgs;
  /** Bounds of what one caller holds open. Istio only. */
  connectionPool?: ConnectionPoolArgs;
  /** Labels of every object. */
  labels?: pulumi.Input<{ [name: string]: pulumi.Input<string> }>;
}

/** How callers in the mesh treat one Service: timeouts, retries, bounds, and when a failing replica is left out. */
export class ServicePolicy extends pulumi.ComponentResource {
  /** `<service>.<namespace>.svc.cluster.local`, whose callers the policy is for. */
  readonly host: pulumi.Output<string>;

  constructor(name: string, args: ServicePolicyArgs, opts?: pulumi.ComponentResourceOptions) {
    super("machine-native-ops:index:ServicePolicy", name, args, opts);
    refuse("ServicePolicy", name, validateServicePolicy(args));
    const { kind = MeshKind.IstioAmbient, namespace, service, labels } = args;
    const host = pulumi.interpolate`${service}.${namespace}.svc.cluster.local`;
    const create = (
      apiVersion: string,
      objectKind: string,
      spec: object,
      annotations?: Record<string, string>,
    ): void => {
      new k8s.apiextensions.CustomResource(
        `${name}-${objectKind.toLowerCase()}`,
        { apiVersion, kind: objectKind, metadata: metadata(name, { namespace, labels, annotations }), spec },
        { parent: this },
      );
    };
    if (kind !== MeshKind.Linkerd) {
      create("networking.istio.io/v1", "DestinationRule", { host, trafficPolicy: trafficPolicy(args) });
    }
    if (kind === MeshKind.IstioSidecar && args.retries) {
      create("networking.istio.io/v1", "VirtualService", virtualService(host, args, args.retries));
    } else {
      const annotations = kind === MeshKind.Linkerd ? linkerdAnnotations(args) : undefined;
      create("gateway.networking.k8s.io/v1", "HTTPRoute", httpRoute(args), annotations);
    }
    this.host = host;
    this.registerOutputs({ host });
  }
}

/** Faults of the arguments; each message says what would be right. */
export function validateServicePolicy(args: ServicePolicyArgs): FieldFault[] {
  const { kind = MeshKind.IstioAmbient, port, timeoutSeconds, retries, outlierDetection, connectionPool } = args;
  const linkerd = kind === MeshKind.Linkerd;
  const within = (value: number | undefined, least: number, most: number) =>
    value === undefined || (Number.isInteger(value) && value >= least && value <= most);
  const counts = [connectionPool?.maxConnections, connectionPool?.maxPendingRequests, connectionPool?.maxRequests];
  const seconds: [string, number | undefined][] = [
    ["timeoutSeconds", timeoutSeconds],
    ["retries.perTryTimeoutSeconds", retries?.perTryTimeoutSeconds],
    ["outlierDetection.intervalSeconds", outlierDetection?.intervalSeconds],
    ["outlierDetection.ejectionSeconds", outlierDetection?.ejectionSeconds],
    ["connectionPool.connectTimeoutSeconds", connectionPool?.connectTimeoutSeconds],
  ];
  return faultsOf([
    [kind === MeshKind.None, "kind", "is none: without a mesh nothing would enforce the policy"],
    [!within(port, 1, 65535), "port", "must be a whole number from 1 to 65535"],
    [!within(retries?.attempts, 1, 10), "retries.attempts", "must be a whole number from 1 to 10"],
    [
      kind === MeshKind.IstioAmbient && retries !== undefined,
      "retries",
      "are not in the Gateway API's standard channel, which waypoints are configured by: set ServiceMesh.retryAttempts, or use istio-sidecar",
    ],
    [
      linkerd && outlierDetection !== undefined,
      "outlierDetection",
      "is Istio's; Linkerd reads the Service's annotations balancer.linkerd.io/failure-accrual",
    ],
    [linkerd && connectionPool !== undefined, "connectionPool", "is Istio's; Linkerd has no such bounds"],
    [
      !within(outlierDetection?.consecutiveErrors, 1, 1000),
      "outlierDetection.consecutiveErrors",
      "must be a whole number from 1 to 1000",
    ],
    [
      !within(outlierDetection?.maxEjectedPercent, 1, 100),
      "outlierDetection.maxEjectedPercent",
      "must be a whole number from 1 to 100",
    ],
    [!counts.every((count) => within(count, 1, 2 ** 31 - 1)), "connectionPool", "takes whole numbers of at least 1"],
    [
      !within(connectionPool?.retryBudgetPercent, 0, 100),
      "connectionPool.retryBudgetPercent",
      "must be a whole number from 0 to 100",
    ],
    ...seconds.map(
      ([field, value]) =>
        [!isDuration(value), field, "must be seconds above 0: whole ones, or milliseconds below 100 s"] as const,
    ),
  ]);
}

function trafficPolicy({ outlierDetection: outliers = {}, connectionPool: pool = {} }: ServicePolicyArgs): object {
  return {
    connectionPool: {
      tcp: {
        connectTimeout: duration(pool.connectTimeoutSeconds ?? 5),
        ...(pool.maxConnections === undefined ? {} : { maxConnections: pool.maxConnections }),
      },
      http: { http1MaxPendingRequests: pool.maxPendingRequests ?? 1024, http2MaxRequests: pool.maxRequests ?? 1024 },
    },
    retryBudget: { percent: pool.retryBudgetPercent ?? 20, minRetryConcurrency: 3 },
    outlierDetection: {
      consecutive5xxErrors: outliers.consecutiveErrors ?? 5,
      interval: duration(outliers.intervalSeconds ?? 10),
      baseEjectionTime: duration(outliers.ejectionSeconds ?? 30),
      maxEjectionPercent: outliers.maxEjectedPercent ?? 50,
      // With fewer than half of the replicas healthy, all are used again: better slow than none.
      minHealthPercent: 50,
    },
  };
}

function virtualService(host: pulumi.Output<string>, args: ServicePolicyArgs, retries: ServiceRetriesArgs): object {
  return {
    hosts: [host],
    http: [
      {
        route: [{ destination: { host, port: { number: args.port } } }],
        timeout: duration(args.timeoutSeconds ?? 15),
        retries: {
          attempts: retries.attempts,
          retryOn: "connect-failure,refused-stream,unavailable,5xx",
          ...(retries.perTryTimeoutSeconds === undefined
            ? {}
            : { perTryTimeout: duration(retries.perTryTimeoutSeconds) }),
        },
      },
    ],
  };
}

function httpRoute({ service, port, timeoutSeconds = 15 }: ServicePolicyArgs): object {
  return {
    parentRefs: [{ group: "", kind: "Service", name: service, port }],
    rules: [{ timeouts: { request: duration(timeoutSeconds) }, backendRefs: [{ name: service, port }] }],
  };
}

function linkerdAnnotations({ retries }: ServicePolicyArgs): Record<string, string> | undefined {
  return (
    retries && {
      "retry.linkerd.io/http": "5xx",
      "retry.linkerd.io/limit": String(retries.attempts),
      ...(retries.perTryTimeoutSeconds === undefined
        ? {}
        : { "retry.linkerd.io/timeout": duration(retries.perTryTimeoutSeconds) }),
    }
  );
}
