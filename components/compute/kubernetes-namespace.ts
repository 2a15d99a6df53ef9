import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { type FieldFault, KUBERNETES_ANNOTATIONS } from "../../runtime/exports";
import { faultsOf, refuse } from "../arguments";
import { MeshKind } from "../mesh/kinds";
import { known } from "../workload/inputs";
import { labelsOf, metadata } from "../metadata";
import { defaultDeny, DENY_ALL, unlessQuarantined } from "../workload/kubernetes/network-policy";
import { limitRangeSpec, meshNamespace, podSecurityLabels, quotaSpec } from "./namespace-objects";
import { type KubernetesNamespaceArgs, PodSecurityLevel } from "./namespace-types";

/**
 * A namespace in which little can go wrong: Pod Security "restricted", no traffic but name look-ups until something is
 * allowed, bounded amounts, and sensible amounts for containers that name none.
 */
export class KubernetesNamespace extends pulumi.ComponentResource {
  /** Name of the namespace, which is the component's. */
  readonly namespaceName: pulumi.Output<string>;

  constructor(name: string, args: KubernetesNamespaceArgs, opts?: pulumi.ComponentResourceOptions) {
    super("machine-native-ops:index:KubernetesNamespace", name, args, opts);
    refuse("KubernetesNamespace", name, validateKubernetesNamespace(name, args));
    const kind = args.mesh ?? MeshKind.None;
    const mesh = meshNamespace(kind);
    const namespace = new k8s.core.v1.Namespace(
      name,
      {
        metadata: {
          name,
          labels: labelsOf(name, args.labels, { ...podSecurityLabels(args.podSecurity), ...mesh.labels }),
          annotations: {
            ...mesh.annotations,
            ...(args.podSecurity ? { [`${KUBERNETES_ANNOTATIONS.optOut}podSecurity`]: args.podSecurity.reason } : {}),
          },
        },
      },
      { parent: this, ...(args.protect === false ? {} : { protect: true }) },
    );
    const object = { metadata: metadata(name, { namespace: name, ...(args.labels && { labels: args.labels }) }) };
    const options = { parent: this, dependsOn: [namespace] };
    // Before any pod: what starts earlier would start without them.
    const guards = [
      new k8s.networking.v1.NetworkPolicy(
        name,
        { metadata: { ...object.metadata, name: "default-deny" }, spec: DENY_ALL },
        options,
      ),
      new k8s.networking.v1.NetworkPolicy(
        `${name}-default-allow`,
        { metadata: { ...object.metadata, name: "default-allow" }, spec: unlessQuarantined(defaultDeny({}, kind)) },
        options,
      ),
      new k8s.core.v1.ResourceQuota(name, { ...object, spec: quotaSpec(args.quota ?? {}) }, options),
      new k8s.core.v1.LimitRange(name, { ...object, spec: limitRangeSpec() }, options),
    ];
    // Known before it exists, so that a first preview shows what depends on it; the URNs carry the dependency.
    this.namespaceName = pulumi.all(guards.map(({ urn }) => urn)).apply(() => name);
    this.registerOutputs({ namespaceName: this.namespaceName });
  }
}

/** Everything that is wrong with the arguments, as far as they are known. Pure. */
export function validateKubernetesNamespace(name: string, args: KubernetesNamespaceArgs): FieldFault[] {
  const numbers = Object.entries(args.quota ?? {}).map(([field, value]) => [field, known(value)] as const);
  const levels = Object.values(PodSecurityLevel);
  const { podSecurity } = args;
  return faultsOf([
    [
      !/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/.test(name),
      "name",
      `is "${name}"; it must be a DNS label: lower-case letters, digits and "-", at most 63`,
    ],
    [
      podSecurity !== undefined && !levels.includes(podSecurity.level),
      "podSecurity.level",
      `must be one of ${levels.join(", ")}`,
    ],
    [podSecurity?.level === PodSecurityLevel.Restricted, "podSecurity", "is restricted by default; leave it out"],
    [podSecurity?.reason.trim() === "", "podSecurity.reason", "must say why"],
    ...numbers.map(
      ([field, value]) =>
        [
          value !== undefined && !(Number.isFinite(value) && value >= 0),
          `quota.${field}`,
          `is ${String(value)}; it must be a number from 0`,
        ] as const,
    ),
  ]);
}
