/** Demand of the last 24 hours, one value a minute; plain numbers for JSON. */
export interface DayProfile {
  /** Number of the newest minute since the epoch; -1: none. */
  minute: number;
  /** By minute modulo SLOTS; -1: nothing is known. */
  demands: number[];
}

const MINUTE_MS = 60_000;
const DAY_MS = 1440 * MINUTE_MS;
/** A day, and the horizon's worth of minutes that must not be overwritten meanwhile. */
const SLOTS = 1440 + 20;

export const newDayProfile = (): DayProfile => ({ minute: -1, demands: new Array<number>(SLOTS).fill(-1) });

/** Of one minute the first sample counts; minutes without any are unknown. `time` is later than all before. */
export function record(profile: DayProfile, time: number, demand: number): void {
  const minute = Math.floor(time / MINUTE_MS);
  if (minute === profile.minute) return;
  const skipped = profile.minute < 0 ? SLOTS : Math.min(minute - profile.minute, SLOTS);
  for (let back = skipped - 1; back > 0; back--) profile.demands[slot(minute - back)] = -1;
  profile.demands[slot(minute)] = demand;
  profile.minute = minute;
}

/** How much the demand grew a day ago from `from` to `to`, as a factor from 1/3 to 3; 1 where that is not known. */
export function growthYesterday(profile: DayProfile, from: number, to: number): number {
  const before = at(profile, from - DAY_MS);
  const after = at(profile, to - DAY_MS);
  if (before === undefined || after === undefined || !(before > 0)) return 1;
  return Math.min(Math.max(after / before, 1 / 3), 3);
}

function at({ minute: newest, demands }: DayProfile, time: number): number | undefined {
  const minute = Math.floor(time / MINUTE_MS);
  if (minute <= newest - SLOTS || minute + 1 > newest || minute < 0) return undefined;
  const [left, right] = [demands[slot(minute)]!, demands[slot(minute + 1)]!];
  return left < 0 || right < 0 ? undefined : left + (right - left) * (time / MINUTE_MS - minute);
}

const slot = (minute: number): number => ((minute % SLOTS) + SLOTS) % SLOTS;
