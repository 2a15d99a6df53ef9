import * as k8s from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";
import { KUBERNETES_ANNOTATIONS, KUBERNETES_LABELS } from "../../../runtime/exports";
import { MeshKind } from "../../mesh/kinds";
import { admissionOf, greenAnnotations } from "../green";
import { derive, shallow } from "../inputs";
import { horizontalPodAutoscalerSpec, type ScaleTarget, scaledObjectSpec } from "./autoscaler";
import { Scaler } from "./autoscaling-types";
import { cronJobSpec, deploymentSpec, headlessName, jobSpec, statefulSetSpec, suspendedAtFirst } from "./controllers";
import { disruptionBudgetSpec } from "./disruption-budget";
import { labelsOf, metadata, type ObjectMetadata, selectorLabels } from "../../metadata";
import { podMonitorSpec, prometheusRuleSpec } from "./monitor";
import { defaultDeny } from "./network-policy";
import { OptOutSetting, type PermissionArgs } from "./operation-types";
import { podTemplate } from "./pod";
import { binding, policyRules, qualifiedName } from "./roles";
import { headlessServiceSpec, serviceSpec } from "./service";
import { canHaveNone, canHaveSeveral, isLasting, kindOf, optedOut } from "./shape";
import { makeSources } from "./sources";
import { KubernetesWorkloadKind, type KubernetesWorkloadArgs } from "./types";

/** Tells Pulumi not to wait until the object is ready. */
const SKIP_AWAIT = "pulumi.com/skipAwait";
/** The engine that scales what names it as its scaler. */
const SCALING_ENGINE = "auto-scaling-engine";

/** The objects that one workload is made of; what each says is the builders' business. */
export class Parts {
  constructor(
    private readonly name: string,
    private readonly args: KubernetesWorkloadArgs,
    private readonly parent: pulumi.Resource,
  ) {}

  account(): k8s.core.v1.ServiceAccount {
    const { imagePullSecrets } = this.args;
    return new k8s.core.v1.ServiceAccount(
      this.name,
      {
        metadata: this.#metadata(),
        automountServiceAccountToken: false,
        imagePullSecrets: imagePullSecrets && shallow(imagePullSecrets, (names) => names.map((name) => ({ name }))),
      },
      { parent: this.parent },
    );
  }

  roles(): pulumi.Resource[] {
    const { permissions = [], clusterPermissions = [] } = this.args;
    return [
      ...(permissions.length > 0 ? this.#role(permissions) : []),
      ...(clusterPermissions.length > 0 ? this.#clusterRole(clusterPermissions) : []),
    ];
  }

  networkPolicy(): pulumi.Resource {
    const spec = defaultDeny(selectorLabels(this.name), this.args.mesh ?? MeshKind.None);
    return new k8s.networking.v1.NetworkPolicy(
      this.name,
      { metadata: this.#metadata(), spec },
      { parent: this.parent },
    );
  }

  /** What makes the pods; it waits for what they need from their first moment, `dependsOn`. */
  controller(dependsOn: pulumi.Resource[]): pulumi.CustomResource {
    const { name, args } = this;
    const template = podTemplate(name, args, makeSources(name, args, this.parent));
    const options = { parent: this.parent, dependsOn };
    switch (kindOf(args)) {
      case KubernetesWorkloadKind.Service:
        return new k8s.apps.v1.Deployment(
          name,
          { metadata: this.#controllerMetadata(), spec: deploymentSpec(name, args, template) },
          options,
        );
      case KubernetesWorkloadKind.Stateful:
        return new k8s.apps.v1.StatefulSet(
          name,
          { metadata: this.#controllerMetadata(), spec: statefulSetSpec(name, args, template) },
          // Much of a StatefulSet cannot change in place. To replace it would take its replicas away at once.
          { ...options, ...(args.protect === false ? {} : { protect: true }) },
        );
      case KubernetesWorkloadKind.Job:
        return new k8s.batch.v1.Job(
          name,
          {
            metadata: this.#controllerMetadata(),
            spec: { ...jobSpec(args, template), suspend: suspendedAtFirst(args) },
          },
          {
            ...options,
            // A Job's template cannot change: a changed Job is another one, under the same name.
            replaceOnChanges: ["spec.template", "spec.completions", "spec.podFailurePolicy"],
            deleteBeforeReplace: true,
            // The engine that admits the Job releases it; the next `up` must not suspend it again.
            ...(admissionOf(args) === undefined ? {} : { ignoreChanges: ["spec.suspend"] }),
          },
        );
      case KubernetesWorkloadKind.ScheduledJob:
        return new k8s.batch.v1.CronJob(
          name,
          {
            metadata: this.#controllerMetadata(),
            spec: cronJobSpec(name, args, labelsOf(name, args.labels), template),
          },
          options,
        );
    }
  }

  service(): void {
    const { name, args, parent } = this;
    if (!isLasting(args)) return;
    const ports = args.ports ?? [];
    if (ports.length > 0) {
      const annotations = canHaveNone(args) ? { annotations: { [SKIP_AWAIT]: "true" } } : {};
      new k8s.core.v1.Service(
        name,
        { metadata: { ...this.#metadata(), ...annotations }, spec: serviceSpec(name, ports) },
        { parent },
      );
    }
    if (kindOf(args) !== KubernetesWorkloadKind.Stateful) return;
    new k8s.core.v1.Service(
      headlessName(name),
      { metadata: this.#metadata(headlessName(name)), spec: headlessServiceSpec(name, ports) },
      { parent },
    );
  }

  availability(controller: pulumi.Resource): void {
    const { name, args, parent } = this;
    if (canHaveSeveral(args) && !optedOut(args, OptOutSetting.PodDisruptionBudget)) {
      new k8s.policy.v1.PodDisruptionBudget(
        name,
        { metadata: this.#metadata(), spec: disruptionBudgetSpec(name) },
        { parent },
      );
    }
    const scaling = args.autoscaling;
    if (!scaling || scaling.scaler === Scaler.MachineNativeOps) return;
    const target: ScaleTarget = {
      kind: kindOf(args) === KubernetesWorkloadKind.Stateful ? "StatefulSet" : "Deployment",
      name,
    };
    const options = { parent, dependsOn: [controller] };
    if (scaling.scaler === Scaler.Hpa) {
      new k8s.autoscaling.v2.HorizontalPodAutoscaler(
        name,
        { metadata: this.#metadata(), spec: horizontalPodAutoscalerSpec(target, scaling) },
        options,
      );
    } else this.#custom("keda.sh/v1alpha1", "ScaledObject", scaledObjectSpec(target, scaling), options);
  }

  monitoring(): void {
    const { name, args, parent } = this;
    const api = "monitoring.coreos.com/v1";
    if (args.metrics) {
      const { ports = [], namespace } = args;
      const spec = podMonitorSpec(name, args.metrics, { ports, host: derive(namespace, (it) => `${name}.${it}.svc`) });
      this.#custom(api, "PodMonitor", spec, { parent });
    }
    if (args.alerts?.length) this.#custom(api, "PrometheusRule", prometheusRuleSpec(name, args.alerts), { parent });
  }

  #role(permissions: readonly PermissionArgs[]): pulumi.Resource[] {
    const { name, args, parent } = this;
    const account = { name, namespace: args.namespace };
    const elsewhere = args.permissionsNamespace;
    const own = elsewhere === undefined ? name : qualifiedName(name, args.namespace);
    const metadata = { name: own, namespace: elsewhere ?? args.namespace, labels: labelsOf(name, args.labels) };
    const role = new k8s.rbac.v1.Role(name, { metadata, rules: policyRules(permissions) }, { parent });
    return [
      new k8s.rbac.v1.RoleBinding(name, { metadata, ...binding("Role", own, account) }, { parent, dependsOn: [role] }),
    ];
  }

  #clusterRole(permissions: readonly PermissionArgs[]): pulumi.Resource[] {
    const { name, parent } = this;
    const account = { name, namespace: this.args.namespace };
    const own = qualifiedName(name, this.args.namespace);
    const metadata = { name: own, labels: labelsOf(name, this.args.labels) };
    const role = new k8s.rbac.v1.ClusterRole(name, { metadata, rules: policyRules(permissions) }, { parent });
    return [
      new k8s.rbac.v1.ClusterRoleBinding(
        name,
        { metadata, ...binding("ClusterRole", own, account) },
        { parent, dependsOn: [role] },
      ),
    ];
  }

  #custom(
    apiVersion: string,
    kind: string,
    spec: Record<string, unknown>,
    options: pulumi.CustomResourceOptions,
  ): void {
    const metadata = this.#metadata();
    new k8s.apiextensions.CustomResource(this.name, { apiVersion, kind, metadata, spec }, options);
  }

  #metadata(name = this.name): ObjectMetadata {
    const { namespace, labels } = this.args;
    return metadata(name, { component: this.name, namespace, ...(labels && { labels }) });
  }

  /** What the controller alone carries: who scales and admits it, and which defaults were given up. */
  #controllerMetadata(): ObjectMetadata {
    const { args, name } = this;
    const { autoscaling, optOuts = [] } = args;
    const isJob = kindOf(args) === KubernetesWorkloadKind.Job;
    const admission = isJob ? admissionOf(args) : undefined;
    const bound: Record<string, string> = autoscaling
      ? { [KUBERNETES_LABELS.maxReplicas]: String(autoscaling.maxReplicas) }
      : {};
    const suspended = isJob ? suspendedAtFirst(args) : false;
    const green = isJob && args.green !== undefined ? derive(args.green, greenAnnotations) : {};
    const ours = {
      ...(autoscaling?.scaler === Scaler.MachineNativeOps ? { [KUBERNETES_ANNOTATIONS.scaledBy]: SCALING_ENGINE } : {}),
      ...(admission === undefined ? {} : { [KUBERNETES_ANNOTATIONS.admission]: admission }),
      ...Object.fromEntries(optOuts.map(({ setting, reason }) => [KUBERNETES_ANNOTATIONS.optOut + setting, reason])),
    };
    return {
      ...this.#metadata(),
      labels: labelsOf(name, args.labels, bound),
      annotations: derive({ own: args.annotations ?? {}, suspended, green }, (given) => ({
        ...(given.own as Record<string, string>),
        ...given.green,
        ...ours,
        // A Job that is suspended does not complete, so nobody should wait for it to.
        ...(given.suspended ? { [SKIP_AWAIT]: "true" } : {}),
      })),
    };
  }
}
