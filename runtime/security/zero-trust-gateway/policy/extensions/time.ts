import { fail } from "../fault";
import { type Long, long } from "../longs";
import { Keyed } from "../values";

/** Cedar's `datetime`: milliseconds since 1970, 64 bits. */
export class DatetimeValue extends Keyed {
  readonly key: string;

  constructor(readonly milliseconds: Long) {
    super();
    this.key = `(datetime ${milliseconds})`;
  }
}

/** Cedar's `duration`: milliseconds, 64 bits. */
export class DurationValue extends Keyed {
  readonly key: string;

  constructor(readonly milliseconds: Long) {
    super();
    this.key = `(duration ${milliseconds})`;
  }
}

export const DAY_MILLISECONDS = 86_400_000;

const DATETIME = /^(\d{4})-(\d\d)-(\d\d)(?:T(\d\d):(\d\d):(\d\d)(?:\.(\d{3}))?(?:Z|([+-])(\d\d)(\d\d)))?$/;

/** Cedar RFC 80: a date, or a date and time with seconds or milliseconds in UTC ("Z") or at an offset ("+hhmm"). */
export function datetime(text: string): DatetimeValue {
  return new DatetimeValue(millisecondsOf(text) ?? fail(`${JSON.stringify(text)} is not a datetime`));
}

function millisecondsOf(text: string): number | undefined {
  const match = DATETIME.exec(text);
  if (!match) return undefined;
  const [year, month, day, hour, minute, second, fraction] = match.slice(1, 8).map((part) => Number(part ?? 0)) as [
    number,
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  const [offsetHours, offsetMinutes] = [Number(match[9] ?? 0), Number(match[10] ?? 0)];
  if (hour > 23 || minute > 59 || second > 59 || offsetHours > 23 || offsetMinutes > 59) return undefined;
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  if (date.getUTCMonth() !== month - 1 || date.getUTCDate() !== day) return undefined;
  const offset = (match[8] === "-" ? -1 : 1) * (offsetHours * 60 + offsetMinutes) * 60_000;
  return date.getTime() + ((hour * 60 + minute) * 60 + second) * 1000 + fraction - offset;
}

const DURATION = /^(-?)(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?(?:(\d+)ms)?$/;
const UNIT_MILLISECONDS = [86_400_000n, 3_600_000n, 60_000n, 1000n, 1n];
/** More digits than 64 bits have. */
const MAX_LENGTH = 120;

/** Cedar RFC 80: days, hours, minutes, seconds and milliseconds in this order, each at most once, at least one. */
export function duration(text: string): DurationValue {
  const match = text.length > MAX_LENGTH ? null : DURATION.exec(text);
  const parts = match?.slice(2) as (string | undefined)[] | undefined;
  const total = parts?.some((part) => part !== undefined)
    ? parts.reduce((sum, part, unit) => sum + BigInt(part ?? 0) * UNIT_MILLISECONDS[unit]!, 0n)
    : undefined;
  const value = total === undefined ? undefined : long(match![1] === "-" ? -total : total);
  return new DurationValue(value ?? fail(`${JSON.stringify(text)} is not a duration`));
}
