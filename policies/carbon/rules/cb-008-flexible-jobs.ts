import { GREEN_ANNOTATIONS, KUBERNETES_ANNOTATIONS } from "../../../runtime/exports/kubernetes";
import type { EngineName } from "../../../runtime/exports/names";
import { LOCAL_KIND, localWorkload } from "../../shared/local";
import { podWorkload } from "../../shared/podspec";
import type { Resource, ResourceRule } from "../../shared/rule";
import { FLEXIBILITY, declarations, declared } from "../labels";

/** Kinds that run once or at times. */
const JOB_KINDS = ["Job", "CronJob"];
/** Who reads deadlines. */
const SCHEDULER: EngineName = "green-scheduler";

export const flexibleJobs: ResourceRule = {
  scope: "resource",
  id: "CB-008",
  name: "flexible-jobs",
  title: "Jobs say how long they may wait",
  severity: "low",
  enforcement: "advisory",
  frameworks: [{ name: "Green Software Patterns", version: "2023", clause: "Time-shift Kubernetes cron jobs" }],
  card: {
    rule: "A job is handed to the green scheduler with a deadline, or says that it cannot wait.",
    why: "The green scheduler moves only what says by when it must be finished; a job that says nothing runs at the dirtiest hour as at any other.",
    avoid: "a nightly CronJob that nobody may move",
    prefer: 'annotations: {machine-native-ops/admission: green-scheduler, machine-native-ops/green.deadline: "+28800"}',
  },
  remediation: `Set the annotations ${KUBERNETES_ANNOTATIONS.admission}: ${SCHEDULER} and ${GREEN_ANNOTATIONS.deadline} (of a CronJob, in its job template), or ${FLEXIBILITY}: none.`,
  config: {},
  kinds: [LOCAL_KIND, ...JOB_KINDS.map((kind) => `kubernetes:${kind}`)],
  *evaluate(resource) {
    if (!isJob(resource)) return;
    const labels = declarations(resource);
    const flexibility = declared(labels, FLEXIBILITY);
    const deadline = declared(labels, GREEN_ANNOTATIONS.deadline);
    if (flexibility === "none") return;
    if (flexibility !== undefined) {
      yield { message: `${FLEXIBILITY} is ${flexibility}; it is none, or absent with ${GREEN_ANNOTATIONS.deadline}.` };
    } else if (deadline === undefined) {
      yield {
        message: `it does not say how long it may wait; set ${GREEN_ANNOTATIONS.deadline}, or ${FLEXIBILITY}: none.`,
      };
    } else if (declared(labels, KUBERNETES_ANNOTATIONS.admission) !== SCHEDULER) {
      yield { message: `nobody reads its deadline: ${KUBERNETES_ANNOTATIONS.admission} is not ${SCHEDULER}.` };
    }
  },
};

function isJob(resource: Resource): boolean {
  const kind = podWorkload(resource)?.kind;
  return kind === undefined ? localWorkload(resource)?.kind === "job" : JOB_KINDS.includes(kind);
}
