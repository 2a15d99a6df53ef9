import assert from "node:assert/strict";
import { type Budget, linesPassed, periodOf } from "../../../runtime/sustainability/carbon-monitor/budgets";
import { type Side, sideOf } from "../../../runtime/sustainability/carbon-monitor/intensity-lines";

describe("carbon monitor: budgets", () => {
  const budget: Budget = { name: "all", limitGramsCo2e: 1000, period: "month", percents: [100, 50, 80, 50] };

  it("each line is passed once, lowest first", () => {
    assert.deepEqual(linesPassed(budget, 499, []), []);
    assert.deepEqual(linesPassed(budget, 500, []), [50]);
    assert.deepEqual(linesPassed(budget, 1200, [50]), [80, 100]);
    assert.deepEqual(linesPassed(budget, 1200, [50, 80, 100]), []);
  });

  it("periods are calendar periods in UTC", () => {
    const iso = (period: Budget["period"], now: string): string[] => {
      const { start, end } = periodOf(period, Date.parse(now));
      return [start, end].map((time) => new Date(time).toISOString().slice(0, 10));
    };
    assert.deepEqual(iso("day", "2026-02-28T23:59:59Z"), ["2026-02-28", "2026-03-01"]);
    assert.deepEqual(iso("week", "2026-03-01T12:00:00Z"), ["2026-02-23", "2026-03-02"]);
    assert.deepEqual(iso("week", "2026-03-02T00:00:00Z"), ["2026-03-02", "2026-03-09"]);
    assert.deepEqual(iso("month", "2026-12-05T00:00:00Z"), ["2026-12-01", "2027-01-01"]);
    assert.deepEqual(iso("year", "2026-12-05T00:00:00Z"), ["2026-01-01", "2027-01-01"]);
  });
});

describe("carbon monitor: intensity lines", () => {
  it("a wobble around the line crosses it once", () => {
    const line = { gramsPerKwh: 200, hysteresisPercent: 5 };
    let side: Side | undefined;
    const sides = [150, 199, 200, 198, 201, 191, 190, 195, 199, 200].map((grams) => (side = sideOf(line, grams, side)));
    assert.equal(sides.join(" "), "below below above above above above below below below above");
  });
});
