import { Cron } from "croner";
import { MnoError } from "../../exports";
import { inWindow, type SleepWindow } from "./weekly";

/** When a workload is to sleep: windows learned from its history, or what somebody declared (cron patterns, several parted by |). */
export type SleepSchedule =
  { by: "learned"; windows: SleepWindow[] } | { by: "declared"; sleepAt: string; wakeAt: string; timeZone: string };

const crons = (patterns: string, timeZone: string): Cron[] =>
  patterns.split("|").map((pattern) => new Cron(pattern.trim(), { timezone: timeZone, paused: true }));

/** Errors: MNO_REQUEST_INVALID that names the pattern, or the time zone. */
export function validateSchedule(schedule: SleepSchedule): SleepSchedule {
  if (schedule.by === "learned") return schedule;
  for (const name of ["sleepAt", "wakeAt"] as const) {
    try {
      if (crons(schedule[name], schedule.timeZone).every((cron) => cron.nextRun() !== null)) continue;
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
export const wantsSleep = (schedule: SleepSchedule, now: number): boolean => sleepsAt(schedule)(now);

/** Whole hours of the next `days` in which the schedule wants sleep. */
export function sleepHours(schedule: SleepSchedule, from: number, days = 28): number[] {
  const start = Math.ceil(from / 3_600_000) * 3_600_000;
  return Array.from({ length: days * 24 }, (_, hour) => start + hour * 3_600_000).filter(sleepsAt(schedule));
}

/** For many times: patterns are read once, and asked again only when the next of their times has come. */
function sleepsAt(schedule: SleepSchedule): (time: number) => boolean {
  if (schedule.by === "learned") return (time) => inWindow(schedule.windows, time);
  const [wake, sleep] = [schedule.wakeAt, schedule.sleepAt].map((patterns) => crons(patterns, schedule.timeZone));
  const next = (all: readonly Cron[] | undefined, time: number): number =>
    Math.min(...(all ?? []).map((cron) => cron.nextRun(new Date(time))?.getTime() ?? Infinity));
  let [from, until, asleep] = [Infinity, -Infinity, false];
  return (time) => {
    if (time < from || time >= until) {
      const [waking, sleeping] = [next(wake, time), next(sleep, time)];
      [from, until, asleep] = [time, Math.min(waking, sleeping), waking < sleeping];
    }
    return asleep;
  };
}
