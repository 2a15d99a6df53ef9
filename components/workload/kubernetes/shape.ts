/** Questions about the arguments that several builders ask. */
import { isPlain } from "../inputs";
import { type OptOutSetting } from "./operation-types";
import { KubernetesWorkloadKind, type KubernetesWorkloadArgs } from "./types";

export function kindOf({ kind }: Pick<KubernetesWorkloadArgs, "kind">): KubernetesWorkloadKind {
  return kind ?? KubernetesWorkloadKind.Service;
}

/** Whether it runs until it is removed, rather than to completion. */
export function isLasting(args: Pick<KubernetesWorkloadArgs, "kind">): boolean {
  return kindOf(args) === KubernetesWorkloadKind.Service || kindOf(args) === KubernetesWorkloadKind.Stateful;
}

export function optedOut({ optOuts }: Pick<KubernetesWorkloadArgs, "optOuts">, setting: OptOutSetting): boolean {
  return (optOuts ?? []).some((optOut) => optOut.setting === setting);
}

/** Whether more than one replica may run; a number that is still to come may be any. */
export function canHaveSeveral(args: Pick<KubernetesWorkloadArgs, "kind" | "replicas" | "autoscaling">): boolean {
  if (!isLasting(args)) return false;
  if (args.autoscaling) return args.autoscaling.maxReplicas > 1;
  return isPlain(args.replicas) ? ((args.replicas as number | undefined) ?? 1) > 1 : true;
}

/** Whether it may have no replica at all, so that nobody should wait for one. */
export function canHaveNone(args: Pick<KubernetesWorkloadArgs, "replicas" | "autoscaling">): boolean {
  return args.autoscaling ? args.autoscaling.minReplicas === 0 : args.replicas === 0;
}
