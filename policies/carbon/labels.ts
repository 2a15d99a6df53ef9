/** What a workload may declare about itself, as labels (local) or labels and annotations (Kubernetes). */
import type { Resource } from "../shared/rule";
import { localWorkload } from "../shared/local";
import { podWorkload } from "../shared/podspec";

/** Upper bound of replicas that an autoscaler may reach. */
export const MAX_REPLICAS = "machine-native-ops/max-replicas";
/** When the service sleeps, for people and for the green scheduler: for example "Mon-Fri 08:00-18:00 Europe/Berlin". */
export const SLEEP_SCHEDULE = "machine-native-ops/sleep-schedule";
/** Hours that the workload runs in a month, at most; for jobs and sleeping services. */
export const HOURS_PER_MONTH = "machine-native-ops/hours-per-month";

/** Labels and annotations together; empty for what is no workload. */
export function declarations(resource: Resource): Readonly<Record<string, string>> {
  const local = localWorkload(resource);
  if (local) return local.labels ?? {};
  const workload = podWorkload(resource);
  return workload ? { ...workload.labels, ...workload.annotations } : {};
}

/** A declared number above zero; undefined when it is absent or no such number, so that a typing mistake never counts as zero. */
export function declaredNumber(labels: Readonly<Record<string, string>>, key: string): number | undefined {
  const value = Number(labels[key] ?? Number.NaN);
  return Number.isFinite(value) && value > 0 ? value : undefined;
}
