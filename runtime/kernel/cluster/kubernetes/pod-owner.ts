import type { Pod } from "./objects";

/** Label by which a Deployment tells its ReplicaSets, and their pods, apart. */
export const POD_TEMPLATE_HASH = "pod-template-hash";
/** What the CronJob controller ends a Job's name with: minutes since the epoch. Source: k8s.io/kubernetes, pkg/controller/cronjob. */
const SCHEDULED_MINUTES = /-\d{8}$/;

/**
 * Name of what made the pod, as its users know it: a Deployment for its ReplicaSet's, a CronJob for its Jobs' (all runs are one),
 * a static pod without its node; the pod's own name where nothing made it. By names alone: no further right is needed.
 */
export function ownerName({ metadata, spec }: Pod): string {
  const name = metadata?.name ?? "";
  const owner = metadata?.ownerReferences?.find(({ controller }) => controller);
  if (!owner) return name;
  const without = (text: string, end: string): string => (text.endsWith(end) ? text.slice(0, -end.length) : text);
  if (owner.kind === "Node") return without(name, `-${spec?.nodeName ?? owner.name}`);
  if (owner.kind === "ReplicaSet") return without(owner.name, `-${metadata?.labels?.[POD_TEMPLATE_HASH] ?? ""}`);
  if (owner.kind === "Job") return owner.name.replace(SCHEDULED_MINUTES, "");
  return owner.name;
}
