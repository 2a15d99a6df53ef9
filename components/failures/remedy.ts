/** What to do about a failure that the API server or Pulumi's provider reports. Pure. */
import type { CrdSetName } from "../crds/crd-sets";

/** API group -> the set of definitions that has its kinds. A group stands for its subgroups, too. */
const CRD_SET_OF_GROUP: Readonly<Record<string, CrdSetName>> = {
  "monitoring.coreos.com": "prometheus-operator",
  "keda.sh": "keda",
  "gateway.networking.k8s.io": "gateway-api",
  "istio.io": "istio",
  "cert-manager.io": "cert-manager",
  "k8s.elastic.co": "eck",
  "velero.io": "velero",
  "barmancloud.cnpg.io": "barman-cloud",
  "postgresql.cnpg.io": "cloudnative-pg",
};

const REMEDIES: readonly (readonly [pattern: RegExp, remedy: (match: RegExpExecArray) => string])[] = [
  [
    /no matches for kind "([^"]+)" in version "([^"]+)"/,
    ([, kind = "", version = ""]) => `the cluster does not know the kind ${kind} of ${version}. ${installing(version)}`,
  ],
  [
    /failed calling webhook "([^"]+)"/,
    ([, webhook = ""]) =>
      `the webhook ${webhook} does not answer, and the API server accepts nothing that it must judge. Find it with ` +
      "`kubectl get validatingwebhookconfigurations,mutatingwebhookconfigurations`, repair what serves it, or delete its " +
      "configuration if nothing does; then run `pulumi up` again.",
  ],
  [
    /updates to statefulset spec for fields other than/,
    () =>
      "volumeClaimTemplates, serviceName, selector and podManagementPolicy of a StatefulSet cannot change in place, and its " +
      "disks hold data. Nothing was changed. Put the argument back, or follow docs/kubernetes-failures.md, which keeps the disks.",
  ],
  [
    /: ([^:\n]+): Invalid value: [^\n]*field is immutable/,
    ([, field = ""]) =>
      `${field} cannot change in place. Put the argument back, or give the component another name, which makes a new object ` +
      "before the old one goes.",
  ],
  [
    /Apply failed with \d+ conflicts?: conflicts? with "([^"]+)"/,
    ([, manager = ""]) =>
      `${manager} declared fields of this object. Where ${manager} made it, give the component another name, or delete that ` +
      "object; where it is this program's, take those fields out of what the other declares. Then run `pulumi up` again.",
  ],
  [
    /configured Kubernetes cluster is unreachable|connect: connection refused|error reading from server|etcdserver: /,
    () =>
      "the API server or its etcd went away meanwhile. Nothing that was made is lost: once `kubectl get --raw /readyz` says " +
      "ok, run `pulumi up` again.",
  ],
];

/** undefined where the message itself is all that can be said. */
export function remedyOf(error: string): string | undefined {
  for (const [pattern, remedy] of REMEDIES) {
    const match = pattern.exec(error);
    if (match) return remedy(match);
  }
  return undefined;
}

function installing(version: string): string {
  const [group = ""] = version.split("/");
  const known = Object.entries(CRD_SET_OF_GROUP).find(([of]) => group === of || group.endsWith(`.${of}`));
  return known
    ? 'Its CustomResourceDefinition comes with `new CustomResourceDefinitions("crds", { sources: [{ name: "' +
        `${known[1]}" }] })\`, named in \`dependsOn\`, or with the operator itself; install it, then run \`pulumi up\` again.`
    : "Install its CustomResourceDefinition, which comes with the operator that serves it, then run `pulumi up` again.";
}
