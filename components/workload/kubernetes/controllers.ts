/** The specs of what makes the pods. */
import type * as k8s from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";
import { admissionOf, greenAnnotations } from "../green";
import { derive } from "../inputs";
import { selectorLabels } from "../../metadata";
import type { KubernetesWorkloadArgs } from "./types";
import { claimTemplates } from "./volumes";

type Template = k8s.types.input.core.v1.PodTemplateSpec;

/** Old versions kept for a rollback. */
const HISTORY = 3;

/** Where an autoscaler owns the number of replicas, it is not declared: two owners would fight over it. */
function replicas({ autoscaling, replicas: declared }: KubernetesWorkloadArgs): pulumi.Input<number> | undefined {
  return autoscaling ? undefined : (declared ?? 1);
}

export function deploymentSpec(
  name: string,
  args: KubernetesWorkloadArgs,
  template: Template,
): k8s.types.input.apps.v1.DeploymentSpec {
  return {
    replicas: replicas(args),
    selector: { matchLabels: selectorLabels(name) },
    // A new replica is ready before an old one goes.
    strategy: { type: "RollingUpdate", rollingUpdate: { maxUnavailable: 0, maxSurge: 1 } },
    revisionHistoryLimit: HISTORY,
    template,
  };
}

/** Name of the Service that gives each replica of a stateful workload a DNS name of its own. */
export function headlessName(name: string): string {
  return `${name}-headless`;
}

export function statefulSetSpec(
  name: string,
  args: KubernetesWorkloadArgs,
  template: Template,
): k8s.types.input.apps.v1.StatefulSetSpec {
  const claims = claimTemplates(args.storage ?? []);
  const keep = args.protect === false ? "Delete" : "Retain";
  return {
    replicas: replicas(args),
    selector: { matchLabels: selectorLabels(name) },
    serviceName: headlessName(name),
    // Members of a cluster need each other to become ready; updates are still one at a time.
    podManagementPolicy: "Parallel",
    updateStrategy: { type: "RollingUpdate" },
    revisionHistoryLimit: HISTORY,
    template,
    volumeClaimTemplates: claims.length > 0 ? claims : undefined,
    persistentVolumeClaimRetentionPolicy: claims.length > 0 ? { whenDeleted: keep, whenScaled: "Retain" } : undefined,
  };
}

export function jobSpec(args: KubernetesWorkloadArgs, template: Template): k8s.types.input.batch.v1.JobSpec {
  return {
    parallelism: args.parallelism ?? 1,
    completions: args.completions ?? 1,
    backoffLimit: args.backoffLimit ?? 6,
    // A pod that is evicted or preempted did not fail: it does not use up the limit.
    podFailurePolicy: {
      rules: [{ action: "Ignore", onPodConditions: [{ type: "DisruptionTarget", status: "True" }] }],
    },
    template,
  };
}

/** Whether the Job itself starts suspended; an engine that admits it releases it later. */
export function suspendedAtFirst(args: KubernetesWorkloadArgs): pulumi.Input<boolean> {
  const { suspended } = args;
  return admissionOf(args) === undefined ? (suspended ?? false) : derive(suspended ?? true, (given) => given);
}

export function cronJobSpec(
  name: string,
  args: KubernetesWorkloadArgs,
  labels: k8s.types.input.meta.v1.ObjectMeta["labels"],
  template: Template,
): k8s.types.input.batch.v1.CronJobSpec {
  return {
    schedule: args.schedule ?? "",
    timeZone: args.timeZone ?? "Etc/UTC",
    // A run that is late to end is not joined by the next.
    concurrencyPolicy: "Forbid",
    startingDeadlineSeconds: 300,
    successfulJobsHistoryLimit: HISTORY,
    failedJobsHistoryLimit: HISTORY,
    suspend: args.suspended ?? false,
    // Each run is held until the green scheduler releases it.
    jobTemplate:
      args.green === undefined
        ? { metadata: { labels }, spec: jobSpec(args, template) }
        : {
            metadata: {
              labels,
              annotations: derive(args.green, (green) => greenAnnotations({ recurringKey: name, ...green })),
            },
            spec: { ...jobSpec(args, template), suspend: true },
          },
  };
}
