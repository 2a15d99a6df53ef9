import {
  type HttpProbe,
  KUBERNETES_ANNOTATIONS,
  KUBERNETES_LABELS,
  type WorkloadPort,
  type WorkloadSpec,
} from "../../../exports";
import { DRIVER_ANNOTATIONS, escapeExpansion, portVariable } from "./names";
import type { Container, EnvVar, KubernetesObject, Metadata, Probe, Secret, Service } from "./objects";
import { resourceList } from "./quantity";

/** What a workload looks like at the API server at the moment; undefined members where it is new. */
export interface Live {
  /** Replicas to run once it is not suspended. */
  replicas: number;
  suspended: boolean;
  /** Version of the Secret with its secret environment. */
  secretVersion?: string;
  formerGenerations?: number;
}

const MANAGED_BY = "machine-native-ops";
/** Where containers listen when their spec leaves the number open, and always behind a Service: a port that needs no rights. */
const FIRST_CONTAINER_PORT = 8080;
/** Seconds that a replica still serves after it was told to stop, while proxies learn that it goes. */
const DRAIN_SECONDS = 5;
const DEFAULT_GRACE_SECONDS = 10;
/** Restarts of a failed replica of a job, as on the local cluster. */
const JOB_RETRIES = 3;
/** The user that images of this library run as (distroless' "nonroot"). */
const NON_ROOT = 65532;

export function selectorLabels(name: string): Record<string, string> {
  return { [KUBERNETES_LABELS.name]: name };
}

/** Name of the Secret with the workload's secret environment. */
export function secretName(workload: string): string {
  return `${workload}-environment`;
}

export function secretManifest(spec: WorkloadSpec, namespace: string): Secret | undefined {
  if (Object.keys(spec.secretEnvironment ?? {}).length === 0) return undefined;
  return {
    apiVersion: "v1",
    kind: "Secret",
    metadata: { ...metadataFor(spec, namespace), name: secretName(spec.name) },
    type: "Opaque",
    // Not `stringData`: server-side apply would leave what is taken out of it in the Secret.
    data: Object.fromEntries(
      Object.entries(spec.secretEnvironment ?? {}).map(([name, value]) => [
        name,
        Buffer.from(value).toString("base64"),
      ]),
    ),
  };
}

export function serviceManifest(spec: WorkloadSpec, namespace: string): Service | undefined {
  const ports = assignPorts(spec.ports ?? []);
  if (ports.length === 0) return undefined;
  return {
    apiVersion: "v1",
    kind: "Service",
    metadata: metadataFor(spec, namespace),
    spec: {
      selector: selectorLabels(spec.name),
      ports: ports.map(({ name, port }) => ({ name, port, targetPort: name, protocol: "TCP" })),
    },
  };
}

/** The Deployment or Job that runs the workload. */
export function workloadManifest(
  spec: WorkloadSpec & { image: string },
  namespace: string,
  live: Live,
): KubernetesObject & { kind: "Deployment" | "Job" } {
  const { replicas, suspended } = live;
  const declared = spec.suspended === undefined ? "" : String(spec.suspended);
  const annotations: Record<string, string> = {
    ...spec.annotations,
    ...(spec.scaledBy === undefined ? {} : { [KUBERNETES_ANNOTATIONS.scaledBy]: spec.scaledBy }),
    ...(spec.owner === undefined ? {} : { [KUBERNETES_ANNOTATIONS.owner]: spec.owner }),
    [DRIVER_ANNOTATIONS.declaredSuspended]: declared,
  };
  const metadata = metadataFor(spec, namespace);
  if (spec.kind === "job") {
    if (live.formerGenerations !== undefined)
      annotations[DRIVER_ANNOTATIONS.formerGenerations] = String(live.formerGenerations);
    // Every replica is an index of its own, with its own retries, so that one that fails does not end the others.
    const job = {
      suspend: suspended,
      completionMode: "Indexed",
      completions: replicas,
      parallelism: replicas,
      backoffLimitPerIndex: JOB_RETRIES,
      template: podTemplate(spec, namespace, live),
    };
    return {
      apiVersion: "batch/v1",
      kind: "Job",
      metadata: { ...metadata, annotations },
      spec: job,
    } as KubernetesObject & {
      kind: "Job";
    };
  }
  annotations[DRIVER_ANNOTATIONS.suspendedReplicas] = suspended ? String(replicas) : "";
  const deployment = {
    replicas: suspended ? 0 : replicas,
    selector: { matchLabels: selectorLabels(spec.name) },
    // A new replica is ready before an old one goes; one that listens on its node's port must go first.
    strategy: spec.ports?.some(({ direct }) => direct)
      ? { type: "Recreate" }
      : { type: "RollingUpdate", rollingUpdate: { maxUnavailable: 0, maxSurge: 1 } },
    template: podTemplate(spec, namespace, live),
  };
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { ...metadata, annotations },
    spec: deployment,
  } as KubernetesObject & { kind: "Deployment" };
}

function metadataFor(spec: WorkloadSpec, namespace: string): Metadata {
  return {
    name: spec.name,
    namespace,
    labels: {
      ...spec.labels,
      ...selectorLabels(spec.name),
      [KUBERNETES_LABELS.partOf]: "machine-native-ops",
      [KUBERNETES_LABELS.managedBy]: MANAGED_BY,
    },
  };
}

/** Pod Security "restricted", no token, a read-only root with a scratch /tmp. */
function podTemplate(spec: WorkloadSpec & { image: string }, namespace: string, { secretVersion }: Live): object {
  const ports = assignPorts(spec.ports ?? []);
  const drain = ports.length > 0 ? DRAIN_SECONDS : 0;
  const container: Container = {
    name: spec.name,
    image: spec.image,
    command: spec.command.map(escapeExpansion),
    ...(spec.cwd === undefined ? {} : { workingDir: spec.cwd }),
    env: environment(spec, ports, namespace),
    ports: ports.map(({ name, port, containerPort, direct }) => ({
      name,
      containerPort,
      protocol: "TCP",
      ...(direct ? { hostPort: port } : {}),
    })),
    resources: { requests: resourceList(spec.requests) },
    ...(spec.readiness ? { readinessProbe: httpProbe(spec.readiness) } : {}),
    ...(spec.liveness ? { livenessProbe: httpProbe(spec.liveness) } : {}),
    ...(drain > 0 ? { lifecycle: { preStop: { sleep: { seconds: drain } } } } : {}),
    securityContext: {
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ["ALL"] },
    },
    volumeMounts: [{ name: "tmp", mountPath: "/tmp" }],
  };
  const tenant = spec.labels?.[KUBERNETES_LABELS.tenant];
  return {
    metadata: {
      labels: {
        ...selectorLabels(spec.name),
        [KUBERNETES_LABELS.partOf]: "machine-native-ops",
        // Whoever looks at pods alone, such as the carbon monitor, can tell whose they are.
        ...(tenant === undefined ? {} : { [KUBERNETES_LABELS.tenant]: tenant }),
      },
      ...(secretVersion === undefined ? {} : { annotations: { [DRIVER_ANNOTATIONS.secretVersion]: secretVersion } }),
    },
    spec: {
      containers: [container],
      restartPolicy: spec.kind === "job" ? "Never" : "Always",
      terminationGracePeriodSeconds: drain + Math.ceil(spec.gracePeriodSeconds ?? DEFAULT_GRACE_SECONDS),
      automountServiceAccountToken: false,
      enableServiceLinks: false,
      securityContext: {
        runAsNonRoot: true,
        runAsUser: NON_ROOT,
        runAsGroup: NON_ROOT,
        seccompProfile: { type: "RuntimeDefault" },
      },
      volumes: [{ name: "tmp", emptyDir: {} }],
    },
  };
}

type AssignedPort = WorkloadPort & { containerPort: number };

/** Each port's number behind the Service; port 0 becomes that number on the Service too. */
function assignPorts(ports: readonly WorkloadPort[]): AssignedPort[] {
  const given = new Set(ports.map(({ port }) => port));
  let next = FIRST_CONTAINER_PORT;
  return ports.map((port) => {
    while (given.has(next)) next += 1;
    const containerPort = port.direct && port.port !== 0 ? port.port : next++;
    return { ...port, port: port.port || containerPort, containerPort };
  });
}

function environment(spec: WorkloadSpec, ports: readonly AssignedPort[], namespace: string): EnvVar[] {
  const literal = (name: string, value: string): EnvVar => ({ name, value });
  const [first] = ports;
  return [
    ...Object.entries(spec.environment ?? {}).map(([name, value]) => literal(name, escapeExpansion(value))),
    ...Object.keys(spec.secretEnvironment ?? {}).map((name) => ({
      name,
      valueFrom: { secretKeyRef: { name: secretName(spec.name), key: name } },
    })),
    ...(first ? [literal("PORT", String(first.containerPort))] : []),
    ...ports.map(({ name, containerPort }) => literal(portVariable(name), String(containerPort))),
    literal("MNO_WORKLOAD", spec.name),
    { name: "MNO_REPLICA", valueFrom: { fieldRef: { fieldPath: "metadata.name" } } },
    literal("MNO_CLUSTER_URL", `kubernetes:${namespace}`),
  ];
}

/** Kubernetes probes in whole seconds; what is shorter becomes one. */
function httpProbe({ port, path, periodSeconds, timeoutSeconds, failureThreshold }: HttpProbe): Probe {
  const whole = (seconds: number): number => Math.max(1, Math.ceil(seconds));
  return {
    httpGet: { path, port },
    ...(periodSeconds === undefined ? {} : { periodSeconds: whole(periodSeconds) }),
    ...(timeoutSeconds === undefined ? {} : { timeoutSeconds: whole(timeoutSeconds) }),
    ...(failureThreshold === undefined ? {} : { failureThreshold }),
  };
}
