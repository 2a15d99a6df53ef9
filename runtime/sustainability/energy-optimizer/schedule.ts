import { Cron } from "croner";
import { MnoError } from "../../exports";
import { inWindow, type SleepWindow } from "./weekly";

/** When a workload is to sleep: windows learned from its history, or what somebody declared. */
export type SleepSchedule =
  { by: "learned"; windows: SleepWindow[] } | { by: "declared"; sleepAt: string; wakeAt: string; timeZone: string };

/** Errors: MNO_REQUEST_INVALID that names the pattern, or the time zone. */
export function validateSchedule(schedule: SleepSchedule): SleepSchedule {
  if (schedule.by === "learned") return schedule;
  for (const name of ["sleepAt", "wakeAt"] as const) {
    try {
      if (new Cron(schedule[name], { timezone: schedule.timeZone, paused: true }).nextRun() !== null) continue;
    } catch (error) {
      throw new MnoError(
        "MNO_REQUEST_INVALID",
        `${name} "${schedule[name]}" in ${schedule.timeZone}: ${String(error)}`,
      );
    }
    throw new MnoError("MNO_REQUEST_INVALID", `${name} "${schedule[name]}" never comes; it must name a time to come`);
  }
  return schedule;
}

/** Whether the schedule wants sleep now. Declared: whichever of the two times comes first is the one that is not in force. */
export function wantsSleep(schedule: SleepSchedule, now: number): boolean {
  if (schedule.by === "learned") return inWindow(schedule.windows, now);
  const next = (pattern: string): number =>
    new Cron(pattern, { timezone: schedule.timeZone, paused: true }).nextRun(new Date(now))?.getTime() ?? Infinity;
  return next(schedule.wakeAt) < next(schedule.sleepAt);
}

/** Whole hours of the next `days` in which the schedule wants sleep. */
export function sleepHours(schedule: SleepSchedule, from: number, days = 28): number[] {
  const start = Math.ceil(from / 3_600_000) * 3_600_000;
  return Array.from({ length: days * 24 }, (_, hour) => start + hour * 3_600_000).filter((hour) =>
    wantsSleep(schedule, hour),
  );
}
