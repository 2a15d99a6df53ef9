import { isIdle } from "./idle";
import { DAY, HOUR, observed, type UsageHour, WEEK } from "./usage";

/** Hours of the week, UTC: 0 is Monday, 00:00 to 01:00. */
export const HOURS_OF_WEEK = 168;
/** 1970-01-01 was a Thursday. */
const FIRST_MONDAY = 4 * DAY;

export interface SleepWindow {
  /** Hour of the week at which it begins, 0 to 167, UTC. */
  from: number;
  hours: number;
}

export interface WeeklyOptions {
  /** Times an hour of the week must have been observed before it is believed. */
  leastWeeks: number;
  /** Highest share of busy observations, by the rule of succession, (busy + 1) / (weeks + 2). */
  mostBusyShare: number;
  /** A shorter stretch is not worth the stop and the start. */
  leastHours: number;
  /** Hours at the end of a stretch in which the workload is already awake. */
  earlyHours: number;
}

export const WEEKLY_OPTIONS: WeeklyOptions = { leastWeeks: 3, mostBusyShare: 0.2, leastHours: 3, earlyHours: 1 };

export const hourOfWeek = (time: number): number => {
  const since = (time - FIRST_MONDAY) % WEEK;
  return Math.floor((since < 0 ? since + WEEK : since) / HOUR);
};

/**
 * Stretches of the week in which the workload was idle every time, or nearly: learned from history. An hour that was seen
 * less than `leastWeeks` times, or was busy in the last week that saw it, belongs to none.
 */
export function learnIdleWeek(
  history: readonly UsageHour[],
  lineCores: number,
  options: WeeklyOptions = WEEKLY_OPTIONS,
): SleepWindow[] {
  const seen = Array.from({ length: HOURS_OF_WEEK }, () => ({ times: 0, busy: 0, lastBusy: false }));
  for (const hour of observed(history)) {
    const slot = seen[hourOfWeek(hour.hour)]!;
    const busy = !isIdle(hour, lineCores);
    slot.times += 1;
    if (busy) slot.busy += 1;
    slot.lastBusy = busy;
  }
  const idle = seen.map(
    ({ times, busy, lastBusy }) =>
      times >= options.leastWeeks && !lastBusy && (busy + 1) / (times + 2) <= options.mostBusyShare,
  );
  return stretches(idle)
    .map(({ from, hours }) => ({ from, hours: hours < HOURS_OF_WEEK ? hours - options.earlyHours : hours }))
    .filter(({ hours }) => hours >= options.leastHours);
}

/** Runs of true around the week, which has no end. */
function stretches(idle: readonly boolean[]): SleepWindow[] {
  if (idle.every(Boolean)) return [{ from: 0, hours: HOURS_OF_WEEK }];
  const windows: SleepWindow[] = [];
  for (const [from, is] of idle.entries()) {
    if (!is || idle[(from + HOURS_OF_WEEK - 1) % HOURS_OF_WEEK]) continue;
    let hours = 0;
    while (idle[(from + hours) % HOURS_OF_WEEK]) hours += 1;
    windows.push({ from, hours });
  }
  return windows;
}

/** Whether the time is in one of the windows. */
export function inWindow(windows: readonly SleepWindow[], time: number): boolean {
  const now = hourOfWeek(time);
  return windows.some(({ from, hours }) => (now - from + HOURS_OF_WEEK) % HOURS_OF_WEEK < hours);
}
