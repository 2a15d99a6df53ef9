import { LOCAL_KIND, localWorkload } from "../../shared/local";
import { podWorkload } from "../../shared/podspec";
import type { Resource, ResourceRule } from "../../shared/rule";
import { FLEXIBILITY, declarations, declared } from "../labels";

/** Kinds that run once or at times. */
const JOB_KINDS = ["Job", "CronJob"];
/** P1D, PT8H, P1DT12H30M: days and parts of a day, at least one of them. */
const DURATION = /^P(?=\d|T\d)(?:\d+D)?(?:T(?=\d)(?:\d+H)?(?:\d+M)?(?:\d+S)?)?$/;

export const flexibleJobs: ResourceRule = {
  scope: "resource",
  id: "CB-008",
  name: "flexible-jobs",
  title: "Jobs say how long they may wait",
  severity: "low",
  enforcement: "advisory",
  frameworks: [{ name: "Green Software Patterns", version: "2023", clause: "Time-shift Kubernetes cron jobs" }],
  card: {
    rule: "A job declares its flexibility: how long it may be put off, or none.",
    why: "The green scheduler moves only what says that it may be moved; a job that says nothing runs at the dirtiest hour as at any other.",
    avoid: "a nightly CronJob that nobody may move",
    prefer: "annotations: {machine-native-ops/flexibility: PT8H}",
  },
  remediation: `Set ${FLEXIBILITY} (label or annotation) to an ISO 8601 duration such as PT8H, or to none.`,
  config: {},
  kinds: [LOCAL_KIND, ...JOB_KINDS.map((kind) => `kubernetes:${kind}`)],
  *evaluate(resource) {
    if (!isJob(resource)) return;
    const flexibility = declared(declarations(resource), FLEXIBILITY);
    if (flexibility === undefined) {
      yield { message: `it does not say how long it may wait; declare ${FLEXIBILITY}, as PT8H or none.` };
    } else if (flexibility !== "none" && !DURATION.test(flexibility)) {
      yield { message: `${FLEXIBILITY} is ${flexibility}, which is no duration; write it as PT8H, P1D or none.` };
    }
  },
};

function isJob(resource: Resource): boolean {
  const kind = podWorkload(resource)?.kind;
  return kind === undefined ? localWorkload(resource)?.kind === "job" : JOB_KINDS.includes(kind);
}
