import assert from "node:assert/strict";
import { findIdle } from "../../../runtime/sustainability/energy-optimizer/idle";
import { sleepHours, validateSchedule, wantsSleep } from "../../../runtime/sustainability/energy-optimizer/schedule";
import { DAY, HOUR, WEEK } from "../../../runtime/sustainability/energy-optimizer/usage";
import { hourOfWeek, inWindow, learnIdleWeek } from "../../../runtime/sustainability/energy-optimizer/weekly";
import { hoursUntil, MONDAY } from "./fixtures";

const office = (time: number): number => {
  const hour = hourOfWeek(time);
  return hour < 120 && hour % 24 >= 8 && hour % 24 < 18 ? 0.8 : 0.005;
};

describe("energy optimizer: idleness", () => {
  it("tells a zombie, an idle, a busy and a steady workload apart", () => {
    const state = (cores: (hour: number) => number) => findIdle(hoursUntil(MONDAY, 28 * 24, cores), 1, MONDAY).state;
    assert.equal(
      state(() => 0.004),
      "zombie",
    );
    assert.equal(state(office), "idle");
    assert.equal(
      state((hour) => (hour >= MONDAY - HOUR ? 0.5 : 0.01)),
      "busy",
    );
    assert.equal(
      state(() => 0.5),
      "busy",
      "steady work is no idleness",
    );
    assert.equal(
      state(() => 0.021 + 0.003),
      "busy",
      "steady small work of a small service is work",
    );
  });

  it("says unknown where data are missing, and never idle", () => {
    const full = hoursUntil(MONDAY, 28 * 24, () => 0);
    assert.equal(findIdle([], 1, MONDAY).state, "unknown");
    assert.equal(findIdle(full.slice(-24), 1, MONDAY).state, "unknown", "a day is too little");
    assert.equal(findIdle(full, 1, MONDAY + DAY).state, "unknown", "the last day is missing");
    const thin = full.map((hour) => ({ ...hour, coverage: 0.5 }));
    assert.equal(findIdle(thin, 1, MONDAY).state, "unknown");
    const broken = full.map((hour) => ({ ...hour, mostCores: Number.NaN }));
    assert.equal(findIdle(broken, 1, MONDAY).state, "unknown");
    const holed = full.filter(({ hour }) => hour < MONDAY - 10 * DAY || hour >= MONDAY - 8 * DAY);
    assert.equal(findIdle(holed, 1, MONDAY).state, "idle", "two days of the last fourteen are missing: no zombie");
    assert.equal(findIdle(holed, 1, MONDAY).idleSince, MONDAY - 8 * DAY, "the run ends where nobody looked");
  });
});

describe("energy optimizer: sleep schedules", () => {
  it("learns nights and the week-end, and wakes an hour before they end", () => {
    const windows = learnIdleWeek(hoursUntil(MONDAY, 4 * 168, office), 0.02);
    assert.deepEqual(windows, [
      { from: 18, hours: 13 },
      { from: 42, hours: 13 },
      { from: 66, hours: 13 },
      { from: 90, hours: 13 },
      { from: 114, hours: 61 },
    ]);
    assert.equal(inWindow(windows, MONDAY + 3 * HOUR), true, "of the window that began on Friday");
    assert.equal(inWindow(windows, MONDAY + 7 * HOUR), false);
  });

  it("learns nothing from too few weeks, nor from hours that were busy once or lately", () => {
    const idle = () => 0;
    assert.deepEqual(learnIdleWeek(hoursUntil(MONDAY, 2 * 168, idle), 0.02), []);
    assert.deepEqual(learnIdleWeek(hoursUntil(MONDAY, 4 * 168, idle), 0.02), [{ from: 0, hours: 168 }]);
    const once = hoursUntil(MONDAY, 4 * 168, (hour) => (hour === MONDAY - 3 * WEEK + 50 * HOUR ? 1 : 0));
    assert.deepEqual(learnIdleWeek(once, 0.02), [{ from: 51, hours: 166 }]);
    const lately = hoursUntil(MONDAY, 20 * 168, (hour) => (hour === MONDAY - WEEK + 50 * HOUR ? 1 : 0));
    assert.deepEqual(learnIdleWeek(lately, 0.02), [{ from: 51, hours: 166 }]);
  });

  it("follows declared times in their time zone, over the change of summer time", () => {
    const schedule = {
      by: "declared",
      sleepAt: "0 20 * * *",
      wakeAt: "0 7 * * *",
      timeZone: "Europe/Berlin",
    } as const;
    const at = (time: string) => wantsSleep(schedule, Date.parse(time));
    assert.equal(at("2026-03-28T18:30:00Z"), false);
    assert.equal(at("2026-03-28T19:30:00Z"), true);
    assert.equal(at("2026-03-29T04:30:00Z"), true);
    assert.equal(at("2026-03-29T05:30:00Z"), false, "07:30 in Berlin by summer time");
    assert.equal(sleepHours(schedule, Date.parse("2026-06-01T00:00:00Z")).length, 28 * 11);
    assert.throws(() => validateSchedule({ ...schedule, wakeAt: "at dawn" }), { code: "MNO_REQUEST_INVALID" });
    assert.throws(() => validateSchedule({ ...schedule, timeZone: "Mars/Olympus" }), { code: "MNO_REQUEST_INVALID" });
    assert.equal(validateSchedule(schedule), schedule);
  });
});
