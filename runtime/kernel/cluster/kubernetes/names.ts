import { KUBERNETES_ANNOTATIONS, KUBERNETES_LABELS } from "../../../exports";

/** Annotations in which the driver keeps what Kubernetes has no field for. */
export const DRIVER_ANNOTATIONS = {
  /** On a suspended Deployment: the replicas that it comes back with; empty where it is not suspended. */
  suspendedReplicas: "machine-native-ops/suspended-replicas",
  /** Whether the spec as applied said anything of suspension, and what: "true", "false" or empty. */
  declaredSuspended: "machine-native-ops/declared-suspended",
  /** On a Job that replaced one: the generations of those before it. */
  formerGenerations: "machine-native-ops/former-generations",
  /** On a workload that is cut off: a Mark (quarantine-mark.ts); empty where it is not. */
  isolation: "machine-native-ops/isolation",
  /** On the pod template: version of the Secret with the secret environment; a change of it rolls the replicas. */
  secretVersion: "machine-native-ops/secret-version",
} as const;

const OWN_LABELS = new Set<string>([KUBERNETES_LABELS.name, KUBERNETES_LABELS.partOf, KUBERNETES_LABELS.managedBy]);
const OWN_ANNOTATIONS = new Set<string>([
  ...Object.values(DRIVER_ANNOTATIONS),
  KUBERNETES_ANNOTATIONS.scaledBy,
  KUBERNETES_ANNOTATIONS.owner,
]);

/** Labels less those that say whose workload it is; undefined where none is left. */
export function userLabels(labels: Readonly<Record<string, string>> | undefined): Record<string, string> | undefined {
  return without(labels, (key) => OWN_LABELS.has(key));
}

/** Annotations less the driver's own and those that Kubernetes itself keeps. */
export function userAnnotations(
  annotations: Readonly<Record<string, string>> | undefined,
): Record<string, string> | undefined {
  return without(annotations, (key) => OWN_ANNOTATIONS.has(key) || /(^|\.)(kubernetes|k8s)\.io\//.test(key));
}

function without(
  map: Readonly<Record<string, string>> | undefined,
  excluded: (key: string) => boolean,
): Record<string, string> | undefined {
  const left = Object.entries(map ?? {}).filter(([key]) => !excluded(key));
  return left.length === 0 ? undefined : Object.fromEntries(left);
}

/** Variables that the driver sets in every replica; a spec does not hold them. */
export function isReservedVariable(name: string): boolean {
  return name === "PORT" || name.startsWith("PORT_") || /^MNO_(REPLICA|WORKLOAD|CLUSTER_URL)$/.test(name);
}

export function portVariable(port: string): string {
  return `PORT_${port.toUpperCase().replaceAll("-", "_")}`;
}

/** Name of a container's port. */
export function portName({ name, containerPort }: { name?: string; containerPort: number }): string {
  return name ?? `port-${String(containerPort)}`;
}

/**
 * Kubernetes puts a variable's value in place of `$(NAME)` in commands and values, and reads `$$` as `$`; a spec means the
 * text itself. Source: k8s.io/kubernetes, third_party/forked/golang/expansion.
 */
export function escapeExpansion(text: string): string {
  return text.replaceAll("$", () => "$$");
}

export function unescapeExpansion(text: string): string {
  return text.replaceAll("$$", () => "$");
}
