import type * as pulumi from "@pulumi/pulumi";
import type { KubernetesContainerArgs, KubernetesProbeArgs } from "../workload/kubernetes/container-types";
import { KubernetesWorkloadKind, type KubernetesWorkloadArgs } from "../workload/kubernetes/types";
import type { FilesArgs } from "../workload/kubernetes/volume-types";
import type { ResourceRequestsArgs } from "../workload/types";
import { HANDOVER_SECONDS } from "./start";
import type { CacheLayout } from "./config";

const MIB = 1024 ** 2;
const SCRIPTS = "/etc/cache/scripts";
const METRICS = { name: "metrics", port: 9121 };
/** Where a sentinel writes down what it knows, beside the server's data; both small without persistence. */
const SCRATCH_BYTES = 64 * MIB;

export const SERVER = { name: "cache", port: 6379, appProtocol: "tcp" };
export const SENTINEL = { name: "sentinel", port: 26379, appProtocol: "tcp" };

export function layout(encrypted: boolean): CacheLayout {
  return {
    secrets: "/etc/cache/secrets",
    data: "/data",
    ...(encrypted ? { tls: "/etc/cache/tls" } : {}),
    serverPort: SERVER.port,
    sentinelPort: SENTINEL.port,
  };
}

export interface CachePod {
  namespace: pulumi.Input<string>;
  image: pulumi.Input<string>;
  layout: CacheLayout;
  replicas: number;
  requests: pulumi.Input<ResourceRequestsArgs>;
  script: pulumi.Input<string>;
  secretFiles: pulumi.Input<{ [file: string]: string }>;
  /** Name of the certificate's Secret; undefined without TLS. */
  certificate?: pulumi.Input<string> | undefined;
  /** Size of the disk; undefined without persistence. */
  storageBytes?: number | undefined;
  storageClassName?: pulumi.Input<string> | undefined;
  exporter?: { image: pulumi.Input<string>; secretName: pulumi.Input<string>; key: string } | undefined;
}

/** The pods of a cache: a server, a sentinel beside it and, where metrics are wanted, an exporter. */
export function cachePods(pod: CachePod): KubernetesWorkloadArgs {
  const { layout: at, certificate, exporter, storageBytes } = pod;
  const files: FilesArgs[] = [
    { name: "scripts", mountPath: SCRIPTS, contents: { "start.sh": pod.script } },
    { name: "secrets", mountPath: at.secrets, secretContents: pod.secretFiles },
    ...(certificate === undefined || at.tls === undefined
      ? []
      : [{ name: "tls", mountPath: at.tls, secretName: certificate }]),
  ];
  const { storageClassName } = pod;
  const disk = { name: "data", mountPath: at.data };
  const mounts = [...files, disk].map(({ name, mountPath }) => ({ volume: name, mountPath: mountPath! }));
  return {
    namespace: pod.namespace,
    image: pod.image,
    kind: KubernetesWorkloadKind.Stateful,
    command: start("server"),
    fieldEnvironment: { POD_NAME: "metadata.name" },
    requests: pod.requests,
    replicas: pod.replicas,
    ports: [SERVER],
    readiness: probe("ready", 5, 3),
    liveness: probe("alive", 10, 6),
    // Waiting for its turn and loading its data, a server does not answer: five minutes for both.
    startup: probe("alive", 5, 60),
    files,
    ...(storageBytes === undefined
      ? { scratch: [{ ...disk, sizeBytes: SCRATCH_BYTES }] }
      : {
          storage: [
            { ...disk, sizeBytes: storageBytes, ...(storageClassName === undefined ? {} : { storageClassName }) },
          ],
        }),
    sidecars: [
      {
        name: "sentinel",
        image: pod.image,
        command: start("sentinel"),
        fieldEnvironment: { POD_NAME: "metadata.name" },
        requests: { cpuCores: 0.05, memoryBytes: 64 * MIB },
        ports: [SENTINEL],
        mounts,
        liveness: probe("sentinel-alive", 10, 6),
      },
      ...(exporter === undefined ? [] : [exporterContainer(exporter, at, mounts)]),
    ],
    ...(exporter === undefined ? {} : { metrics: { port: METRICS.name } }),
    gracePeriodSeconds: HANDOVER_SECONDS + 30,
  };
}

function start(role: string): string[] {
  return ["sh", `${SCRIPTS}/start.sh`, role];
}

function probe(check: string, periodSeconds: number, failureThreshold: number): KubernetesProbeArgs {
  return { command: start(check), periodSeconds, timeoutSeconds: 5, failureThreshold };
}

function exporterContainer(
  exporter: NonNullable<CachePod["exporter"]>,
  at: CacheLayout,
  mounts: { volume: string; mountPath: string }[],
): KubernetesContainerArgs {
  const { tls } = at;
  return {
    name: "exporter",
    image: exporter.image,
    environment: {
      REDIS_ADDR: `${tls === undefined ? "redis" : "rediss"}://localhost:${at.serverPort}`,
      REDIS_USER: "exporter",
      // CONFIG would give the exporter the passwords that stand in it.
      REDIS_EXPORTER_CONFIG_COMMAND: "-",
      REDIS_EXPORTER_WEB_LISTEN_ADDRESS: `:${METRICS.port}`,
      ...(tls === undefined ? {} : { REDIS_EXPORTER_TLS_CA_CERT_FILE: `${tls}/ca.crt` }),
    },
    secretReferences: [{ variable: "REDIS_PASSWORD", secretName: exporter.secretName, key: exporter.key }],
    requests: { cpuCores: 0.02, memoryBytes: 32 * MIB },
    ports: [METRICS],
    mounts: mounts.filter(({ volume }) => volume === "tls"),
  };
}
