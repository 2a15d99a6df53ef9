import type * as pulumi from "@pulumi/pulumi";
import { derive } from "../workload/inputs";
import { KubernetesWorkloadKind, type KubernetesWorkloadArgs } from "../workload/kubernetes/types";
import type { ResourceRequestsArgs } from "../workload/types";
import { type BackboneLayout, LAME_DUCK_SECONDS, PORTS } from "./config";
import type { EventBackboneArgs, LeafRemoteArgs } from "./types";

const IMAGE = "docker.io/library/nats:2.12.1";
const EXPORTER_IMAGE = "docker.io/natsio/prometheus-nats-exporter:0.17.3";
const MIB = 1024 ** 2;
const CONFIG = "/etc/nats/config";
const METRICS = { name: "metrics", port: 7777 };
/** Share of the memory that the Go runtime tries to stay within, so that it collects rather than be killed. */
const GO_MEMORY_FRACTION = 0.85;

export const CLIENT = { name: "nats", port: PORTS.client, appProtocol: "tcp" };
const CLUSTER = { name: "cluster", port: PORTS.cluster, appProtocol: "tcp" };
const LEAF = { name: "leaf", port: PORTS.leaf, appProtocol: "tcp" };
const MONITOR = { name: "monitor", port: PORTS.monitor, appProtocol: "http" };

export function layout(encrypted: boolean): BackboneLayout {
  return {
    data: "/data/jetstream",
    run: "/run/nats",
    remotes: "/etc/nats/remotes",
    ...(encrypted ? { tls: "/etc/nats/tls" } : {}),
    listen: "0.0.0.0",
  };
}

export interface BackbonePod {
  args: EventBackboneArgs;
  layout: BackboneLayout;
  requests: pulumi.Input<ResourceRequestsArgs>;
  replicas: number;
  storageBytes: number;
  /** The text of the configuration file. */
  config: pulumi.Input<string>;
  /** Name of the certificate's Secret; undefined without TLS. */
  certificate?: pulumi.Input<string> | undefined;
}

/** The pods of a backbone: a server and, where metrics are wanted, an exporter beside it. */
export function backbonePods({ args, layout: at, config, certificate, ...pod }: BackbonePod): KubernetesWorkloadArgs {
  const { metrics, leafNodes, storageClassName } = args;
  const health = (query: string): { port: string; path: string } => ({ port: "monitor", path: `/healthz?${query}` });
  return {
    namespace: args.namespace,
    image: args.image ?? IMAGE,
    kind: KubernetesWorkloadKind.Stateful,
    command: ["nats-server", "--config", `${CONFIG}/nats.conf`],
    environment: {
      GOMEMLIMIT: derive(pod.requests, ({ memoryBytes }) => `${Math.floor(memoryBytes * GO_MEMORY_FRACTION)}B`),
    },
    fieldEnvironment: { POD_NAME: "metadata.name" },
    requests: pod.requests,
    replicas: pod.replicas,
    ports: [CLIENT, CLUSTER, MONITOR, ...(leafNodes?.acceptFrom === undefined ? [] : [LEAF])],
    // Ready when JetStream runs, not when all streams have a leader: servers that wait for each other never start.
    readiness: { ...health("js-enabled-only=true"), periodSeconds: 5, timeoutSeconds: 5 },
    liveness: { ...health("js-enabled-only=true"), periodSeconds: 10, timeoutSeconds: 5, failureThreshold: 6 },
    // Recovering large streams takes its time: ten minutes.
    startup: { ...health("js-enabled-only=true"), periodSeconds: 5, timeoutSeconds: 5, failureThreshold: 120 },
    files: [
      { name: "config", mountPath: CONFIG, secretContents: { "nats.conf": config } },
      ...(certificate === undefined || at.tls === undefined
        ? []
        : [{ name: "tls", mountPath: at.tls, secretName: certificate }]),
      ...(leafNodes?.remotes ?? []).flatMap((remote) => remoteFiles(at, remote)),
    ],
    scratch: [{ name: "run", mountPath: at.run, sizeBytes: MIB }],
    storage: [
      {
        name: "data",
        mountPath: "/data",
        sizeBytes: pod.storageBytes,
        ...(storageClassName !== undefined && { storageClassName }),
      },
    ],
    ...(metrics && {
      metrics: { port: METRICS.name },
      sidecars: [
        {
          name: "exporter",
          image: metrics.image ?? EXPORTER_IMAGE,
          args: [
            "-port",
            String(METRICS.port),
            "-varz",
            "-connz",
            "-routez",
            "-jsz=all",
            `http://localhost:${PORTS.monitor}`,
          ],
          requests: { cpuCores: 0.02, memoryBytes: 32 * MIB },
          ports: [METRICS],
        },
      ],
    }),
    gracePeriodSeconds: LAME_DUCK_SECONDS + 15,
  };
}

/** The Secrets of a remote, each in a folder of its own below the remote's. */
function remoteFiles(at: BackboneLayout, remote: LeafRemoteArgs): NonNullable<KubernetesWorkloadArgs["files"]> {
  const { name, credentialsSecretName, authoritySecretName } = remote;
  return [
    ...(credentialsSecretName === undefined
      ? []
      : [{ name: `login-${name}`, mountPath: `${at.remotes}/${name}/login`, secretName: credentialsSecretName }]),
    ...(authoritySecretName === undefined
      ? []
      : [{ name: `authority-${name}`, mountPath: `${at.remotes}/${name}/authority`, secretName: authoritySecretName }]),
  ];
}
