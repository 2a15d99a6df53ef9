import type * as pulumi from "@pulumi/pulumi";
import { type EngineName, type FieldFault, GREEN_ANNOTATIONS, KUBERNETES_ANNOTATIONS } from "../../runtime/exports";
import { known } from "./inputs";

/** What the green scheduler may do with a job: when it may start, how it may be cut up, where it may run. */
export interface GreenSchedulingArgs {
  /** To be finished by: an RFC 3339 time, or `+<seconds>` after the scheduler first saw the job, or after each time of its schedule. */
  deadline: pulumi.Input<string>;
  /** Not to start before; written as `deadline` is. Default: at once. */
  release?: pulumi.Input<string>;
  /** The longest it may be held back in all, in seconds. Default: what the deadline leaves. */
  maxDelaySeconds?: pulumi.Input<number>;
  /** How long it runs, in seconds. Default: what its earlier runs tell. */
  durationSeconds?: pulumi.Input<number>;
  /** true: it may be suspended and resumed; it keeps its progress itself. Default false. */
  interruptible?: pulumi.Input<boolean>;
  /** Seconds of work lost at each pause. Default 0. */
  checkpointSeconds?: pulumi.Input<number>;
  /** Seconds lost at each start. Default 0. */
  startupSeconds?: pulumi.Input<number>;
  /** It runs at least this many seconds before it is paused again. Default 0. */
  minChunkSeconds?: pulumi.Input<number>;
  /** Where it may run: cloud regions or grid zones. Default: where the platform is. */
  regions?: pulumi.Input<pulumi.Input<string>[]>;
  /** W of all its replicas while it runs. Default: what they request, by the scheduler's watts per core. */
  watts?: pulumi.Input<number>;
  /** gCO2e that a run must not exceed by the plan. */
  carbonBudgetGrams?: pulumi.Input<number>;
  /** Cron expression by which a job of a local cluster runs again and again; on Kubernetes the workload has the schedule. */
  schedule?: pulumi.Input<string>;
  /** IANA time zone of the schedule. Default UTC. */
  timeZone?: pulumi.Input<string>;
  /** Jobs with the same key are runs of one recurring job: run times are learnt by it. Default: the workload's name, where it has a schedule. */
  recurringKey?: pulumi.Input<string>;
}

const SCHEDULER: EngineName = "green-scheduler";
const TIME = /^(\+\d+(\.\d+)?|\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}:\d{2}))$/;

type Plain = pulumi.Unwrap<GreenSchedulingArgs>;

/** The annotations by which the job is handed to the green scheduler. Pure. */
export function greenAnnotations(green: Plain): Record<string, string> {
  const values: Partial<Record<keyof typeof GREEN_ANNOTATIONS, string | number | boolean | undefined>> = {
    deadline: green.deadline,
    release: green.release,
    maxDelay: green.maxDelaySeconds,
    duration: green.durationSeconds,
    interruptible: green.interruptible,
    checkpoint: green.checkpointSeconds,
    startup: green.startupSeconds,
    minChunk: green.minChunkSeconds,
    regions: green.regions?.join(","),
    watts: green.watts,
    carbonBudget: green.carbonBudgetGrams,
    schedule: green.schedule,
    timeZone: green.timeZone,
    recurringKey: green.recurringKey,
  };
  const given = Object.entries(values).filter(([, value]) => value !== undefined);
  return {
    [KUBERNETES_ANNOTATIONS.admission]: SCHEDULER,
    ...Object.fromEntries(
      given.map(([key, value]) => [GREEN_ANNOTATIONS[key as keyof typeof GREEN_ANNOTATIONS], String(value)]),
    ),
  };
}

/** The engine that releases a job: the green scheduler for one that is handed to it. */
export function admissionOf(args: { green?: GreenSchedulingArgs; admission?: string }): string | undefined {
  return args.green === undefined ? args.admission : SCHEDULER;
}

/** What is wrong, as far as it is known; the scheduler says the rest of each job. Pure. */
export function greenFaults(green: GreenSchedulingArgs | undefined, admission: unknown): FieldFault[] {
  if (green === undefined) return [];
  const faults: FieldFault[] = [];
  const check = (ok: boolean, field: string, message: string): void => {
    if (!ok) faults.push({ field, message });
  };
  check(
    admission === undefined || admission === SCHEDULER,
    "admission",
    `is another engine's than green's; leave it out: ${SCHEDULER} releases the job`,
  );
  for (const field of ["deadline", "release"] as const) {
    const time = known(green[field]);
    check(
      time === undefined || TIME.test(time),
      `green.${field}`,
      `is "${time ?? ""}"; it must be like 2027-01-31T06:00:00Z, or +28800 for eight hours`,
    );
  }
  for (const field of ["durationSeconds", "watts", "carbonBudgetGrams"] as const) {
    const value = known(green[field]);
    check(value === undefined || value > 0, `green.${field}`, `is ${String(value)}; it must be above 0`);
  }
  for (const field of ["maxDelaySeconds", "checkpointSeconds", "startupSeconds", "minChunkSeconds"] as const) {
    const value = known(green[field]);
    check(value === undefined || value >= 0, `green.${field}`, `is ${String(value)}; it must be 0 or more`);
  }
  const isTimeZoneAlone = green.timeZone !== undefined && green.schedule === undefined;
  check(!isTimeZoneAlone, "green.timeZone", "is of green.schedule, which is missing");
  return faults;
}
