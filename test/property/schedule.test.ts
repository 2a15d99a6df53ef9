import assert from "node:assert/strict";
import fc from "fast-check";
import {
  compileSchedule,
  longestPauseSeconds,
  parseSchedule,
  ScheduleDialect,
  scheduleFaults,
} from "../../components/storage/schedule";
import type { MnoError } from "../../runtime/exports";

const WEEKDAYS = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];
const MONTHS = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"];

/** Each backend's own reading of its dialect, written from its documentation and apart from the compiler. */
const matches = (field: string, value: number, names: string[] = [], firstName = 0): boolean =>
  field === "*" ||
  field === "?" ||
  field.split(",").some((item) => (names.includes(item) ? names.indexOf(item) + firstName : Number(item)) === value);

/** robfig/cron v3, six fields: either day field counts where neither is a star. */
function firesCnpg(expression: string, at: Date): boolean {
  const [second = "", minute = "", hour = "", day = "", month = "", weekday = ""] = expression.split(" ");
  const onDay = matches(day, at.getUTCDate());
  const onWeekday = matches(weekday, at.getUTCDay());
  const days = day === "*" || weekday === "*" ? onDay && onWeekday : onDay || onWeekday;
  return (
    matches(second, at.getUTCSeconds()) &&
    matches(minute, at.getUTCMinutes()) &&
    matches(hour, at.getUTCHours()) &&
    matches(month, at.getUTCMonth() + 1) &&
    days
  );
}

/** AWS: one of the day fields is "?"; Sunday is 1. */
function firesAws(expression: string, at: Date): boolean {
  const [, fields = ""] = /^cron\((.*)\)$/.exec(expression) ?? [];
  const [minute = "", hour = "", day = "", month = "", weekday = "", year] = fields.split(" ");
  assert.equal(year, "*");
  assert.equal([day, weekday].filter((field) => field === "?").length, 1);
  return (
    matches(minute, at.getUTCMinutes()) &&
    matches(hour, at.getUTCHours()) &&
    matches(day, at.getUTCDate()) &&
    matches(month, at.getUTCMonth() + 1) &&
    matches(weekday, at.getUTCDay() + 1, WEEKDAYS, 1)
  );
}

/** What a user writes: text, and the values it means. */
function field(from: number, to: number, names: string[] = []): fc.Arbitrary<{ text: string; values: Set<number> }> {
  const name = (value: number): string => names[value - from] ?? String(value);
  const value = fc.integer({ min: from, max: to });
  const steps = (first: number, last: number, step: number): number[] =>
    Array.from({ length: Math.floor((last - first) / step) + 1 }, (_, index) => first + index * step);
  const item = fc.oneof(
    fc.constant({ text: "*", values: steps(from, to, 1) }),
    value.map((one) => ({ text: name(one), values: [one] })),
    fc.integer({ min: 1, max: to }).map((step) => ({ text: `*/${step}`, values: steps(from, to, step) })),
    fc.tuple(value, value, fc.integer({ min: 1, max: 9 })).map(([a, b, step]) => {
      const [first, last] = [Math.min(a, b), Math.max(a, b)];
      return { text: `${name(first)}-${name(last)}/${step}`, values: steps(first, last, step) };
    }),
  );
  return fc.array(item, { minLength: 1, maxLength: 3 }).map((items) => ({
    text: items.map(({ text }) => text).join(","),
    values: new Set(items.flatMap(({ values }) => values)),
  }));
}

const expression = fc
  .tuple(field(0, 59), field(0, 23), field(1, 31), field(1, 12, MONTHS), field(0, 6, WEEKDAYS))
  .filter((fields) => scheduleFaults(fields.map(({ text }) => text).join(" ")).length === 0);

const moment = fc
  .date({ min: new Date("2026-01-01T00:00:00Z"), max: new Date("2032-01-01T00:00:00Z"), noInvalidDate: true })
  .map((at) => new Date(Math.floor(at.getTime() / 60_000) * 60_000));

describe("schedules", () => {
  it("mean the same moments in every dialect", () => {
    fc.assert(
      fc.property(expression, fc.array(moment, { minLength: 20, maxLength: 20 }), (fields, moments) => {
        const [minutes, hours, days, months, weekdays] = fields.map(({ values }) => values);
        const text = fields.map(({ text }) => text).join(" ");
        const anyDay = days!.size === 31 || weekdays!.size === 7;
        // Half of the moments at a time of day at which it fires, or hardly any would tell the dialects apart.
        const timely = moments.map((at) => new Date(new Date(at).setUTCHours([...hours!][0]!, [...minutes!].at(-1))));
        for (const at of [...moments, ...timely]) {
          const onDay = days!.has(at.getUTCDate());
          const onWeekday = weekdays!.has(at.getUTCDay());
          const expected =
            minutes!.has(at.getUTCMinutes()) &&
            hours!.has(at.getUTCHours()) &&
            months!.has(at.getUTCMonth() + 1) &&
            (anyDay ? onDay && onWeekday : onDay || onWeekday);
          const six = compileSchedule(text, ScheduleDialect.CronWithSeconds);
          assert.equal(firesCnpg(six, at), expected, `${text} -> ${six} at ${at.toISOString()}`);
          assert.equal(six, `0 ${compileSchedule(text, ScheduleDialect.Cron)}`);
          if (anyDay) {
            const aws = compileSchedule(text, ScheduleDialect.AwsCron);
            assert.equal(firesAws(aws, at), expected, `${text} -> ${aws} at ${at.toISOString()}`);
          } else {
            assert.throws(() => compileSchedule(text, ScheduleDialect.AwsCron), /AWS takes a day of month or/);
          }
        }
      }),
    );
  });

  it("stay the same when read again", () => {
    fc.assert(
      fc.property(expression, (fields) => {
        const text = fields.map(({ text }) => text).join(" ");
        const compiled = compileSchedule(text, ScheduleDialect.Cron);
        assert.deepEqual(parseSchedule(compiled), parseSchedule(text));
        assert.equal(compileSchedule(compiled, ScheduleDialect.Cron), compiled);
      }),
    );
  });

  it("say each by example", () => {
    const all = (text: string): string[] =>
      [ScheduleDialect.Cron, ScheduleDialect.CronWithSeconds, ScheduleDialect.AwsCron].map((dialect) =>
        compileSchedule(text, dialect),
      );
    assert.deepEqual(all("0 2 * * *"), ["0 2 * * *", "0 0 2 * * *", "cron(0 2 * * ? *)"]);
    assert.deepEqual(all("30 5 * * 7"), ["30 5 * * 0", "0 30 5 * * 0", "cron(30 5 ? * SUN *)"]);
    assert.deepEqual(all("*/30 0 1 jan-mar *"), ["0,30 0 1 1,2,3 *", "0 0,30 0 1 1,2,3 *", "cron(0,30 0 1 1,2,3 ? *)"]);
  });

  for (const [text, fault] of [
    ["0 0 2 * * *", /five fields/],
    ["@daily", /five fields/],
    ["60 2 * * *", /minute: "60" is not within 0 to 59/],
    ["0 2 0 * *", /day of month: "0"/],
    ["0 2 * * 8", /day of week: "8"/],
    ["0 5-2 * * *", /hour: "5-2" ends before it begins/],
    ["*/0 2 * * *", /step of 0/],
    ["0 2 30 2 *", /no month named has that day/],
    ["0 2 L * *", /day of month: "L"/],
    ["0 2 ? * MON", /day of month: "\?" is not/],
    ["0,x 25 * * *", /minute.*; hour/],
  ] as const) {
    it(`refuses "${text}"`, () => {
      assert.throws(
        () => parseSchedule(text),
        (error: MnoError) => error.code === "MNO_COMPONENT_ARGS_INVALID" && fault.test(error.message),
      );
    });
  }

  it("know their longest pause", () => {
    const from = new Date("2027-01-01T00:00:00Z");
    const day = 86_400;
    for (const [text, seconds] of [
      ["0 2 * * *", day],
      ["0 */6 * * *", 6 * 3600],
      ["0 2 * * SUN", 7 * day],
      ["0 2 1 * *", 31 * day],
      ["0 2 1 * SUN", 7 * day],
      ["0 2 31 * *", 61 * day],
    ] as const) {
      assert.equal(longestPauseSeconds(text, from), seconds, text);
    }
  });
});
