import { MnoError } from "../../runtime/exports";

/**
 * One way to say "when": a five-field cron expression in UTC (minute, hour, day of month, month, day of week), compiled to
 * what each backend reads. The dialects differ in the number of fields, in how days of the week are numbered and in what
 * two restricted day fields mean, so the text is never handed on as it is.
 */
export const ScheduleDialect = {
  /** Five fields: Velero, GKE backup, Kubernetes CronJob. */
  Cron: "cron",
  /** Six fields, seconds first: CloudNativePG ScheduledBackup. */
  CronWithSeconds: "cron-with-seconds",
  /** `cron(minute hour day-of-month month day-of-week year)`: AWS Backup, EventBridge. */
  AwsCron: "aws-cron",
} as const;
export type ScheduleDialect = (typeof ScheduleDialect)[keyof typeof ScheduleDialect];

/** The values of each field at which the schedule fires, ascending. Sunday is 0. */
export interface Schedule {
  minutes: readonly number[];
  hours: readonly number[];
  daysOfMonth: readonly number[];
  months: readonly number[];
  daysOfWeek: readonly number[];
}

interface Field {
  key: keyof Schedule;
  title: string;
  from: number;
  to: number;
  /** Names of the values, beginning with `from`. */
  names?: readonly string[];
}

const WEEKDAYS = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];
const MONTHS = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"];

const FIELDS: readonly Field[] = [
  { key: "minutes", title: "minute", from: 0, to: 59 },
  { key: "hours", title: "hour", from: 0, to: 23 },
  { key: "daysOfMonth", title: "day of month", from: 1, to: 31 },
  { key: "months", title: "month", from: 1, to: 12, names: MONTHS },
  { key: "daysOfWeek", title: "day of week", from: 0, to: 6, names: WEEKDAYS },
];

/** The most days that a month has in some year. */
const LONGEST = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/** What is wrong with the expression; empty when it is right. */
export function scheduleFaults(text: string): string[] {
  const { faults } = read(text);
  return faults;
}

/** Errors: MNO_COMPONENT_ARGS_INVALID with every fault at once. */
export function parseSchedule(text: string): Schedule {
  const { faults, schedule } = read(text);
  if (schedule === undefined) throw invalid(text, faults.join("; "));
  return schedule;
}

/** Seconds of the longest pause between two firings, over the four years from `from` (a leap year among them). */
export function longestPauseSeconds(text: string, from: Date): number {
  const { minutes, hours, daysOfMonth, months, daysOfWeek } = parseSchedule(text);
  const anyDate = daysOfMonth.length === 31;
  const anyWeekday = daysOfWeek.length === 7;
  let last: number | undefined;
  let longest = 0;
  for (let day = 0; day < 4 * 366; day++) {
    const date = new Date(Date.UTC(from.getUTCFullYear(), from.getUTCMonth(), from.getUTCDate() + day));
    const [onDate, onWeekday] = [daysOfMonth.includes(date.getUTCDate()), daysOfWeek.includes(date.getUTCDay())];
    // Where both are restricted, either counts.
    const fires = anyDate || anyWeekday ? onDate && onWeekday : onDate || onWeekday;
    if (!months.includes(date.getUTCMonth() + 1) || !fires) continue;
    for (const hour of hours) {
      for (const minute of minutes) {
        const at = date.getTime() / 1000 + hour * 3600 + minute * 60;
        longest = Math.max(longest, at - (last ?? at));
        last = at;
      }
    }
  }
  // What fires once in four years, or less, is not measured better.
  return longest === 0 ? 4 * 366 * 86_400 : longest;
}

/**
 * The expression as the dialect's backend reads it: values spelled out, so that no parser's idea of steps, names or Sunday
 * matters. With both day fields restricted, cron fires when either matches; AWS cannot say that.
 * Errors: MNO_COMPONENT_ARGS_INVALID.
 */
export function compileSchedule(text: string, dialect: ScheduleDialect): string {
  const schedule = parseSchedule(text);
  const [minutes, hours, daysOfMonth, months, daysOfWeek] = FIELDS.map((field) => spell(field, schedule[field.key]));
  switch (dialect) {
    case ScheduleDialect.Cron:
      return [minutes, hours, daysOfMonth, months, daysOfWeek].join(" ");
    case ScheduleDialect.CronWithSeconds:
      return ["0", minutes, hours, daysOfMonth, months, daysOfWeek].join(" ");
    case ScheduleDialect.AwsCron: {
      if (daysOfMonth !== "*" && daysOfWeek !== "*") {
        throw invalid(text, "AWS takes a day of month or a day of week, not both: make one of them *");
      }
      const days = daysOfWeek === "*" ? [daysOfMonth, months, "?"] : ["?", months, awsWeekdays(schedule.daysOfWeek)];
      return `cron(${[minutes, hours, ...days, "*"].join(" ")})`;
    }
  }
}

function read(text: string): { faults: string[]; schedule?: Schedule } {
  const parts = text.trim().split(/\s+/);
  if (parts.length !== FIELDS.length) {
    return { faults: [`must have five fields (minute hour day-of-month month day-of-week), not ${parts.length}`] };
  }
  const faults: string[] = [];
  const values = FIELDS.map((field, index) => {
    const set = new Set<number>();
    for (const item of parts[index]!.split(",")) {
      const range = readItem(field, item);
      if (typeof range === "string") faults.push(`${field.title}: ${range}`);
      else for (let value = range.from; value <= range.to; value += range.step) set.add(value % modulus(field));
    }
    return [field.key, [...set].sort((a, b) => a - b)] as const;
  });
  if (faults.length > 0) return { faults };
  const schedule = Object.fromEntries(values) as unknown as Schedule;
  const anyDay = schedule.daysOfWeek.length < 7; // then the days of the week fire, whatever the dates
  if (!anyDay && !schedule.months.some((month) => schedule.daysOfMonth[0]! <= LONGEST[month - 1]!)) {
    return { faults: ["no month named has that day: it would never fire"] };
  }
  return { faults, schedule };
}

/** Sunday may be written 7. */
function modulus(field: Field): number {
  return field.key === "daysOfWeek" ? 7 : Number.POSITIVE_INFINITY;
}

function readItem(field: Field, item: string): { from: number; to: number; step: number } | string {
  const match = /^(\*|([0-9A-Za-z]+)(?:-([0-9A-Za-z]+))?)(?:\/([0-9]+))?$/.exec(item);
  if (!match) return `"${item}" is not *, a value, a range or a step`;
  const [, , first, last, stepText] = match;
  const step = stepText === undefined ? 1 : Number(stepText);
  if (step < 1) return `"${item}" has a step of 0`;
  if (first === undefined) return { from: field.from, to: field.to, step };
  const from = valueOf(field, first);
  // A value with a step runs to the end of the field, as in every cron that takes it.
  const to = last !== undefined ? valueOf(field, last) : stepText === undefined ? from : field.to;
  if (from === undefined || to === undefined) return `"${item}" is not within ${field.from} to ${field.to}`;
  if (from > to) return `"${item}" ends before it begins`;
  return { from, to, step };
}

function valueOf(field: Field, text: string): number | undefined {
  const named = field.names?.indexOf(text.toUpperCase()) ?? -1;
  if (named >= 0) return field.from + named;
  const value = /^[0-9]{1,2}$/.test(text) ? Number(text) : Number.NaN;
  const highest = field.key === "daysOfWeek" ? 7 : field.to;
  return value >= field.from && value <= highest ? value : undefined;
}

function spell(field: Field, values: readonly number[]): string {
  return values.length === field.to - field.from + 1 ? "*" : values.join(",");
}

/** AWS counts Sunday as 1; names leave no doubt. */
function awsWeekdays(days: readonly number[]): string {
  return days.map((day) => WEEKDAYS[day]).join(",");
}

function invalid(text: string, why: string): MnoError {
  return new MnoError("MNO_COMPONENT_ARGS_INVALID", `MNO_COMPONENT_ARGS_INVALID: schedule "${text}": ${why}`);
}
