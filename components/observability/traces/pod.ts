import { createHash } from "node:crypto";
import type * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { stringify } from "yaml";
import type { StringMap } from "../../metadata";
import {
  type Config,
  HEALTH_PORT,
  METRICS_PORT,
  OTLP_GRPC_PORT,
  OTLP_HTTP_PORT,
  TARGET_CA_FOLDER,
  TLS_FOLDER,
  VARIABLES,
} from "./collector-config";

/** User of the collector's image. */
const USER = 10001;
const CONFIG_FOLDER = "/etc/otel/config";

export const CONFIG_FILE = "collector.yaml";

/** The configuration as the collector reads it. */
export function configText(config: Config): string {
  return stringify(config, { lineWidth: 0 });
}

export interface CollectorPod {
  labels: StringMap;
  image: pulumi.Input<string>;
  serviceAccountName: string;
  /** Needs the Kubernetes API. */
  token: boolean;
  configMapName: string;
  configText: pulumi.Output<string>;
  cpu: string;
  memoryBytes: number;
  tlsSecretName?: pulumi.Input<string>;
  targetCaSecretName?: pulumi.Input<string>;
  authorizationSecretName?: pulumi.Input<string>;
  clusterName?: pulumi.Input<string>;
  topologySpreadConstraints?: k8s.types.input.core.v1.TopologySpreadConstraint[];
}

/** The pod of a collector, as Pod Security "restricted" asks; it is replaced when its configuration changes. */
export function collectorPod(pod: CollectorPod): k8s.types.input.core.v1.PodTemplateSpec {
  const { volumes, mounts } = folders(pod);
  return {
    metadata: {
      labels: pod.labels,
      annotations: {
        "machine-native-ops/configuration-checksum": pod.configText.apply((text) =>
          createHash("sha256").update(text).digest("hex"),
        ),
      },
    },
    spec: {
      serviceAccountName: pod.serviceAccountName,
      automountServiceAccountToken: pod.token,
      securityContext: {
        runAsNonRoot: true,
        runAsUser: USER,
        runAsGroup: USER,
        fsGroup: USER,
        seccompProfile: { type: "RuntimeDefault" },
      },
      terminationGracePeriodSeconds: 60,
      ...(pod.topologySpreadConstraints === undefined
        ? {}
        : { topologySpreadConstraints: pod.topologySpreadConstraints }),
      containers: [
        {
          name: "collector",
          image: pod.image,
          args: [`--config=${CONFIG_FOLDER}/${CONFIG_FILE}`],
          env: environment(pod),
          ports: [
            { name: "otlp-grpc", containerPort: OTLP_GRPC_PORT },
            { name: "otlp-http", containerPort: OTLP_HTTP_PORT },
            { name: "metrics", containerPort: METRICS_PORT },
            { name: "health", containerPort: HEALTH_PORT },
          ],
          readinessProbe: { httpGet: { path: "/", port: "health" }, periodSeconds: 5 },
          livenessProbe: { httpGet: { path: "/", port: "health" }, periodSeconds: 10, failureThreshold: 6 },
          resources: {
            requests: { cpu: pod.cpu, memory: String(pod.memoryBytes) },
            // The memory limiter counts in percent of this.
            limits: { memory: String(pod.memoryBytes) },
          },
          securityContext: {
            allowPrivilegeEscalation: false,
            readOnlyRootFilesystem: true,
            capabilities: { drop: ["ALL"] },
          },
          volumeMounts: mounts,
        },
      ],
      volumes,
    },
  };
}

function environment(pod: CollectorPod): k8s.types.input.core.v1.EnvVar[] {
  const field = (name: string, fieldPath: string) => ({ name, valueFrom: { fieldRef: { fieldPath } } });
  const variables: k8s.types.input.core.v1.EnvVar[] = [
    field(VARIABLES.podIp, "status.podIP"),
    field(VARIABLES.nodeName, "spec.nodeName"),
    // Go collects earlier than the limiter refuses.
    { name: "GOMEMLIMIT", value: String(Math.floor(pod.memoryBytes * 0.75)) },
  ];
  if (pod.clusterName !== undefined) {
    variables.push({
      name: "OTEL_RESOURCE_ATTRIBUTES",
      value: pulumi.interpolate`k8s.cluster.name=${pod.clusterName}`,
    });
  }
  if (pod.authorizationSecretName !== undefined) {
    const secretKeyRef = { name: pod.authorizationSecretName, key: "authorization" };
    variables.push({ name: VARIABLES.authorization, valueFrom: { secretKeyRef } });
  }
  return variables;
}

function folders({ configMapName, tlsSecretName, targetCaSecretName }: CollectorPod): {
  volumes: k8s.types.input.core.v1.Volume[];
  mounts: k8s.types.input.core.v1.VolumeMount[];
} {
  const volumes: k8s.types.input.core.v1.Volume[] = [{ name: "config", configMap: { name: configMapName } }];
  const mounts = [{ name: "config", mountPath: CONFIG_FOLDER, readOnly: true }];
  const secret = (name: string, secretName: pulumi.Input<string> | undefined, mountPath: string): void => {
    if (secretName === undefined) return;
    volumes.push({ name, secret: { secretName } });
    mounts.push({ name, mountPath, readOnly: true });
  };
  secret("tls", tlsSecretName, TLS_FOLDER);
  secret("target-ca", targetCaSecretName, TARGET_CA_FOLDER);
  return { volumes, mounts };
}
