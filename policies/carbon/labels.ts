/** What a resource may declare about itself: labels (local), labels and annotations (Kubernetes), tags or labels (clouds). */
import { KUBERNETES_ANNOTATIONS, KUBERNETES_LABELS } from "../../runtime/exports/kubernetes";
import { localWorkload } from "../shared/local";
import { podWorkload } from "../shared/podspec";
import type { Resource } from "../shared/rule";

/** Upper bound of replicas that an autoscaler may reach. */
export const MAX_REPLICAS = KUBERNETES_LABELS.maxReplicas;
/** When the service is awake, for people and for the energy optimizer: for example "Mon-Fri 08:00-18:00 Europe/Berlin". */
export const SLEEP_SCHEDULE = KUBERNETES_ANNOTATIONS.sleepSchedule;
/** Hours that the workload runs in a month, at most; for jobs and sleeping services. */
export const HOURS_PER_MONTH = "machine-native-ops/hours-per-month";
/** `none`: a job that must run when it is told to, whatever the grid. */
export const FLEXIBILITY = "machine-native-ops/flexibility";
/** Why it needs a graphics processor or another accelerator. */
export const GPU_BECAUSE = "machine-native-ops/gpu-because";

/** Everything declared; empty for what declares nothing. Keys with "_" in place of "/" are read too: Google's labels allow no slash. */
export function declarations(resource: Resource): Readonly<Record<string, string>> {
  const local = localWorkload(resource);
  if (local) return { ...local.labels, ...local.annotations };
  const workload = podWorkload(resource);
  // A CronJob's jobs carry what its template says.
  if (workload) {
    const { labels, annotations } = workload.spec.jobTemplate?.metadata ?? {};
    return { ...labels, ...annotations, ...workload.labels, ...workload.annotations };
  }
  const { tags, labels } = resource.props as { tags?: unknown; labels?: unknown };
  return { ...record(labels), ...record(tags) };
}

/** What is declared under the key, without blanks around; undefined when it is absent or blank. */
export function declared(labels: Readonly<Record<string, string>>, key: string): string | undefined {
  const value = (labels[key] ?? labels[key.replace("/", "_")])?.trim();
  return value === "" ? undefined : value;
}

/** A declared number above zero; undefined when it is absent or no such number, so that a typing mistake never counts as zero. */
export function declaredNumber(labels: Readonly<Record<string, string>>, key: string): number | undefined {
  const value = Number(declared(labels, key) ?? Number.NaN);
  return Number.isFinite(value) && value > 0 ? value : undefined;
}

/** Tags are a map, except where a provider has a list of them (auto scaling groups, network tags). */
function record(value: unknown): Record<string, string> {
  if (Array.isArray(value)) {
    return Object.fromEntries(
      value
        .filter((tag): tag is { key: string; value: string } => typeof tag === "object" && tag !== null && "key" in tag)
        .map((tag) => [tag.key, tag.value]),
    );
  }
  return typeof value === "object" && value !== null ? (value as Record<string, string>) : {};
}
