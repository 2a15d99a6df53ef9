import { DAY, observed, quantile, type UsageHour } from "./usage";

export interface IdleOptions {
  /** Cores below which nothing useful is done, whatever was requested: what timers and probes of a process take. */
  floorCores: number;
  /** Idle is also what stays below this share of the requested cores. */
  requestShare: number;
  /** Nothing is said of a workload that was watched for less. */
  leastDays: number;
  /** A workload that did nothing for so long is a zombie. */
  zombieDays: number;
  /** Least share of the hours of a stretch that must have been observed for it to count. */
  leastObserved: number;
}

export const IDLE_OPTIONS: IdleOptions = {
  floorCores: 0.02,
  requestShare: 0.03,
  leastDays: 7,
  zombieDays: 14,
  leastObserved: 0.9,
};

export interface IdleFinding {
  state: "busy" | "idle" | "zombie" | "unknown";
  /** Cores at or below which an hour is idle; null where nothing is known. */
  lineCores: number | null;
  /** Share of the observed hours that were idle; null where nothing is known. */
  idleShare: number | null;
  observedHours: number;
  /** Start of the last run of idle hours without a hole; null where the last observed hour was busy. */
  idleSince: number | null;
  reason: string;
}

/**
 * The line between idle and busy of one workload: its own quiet level (10 % quantile of the hours) with half as much again,
 * yet never above 10 % of its busy level (95 % quantile), so that steady work is not idleness; and at least the floor, or
 * the declared share of what it requests, where even the busy level is below that.
 */
export function idleLine(
  hours: readonly UsageHour[],
  requestedCores: number,
  { floorCores, requestShare }: IdleOptions = IDLE_OPTIONS,
): number {
  const most = hours.map(({ mostCores }) => mostCores);
  const declared = Math.max(floorCores, requestShare * requestedCores);
  if (most.length === 0) return floorCores;
  const quiet = 1.5 * quantile(most, 0.1);
  const busy = quantile(most, 0.95);
  return Math.min(declared, Math.max(floorCores, Math.min(quiet, 0.1 * busy)));
}

/** What an hour's samples say, judged by the highest: one busy minute makes a busy hour. */
export const isIdle = ({ mostCores }: UsageHour, line: number): boolean => mostCores <= line;

/** Idle, zombie, busy, or unknown where too little was seen. `now` in ms; `hours` in any order. */
export function findIdle(
  history: readonly UsageHour[],
  requestedCores: number,
  now: number,
  options: IdleOptions = IDLE_OPTIONS,
): IdleFinding {
  const hours = observed(history).filter(({ hour }) => hour + 3_600_000 <= now);
  const unknown = (reason: string): IdleFinding => ({
    state: "unknown",
    lineCores: null,
    idleShare: null,
    observedHours: hours.length,
    idleSince: null,
    reason,
  });
  const least = options.leastDays * 24 * options.leastObserved;
  const recent = hours.filter(({ hour }) => hour >= now - options.leastDays * DAY - 3_600_000);
  if (recent.length < least) {
    return unknown(
      `${recent.length} hours of the last ${options.leastDays} days were observed; it takes ${Math.ceil(least)}`,
    );
  }
  const last = hours.at(-1) as UsageHour;
  if (now - last.hour > 3 * 3_600_000) return unknown("the last observed hour is more than three hours ago");
  const line = idleLine(hours, requestedCores, options);
  const idle = hours.filter((hour) => isIdle(hour, line));
  const found = {
    lineCores: line,
    idleShare: idle.length / hours.length,
    observedHours: hours.length,
    idleSince: idleSince(hours, line),
  };
  const old = hours.filter(({ hour }) => hour >= now - options.zombieDays * DAY - 3_600_000);
  const complete = old.length >= options.zombieDays * 24 * options.leastObserved;
  if (complete && old.every((hour) => isIdle(hour, line))) {
    return { state: "zombie", ...found, reason: `no hour of ${options.zombieDays} days was above ${cores(line)}` };
  }
  return found.idleSince === null
    ? { state: "busy", ...found, reason: `${cores(last.mostCores)} in the last hour, above ${cores(line)}` }
    : { state: "idle", ...found, reason: `at most ${cores(line)} since ${new Date(found.idleSince).toISOString()}` };
}

/** A missing hour ends the run: nobody knows what happened in it. */
function idleSince(hours: readonly UsageHour[], line: number): number | null {
  let since: number | null = null;
  for (const hour of hours.toReversed()) {
    if (!isIdle(hour, line) || (since !== null && hour.hour !== since - 3_600_000)) break;
    since = hour.hour;
  }
  return since;
}

const cores = (value: number): string => `${Number(value.toPrecision(2))} cores`;
