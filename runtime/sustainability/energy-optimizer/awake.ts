import { MnoError } from "../../exports";
import { type SleepSchedule, validateSchedule } from "./schedule";

const DAYS = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];
const STRETCH = /^([a-z]{3})(?:-([a-z]{3}))? (\d{2}):(\d{2})-(\d{2}):(\d{2}) (\S+)$/i;
const DAY_MINUTES = 1440;
const WEEK_MINUTES = 7 * DAY_MINUTES;
const MOST_STRETCHES = 14;
const MOST_CHARACTERS = 1000;

interface Stretch {
  days: number[];
  /** Minutes of the day; an end that is not after the start is on the next day. */
  from: number;
  to: number;
  timeZone: string;
}

/**
 * The sleep schedule of a text that says when a workload is awake, in the form of kube-downscaler's uptime:
 * `Mon-Fri 08:00-18:00 Europe/Berlin`; several with commas between, of one time zone and without overlap. An end before its
 * start is on the next day. Errors: MNO_REQUEST_INVALID that says what is wrong with which part.
 */
export function parseAwake(text: string): SleepSchedule {
  if (text.length > MOST_CHARACTERS) throw faulty(`has ${text.length} characters; at most ${MOST_CHARACTERS} are read`);
  const parts = text.split(",").map((part) => part.trim().replaceAll(/\s+/g, " "));
  if (parts.length > MOST_STRETCHES) throw faulty(`has ${parts.length} stretches; at most ${MOST_STRETCHES} are read`);
  const stretches = parts.map(stretchOf);
  const [{ timeZone }] = stretches as [Stretch];
  const other = stretches.find((stretch) => stretch.timeZone !== timeZone);
  if (other) throw faulty(`names ${timeZone} and ${other.timeZone}; all stretches must be of one time zone`);
  refuseOverlap(stretches);
  const patterns = (of: (stretch: Stretch) => string): string => [...new Set(stretches.map(of))].join("|");
  return validateSchedule({
    by: "declared",
    wakeAt: patterns(({ days, from }) => cronOf(days, from)),
    sleepAt: patterns(({ days, from, to }) => cronOf(days, to > from ? to : to + DAY_MINUTES)),
    timeZone,
  });
}

function stretchOf(part: string): Stretch {
  const [, first = "", last = first, ...rest] = STRETCH.exec(part) ?? [];
  const timeZone = rest.pop();
  if (timeZone === undefined) throw faulty(`"${part}" is not of the form Mon-Fri 08:00-18:00 Europe/Berlin`);
  const [begin, end] = [first, last].map((name) => DAYS.indexOf(name.toLowerCase())) as [number, number];
  if (begin < 0 || end < 0)
    throw faulty(`"${begin < 0 ? first : last}" is no day; days are Mon Tue Wed Thu Fri Sat Sun`);
  const [fromHour, fromMinute, toHour, toMinute] = rest.map(Number) as [number, number, number, number];
  const [from, to] = [fromHour * 60 + fromMinute, toHour * 60 + toMinute];
  if (fromMinute > 59 || toMinute > 59 || from >= DAY_MINUTES || to > DAY_MINUTES)
    throw faulty(`"${part}" names no time of day; times are 00:00 to 23:59, an end may be 24:00`);
  if (from === to) throw faulty(`"${part}" ends when it begins; a whole day is 00:00-24:00`);
  const days = Array.from({ length: ((end - begin + 7) % 7) + 1 }, (_, more) => (begin + more) % 7);
  return { days, from, to, timeZone };
}

/** Where stretches overlap, the end of one would put to sleep what another wants awake. */
function refuseOverlap(stretches: readonly Stretch[]): void {
  const spans = stretches
    .flatMap(({ days, from, to }) =>
      days.map((day) => ({
        start: day * DAY_MINUTES + from,
        minutes: to > from ? to - from : to - from + DAY_MINUTES,
      })),
    )
    .toSorted((a, b) => a.start - b.start);
  for (const [index, { start, minutes }] of spans.entries()) {
    const after = spans[index + 1]?.start ?? spans[0]!.start + WEEK_MINUTES;
    if (start + minutes > after) throw faulty(`overlaps itself on ${DAYS[Math.floor(start / DAY_MINUTES)]}`);
  }
}

/** Cron of these days at a minute of the day; 1440 and more are of the day after. */
function cronOf(days: readonly number[], minutes: number): string {
  const later = Math.floor(minutes / DAY_MINUTES);
  const on = days.map((day) => (day + later) % 7).toSorted((a, b) => a - b);
  return `${minutes % 60} ${Math.floor((minutes % DAY_MINUTES) / 60)} * * ${on.join(",")}`;
}

const faulty = (what: string): MnoError => new MnoError("MNO_REQUEST_INVALID", `the sleep schedule ${what}`);
