import { type Static, Type } from "@sinclair/typebox";
import { type FieldFault, MnoError } from "../../exports";
import { CONSOLIDATION_OPTIONS } from "./consolidate";
import { type SleepSchedule, validateSchedule } from "./schedule";

export const CONFIGURATION = Type.Object({
  MNO_EO_MODE: Type.Unsafe<"advise" | "apply">({
    type: "string",
    enum: ["advise", "apply"],
    default: "advise",
    description: "advise: approved plans are dry runs; apply: they are carried out",
  }),
  MNO_EO_SAMPLE_SECONDS: Type.Number({
    minimum: 5,
    maximum: 900,
    default: 60,
    description: "Seconds between two looks at what workloads use",
  }),
  MNO_EO_PLAN_SECONDS: Type.Number({
    minimum: 10,
    maximum: 86_400,
    default: 900,
    description: "Seconds between two rounds of planning and of measuring",
  }),
  MNO_EO_LIFETIME_HOURS: Type.Number({
    minimum: 0.25,
    maximum: 8760,
    default: CONSOLIDATION_OPTIONS.lifetimeHours,
    description: "Hours for which what a consolidation frees is expected to stay free: what a move has to pay off in",
  }),
  MNO_EO_POWERCAP_PATH: Type.String({
    default: "/sys/class/powercap",
    description: "Folder of Linux' power caps; used with the local cluster only",
  }),
  MNO_EO_RUNTIME_URL: Type.Optional(
    Type.String({
      description: "Base URL of the runtime that has the performance optimizer; this process where absent",
    }),
  ),
  MNO_EO_SLEEP: Type.Record(
    Type.String(),
    Type.Object(
      {
        sleepAt: Type.String({ maxLength: 100, description: "Cron pattern" }),
        wakeAt: Type.String({ maxLength: 100, description: "Cron pattern" }),
        timeZone: Type.String({ maxLength: 64, description: "IANA name, as Europe/Berlin" }),
      },
      { additionalProperties: false },
    ),
    { default: {}, description: "Declared sleep: workload to sleepAt, wakeAt (cron) and timeZone (JSON object)" },
  ),
});
export type Configuration = Static<typeof CONFIGURATION>;

/** Errors: MNO_CONFIG_INVALID with the faults of all at once. */
export function declaredSchedules({ MNO_EO_SLEEP }: Configuration): Map<string, SleepSchedule> {
  const faults: FieldFault[] = [];
  const schedules = new Map<string, SleepSchedule>();
  for (const [workload, times] of Object.entries(MNO_EO_SLEEP)) {
    try {
      schedules.set(workload, validateSchedule({ by: "declared", ...times }));
    } catch (error) {
      faults.push({
        field: `MNO_EO_SLEEP/${workload}`,
        message: error instanceof MnoError ? error.message : String(error),
      });
    }
  }
  if (faults.length === 0) return schedules;
  throw new MnoError("MNO_CONFIG_INVALID", faults.map(({ field, message }) => `${field}: ${message}`).join("; "), {
    faults,
  });
}
