/** Containers as Pod Security's "restricted" level wants them. */
import type * as k8s from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";
import type { ResourceRequestsArgs } from "../types";
import { concat, derive, present, shallow } from "../inputs";
import type {
  KubernetesContainerArgs,
  KubernetesPortArgs,
  KubernetesProbeArgs,
  ResourceLimitsArgs,
  VolumeMountArgs,
} from "./container-types";
import { bytesQuantity, cpuQuantity } from "./quantities";

type Container = k8s.types.input.core.v1.Container;
type EnvVar = k8s.types.input.core.v1.EnvVar;
type Probe = k8s.types.input.core.v1.Probe;
type ResourceRequirements = k8s.types.input.core.v1.ResourceRequirements;

/** What the kubelet keeps of a container's log: five files of 10 MiB, and a little of its own. */
const LOG_BYTES = 64 * 2 ** 20;
const EPHEMERAL_LIMIT_BYTES = 2 ** 30;

interface ContainerOptions {
  readOnlyRootFilesystem: boolean;
  /** Scratch folders' sizes, which count against the pod's storage on the node. */
  scratchBytes?: pulumi.Input<number>;
}

/** The parts that main containers, sidecars and init containers have in common. */
export function container(
  args: KubernetesContainerArgs,
  { readOnlyRootFilesystem, scratchBytes = 0 }: ContainerOptions,
): Container {
  return present({
    name: args.name,
    image: args.image,
    command: args.command,
    args: args.args,
    env: environment(args),
    ports: (args.ports ?? []).map((port) => ({ name: port.name, containerPort: containerPort(port), protocol: "TCP" })),
    resources: resources(args.requests, args.limits, scratchBytes),
    securityContext: {
      allowPrivilegeEscalation: false,
      privileged: false,
      readOnlyRootFilesystem,
      capabilities: { drop: ["ALL"] },
    },
    volumeMounts: (args.mounts ?? []).map((mount) => volumeMount(mount)),
    readinessProbe: args.readiness && probe(args.readiness, args.ports),
    livenessProbe: args.liveness && probe(args.liveness, args.ports),
  });
}

/** Whether the port is asked over TLS: by probes, by Prometheus, by whoever takes the workload's URL. */
export function isSecured(port: KubernetesPortArgs | undefined): boolean {
  return port?.appProtocol === "https";
}

export function containerPort({ port, containerPort: own }: KubernetesPortArgs): number {
  return own ?? port;
}

/** Mounts of what several containers may see say so themselves; files are read-only by their kind of volume. */
function volumeMount({ volume, mountPath }: VolumeMountArgs): k8s.types.input.core.v1.VolumeMount {
  return { name: volume, mountPath };
}

function environment(
  args: Pick<KubernetesContainerArgs, "environment" | "fieldEnvironment" | "secretReferences">,
): pulumi.Input<EnvVar[]> {
  return concat<EnvVar>(
    shallow(args.environment ?? {}, (map) => Object.entries(map).map(([name, value]) => ({ name, value }))),
    shallow(args.fieldEnvironment ?? {}, (map) =>
      Object.entries(map).map(([name, fieldPath]) => ({ name, valueFrom: { fieldRef: { fieldPath } } })),
    ),
    shallow(args.secretReferences ?? [], (references) =>
      references.map((reference) => ({
        name: derive(reference, ({ variable }) => variable),
        valueFrom: {
          secretKeyRef: {
            name: derive(reference, ({ secretName }) => secretName),
            key: derive(reference, ({ key }) => key),
          },
        },
      })),
    ),
  );
}

export function resources(
  requests: pulumi.Input<ResourceRequestsArgs>,
  limits: pulumi.Input<ResourceLimitsArgs> = {},
  scratchBytes: pulumi.Input<number> = 0,
): ResourceRequirements {
  return {
    requests: shallow(requests, ({ cpuCores, memoryBytes }) => ({
      cpu: derive(cpuCores, cpuQuantity),
      memory: derive(memoryBytes, bytesQuantity),
      "ephemeral-storage": bytesQuantity(LOG_BYTES),
    })),
    limits: derive({ requests, limits, scratchBytes }, (all) => ({
      // No CPU limit unless it is asked for: see ResourceLimitsArgs.
      ...(all.limits.cpuCores === undefined ? {} : { cpu: cpuQuantity(all.limits.cpuCores) }),
      memory: bytesQuantity(all.limits.memoryBytes ?? all.requests.memoryBytes),
      "ephemeral-storage": bytesQuantity(all.limits.ephemeralStorageBytes ?? EPHEMERAL_LIMIT_BYTES + all.scratchBytes),
    })),
  };
}

/** A probe of the container whose ports are given. */
export function probe(
  args: pulumi.Input<KubernetesProbeArgs>,
  ports: readonly KubernetesPortArgs[] = [],
): pulumi.Input<Probe> {
  return derive(args, (plain) => {
    const port = plain.port ?? ports[0]?.name ?? "";
    const secured = isSecured(ports.find(({ name }) => name === port));
    const ask: Probe =
      plain.path !== undefined
        ? { httpGet: { port, path: plain.path, ...(secured && { scheme: "HTTPS" }) } }
        : plain.command !== undefined
          ? { exec: { command: plain.command } }
          : { tcpSocket: { port } };
    return {
      ...ask,
      periodSeconds: plain.periodSeconds ?? 10,
      timeoutSeconds: plain.timeoutSeconds ?? 1,
      failureThreshold: plain.failureThreshold ?? 3,
    };
  });
}
