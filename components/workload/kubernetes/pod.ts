/** The pod of a workload: Pod Security "restricted", bounded, spread, drained before it ends. */
import type * as k8s from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";
import { derive, present } from "../inputs";
import { MeshKind } from "../../mesh/kinds";
import type { KubernetesContainerArgs } from "./container-types";
import { container, probe } from "./containers";
import { meshMembership } from "./mesh-traffic";
import { labelsOf, selectorLabels } from "../../metadata";
import { OptOutSetting } from "./operation-types";
import { canHaveSeveral, isLasting, kindOf, optedOut } from "./shape";
import { KubernetesWorkloadKind, type KubernetesWorkloadArgs, ZoneSpread } from "./types";
import { type FileSources, mainMounts, scratchBytes, volumes } from "./volumes";

type PodTemplateSpec = k8s.types.input.core.v1.PodTemplateSpec;
type TopologySpreadConstraint = k8s.types.input.core.v1.TopologySpreadConstraint;

/** The user and group of distroless images: not root, and no user of the node. */
const NOBODY = 65532;
const GRACE_SECONDS = 30;
/** A pod that ends keeps serving for this long, until every node has stopped sending to it. */
const DRAIN_SECONDS = 5;

/** What other resources of the workload are called. */
export interface Sources {
  /** The Secret with the secret environment. */
  secretEnvironment?: pulumi.Input<string>;
  files: FileSources;
}

export function podTemplate(name: string, args: KubernetesWorkloadArgs, sources: Sources): PodTemplateSpec {
  const mesh = meshMembership(args.mesh ?? MeshKind.None);
  const needsToken = (args.permissions ?? []).length + (args.clusterPermissions ?? []).length > 0;
  const spread = canHaveSeveral(args) && !optedOut(args, OptOutSetting.TopologySpread);
  return {
    metadata: present({
      labels: labelsOf(name, args.labels, mesh.labels),
      annotations: derive(args.annotations ?? {}, (own) => ({ ...own, ...mesh.annotations })),
    }),
    spec: present({
      serviceAccountName: name,
      automountServiceAccountToken: needsToken,
      // The addresses of every Service as variables: noise, and a map for intruders.
      enableServiceLinks: false,
      restartPolicy: isLasting(args) ? "Always" : "Never",
      priorityClassName: args.priorityClassName,
      terminationGracePeriodSeconds: derive(
        args.gracePeriodSeconds ?? GRACE_SECONDS,
        (seconds) => seconds + (drains(args) ? DRAIN_SECONDS : 0),
      ),
      securityContext: podSecurity(args),
      topologySpreadConstraints: spread ? topologySpread(name, args) : undefined,
      initContainers: [
        ...(args.initContainers ?? []).map((init) => container(init, writable(args))),
        // A native sidecar: an init container that goes on running. It starts before the main one and ends after it.
        ...(args.sidecars ?? []).map((sidecar) => ({ ...container(sidecar, writable(args)), restartPolicy: "Always" })),
      ],
      containers: [mainContainer(name, args, sources)],
      volumes: volumes(args, sources.files),
    }),
  };
}

function mainContainer(
  name: string,
  args: KubernetesWorkloadArgs,
  sources: Sources,
): k8s.types.input.core.v1.Container {
  const shared: KubernetesContainerArgs = { ...args, name, mounts: mainMounts(args) };
  return {
    ...container(shared, { ...writable(args), scratchBytes: scratchBytes(args) }),
    startupProbe: args.startup && probe(args.startup, args.ports),
    envFrom: sources.secretEnvironment === undefined ? undefined : [{ secretRef: { name: sources.secretEnvironment } }],
    lifecycle: drains(args) ? { preStop: { sleep: { seconds: DRAIN_SECONDS } } } : undefined,
  };
}

/** Whether clients may still be sending when a replica ends. */
function drains(args: KubernetesWorkloadArgs): boolean {
  return isLasting(args) && (args.ports ?? []).length > 0;
}

function writable(args: KubernetesWorkloadArgs): { readOnlyRootFilesystem: boolean } {
  return { readOnlyRootFilesystem: !optedOut(args, OptOutSetting.ReadOnlyRootFilesystem) };
}

function podSecurity(args: KubernetesWorkloadArgs): k8s.types.input.core.v1.PodSecurityContext {
  const root = optedOut(args, OptOutSetting.RunAsNonRoot);
  const user = args.runAsUser ?? (root ? undefined : NOBODY);
  return {
    runAsNonRoot: !root,
    runAsUser: user,
    runAsGroup: user,
    fsGroup: args.fsGroup ?? args.runAsUser ?? NOBODY,
    fsGroupChangePolicy: "OnRootMismatch",
    seccompProfile: { type: "RuntimeDefault" },
  };
}

/** Over zones as `zoneSpread` says, over nodes where it can be had. A rollout's new replicas are balanced among themselves. */
function topologySpread(name: string, args: KubernetesWorkloadArgs): TopologySpreadConstraint[] {
  const stateful = kindOf(args) === KubernetesWorkloadKind.Stateful;
  const common = {
    maxSkew: 1,
    labelSelector: { matchLabels: selectorLabels(name) },
    matchLabelKeys: [stateful ? "controller-revision-hash" : "pod-template-hash"],
  };
  const zones =
    args.zoneSpread === ZoneSpread.Required
      ? // A zone whose nodes are all tainted, as in an outage, does not hold back the others.
        { whenUnsatisfiable: "DoNotSchedule", nodeTaintsPolicy: "Honor" }
      : { whenUnsatisfiable: "ScheduleAnyway" };
  return [
    { ...common, topologyKey: "topology.kubernetes.io/zone", ...zones },
    { ...common, topologyKey: "kubernetes.io/hostname", whenUnsatisfiable: "ScheduleAnyway" },
  ];
}
