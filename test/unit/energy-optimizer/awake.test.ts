import assert from "node:assert/strict";
import { parseAwake } from "../../../runtime/sustainability/energy-optimizer/awake";
import { Declarations } from "../../../runtime/sustainability/energy-optimizer/declared";
import { sleepHours, type SleepSchedule, wantsSleep } from "../../../runtime/sustainability/energy-optimizer/schedule";
import { HOUR } from "../../../runtime/sustainability/energy-optimizer/usage";
import { MONDAY } from "./fixtures";

describe("energy optimizer: declared sleep", () => {
  const office = "Mon-Fri 08:00-18:00 Europe/Berlin";
  const KEY = "machine-native-ops/sleep-schedule";

  /** Of the four weeks from a Monday, the hours of a week that it is awake. */
  const awakeHours = (text: string): number => 168 - sleepHours(parseAwake(text), MONDAY).length / 4;

  it("reads when a workload is awake", () => {
    assert.deepEqual(parseAwake(office), {
      by: "declared",
      wakeAt: "0 8 * * 1,2,3,4,5",
      sleepAt: "0 18 * * 1,2,3,4,5",
      timeZone: "Europe/Berlin",
    });
    const asleep = (time: string): boolean => wantsSleep(parseAwake(office), Date.parse(time));
    assert.equal(asleep("2026-01-05T06:59:00Z"), true);
    assert.equal(asleep("2026-01-05T07:00:00Z"), false, "08:00 in Berlin, in winter");
    assert.equal(asleep("2026-07-06T06:00:00Z"), false, "and in summer");
    assert.equal(asleep("2026-07-06T16:00:00Z"), true);
    assert.equal(asleep("2026-01-10T12:00:00Z"), true, "Saturday");
  });

  for (const [text, hours] of [
    [office, 50],
    ["  mon-FRI   08:00-18:00   Europe/Berlin ", 50],
    ["Sat 10:00-14:30 UTC", 5],
    ["Mon-Fri 08:00-18:00 UTC, Sat 10:00-14:00 UTC", 54],
    ["Mon-Fri 08:00-12:00 UTC,Mon-Fri 12:00-18:00 UTC", 50],
    ["Mon-Sun 00:00-24:00 UTC", 168],
    ["Sat-Mon 00:00-24:00 UTC", 72],
    ["Fri-Sat 22:00-06:00 UTC", 16],
    ["Sun 22:00-06:00 UTC, Mon 06:00-07:00 UTC", 9],
  ] as const) {
    it(`is awake ${hours} hours of a week by "${text}"`, () => assert.equal(awakeHours(text), hours));
  }

  for (const [text, message] of [
    ["always", /"always" is not of the form/],
    ["Mon-Fri 08:00-18:00", /not of the form/],
    ["Mon-Fri 8-18 UTC", /not of the form/],
    ["Mon-Fri 08:00-18:00 UTC,", /"" is not of the form/],
    ["Mon-Fre 08:00-18:00 UTC", /"Fre" is no day/],
    ["Mon 08:60-18:00 UTC", /no time of day/],
    ["Mon 24:00-25:00 UTC", /no time of day/],
    ["Mon 08:00-24:01 UTC", /no time of day/],
    ["Mon 08:00-08:00 UTC", /ends when it begins/],
    ["Mon 08:00-18:00 Mars/Olympus", /Mars\/Olympus/],
    ["Mon 08:00-18:00 UTC, Tue 08:00-18:00 Europe/Berlin", /one time zone/],
    ["Mon-Fri 08:00-18:00 UTC, Fri 12:00-20:00 UTC", /overlaps itself on fri/],
    ["Sun 22:00-06:00 UTC, Mon 05:00-07:00 UTC", /overlaps itself on/],
    [`Mon 08:00-18:00 ${"x".repeat(1000)}`, /characters/],
    [Array<string>(15).fill("Mon 08:00-09:00 UTC").join(), /15 stretches/],
  ] as const) {
    it(`refuses "${text.slice(0, 50)}", and says why`, () => {
      assert.throws(() => parseAwake(text), { code: "MNO_REQUEST_INVALID", message });
    });
  }

  it("asks the configuration, then the annotation, then the label; and tells of a fault once", () => {
    const configured: SleepSchedule = { by: "declared", sleepAt: "0 20 * * *", wakeAt: "0 6 * * *", timeZone: "UTC" };
    const told: unknown[] = [];
    const log = { warn: (what: unknown) => void told.push(what) };
    const declarations = new Declarations(new Map([["web", configured]]), log);
    const text = { [KEY]: office };
    assert.deepEqual(declarations.of({ name: "web", annotations: text }), { schedule: configured });
    assert.ok(declarations.of({ name: "api", annotations: text, labels: { [KEY]: "never" } }).schedule);
    assert.ok(declarations.of({ name: "api", labels: text }).schedule);
    assert.deepEqual(declarations.of({ name: "api", annotations: { [KEY]: " " } }), {});
    assert.deepEqual(told, []);
    const faulty = { name: "api", annotations: { [KEY]: "at night" } };
    assert.match(declarations.of(faulty).fault ?? "", /sleep-schedule: .*"at night" is not of the form/);
    declarations.of(faulty);
    assert.equal(told.length, 1, "once");
    assert.ok(declarations.of({ name: "api", annotations: text }).schedule, "mended");
    declarations.of(faulty);
    assert.equal(told.length, 2, "and faulty again");
  });

  it("reads a text again when its workload was gone meanwhile", () => {
    const told: unknown[] = [];
    const declarations = new Declarations(new Map(), { warn: (what: unknown) => void told.push(what) });
    const faulty = { name: "api", annotations: { [KEY]: "at night" } };
    declarations.of(faulty);
    declarations.keep(new Set(["api"]));
    declarations.of(faulty);
    assert.equal(told.length, 1);
    declarations.keep(new Set());
    declarations.of(faulty);
    assert.equal(told.length, 2);
  });

  it("says the same of each hour by itself as of many", () => {
    const schedule = parseAwake("Mon-Fri 08:00-18:00 Europe/Berlin, Sat 22:00-02:00 Europe/Berlin");
    const from = Date.parse("2026-03-23T00:00:00Z"); // over the change of summer time
    const hours = Array.from({ length: 14 * 24 }, (_, hour) => from + hour * HOUR);
    const asleep = hours.filter((hour) => wantsSleep(schedule, hour));
    assert.deepEqual(sleepHours(schedule, from, 14), asleep);
  });
});
