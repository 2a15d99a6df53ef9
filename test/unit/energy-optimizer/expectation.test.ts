import assert from "node:assert/strict";
import { expectation, hourlyMean } from "../../../runtime/sustainability/energy-optimizer/expectation";
import { planPowerCap } from "../../../runtime/sustainability/energy-optimizer/power-cap";
import { realisation } from "../../../runtime/sustainability/energy-optimizer/realisation";
import { adviseRetention } from "../../../runtime/sustainability/energy-optimizer/retention";
import { counterfactual, expectSleep } from "../../../runtime/sustainability/energy-optimizer/sleep";
import { HOUR, WEEK } from "../../../runtime/sustainability/energy-optimizer/usage";
import { judge } from "../../../runtime/sustainability/energy-optimizer/verdict";
import { INTENSITY, MONDAY } from "./fixtures";

const near = (actual: number, expected: number): void =>
  assert.ok(Math.abs(actual - expected) <= 1e-9 * Math.max(1, Math.abs(expected)), `${actual}, not ${expected}`);

describe("energy optimizer: expectations and verdicts", () => {
  it("gives a mean an interval, and a wide one where the spread is not known", () => {
    assert.deepEqual(hourlyMean([2, 2]), { value: 2, low: 0, high: 4 });
    const days = Array.from({ length: 4 }, (_, day) => Array<number>(24).fill(1 + day)).flat();
    const { value, low, high } = hourlyMean(days);
    near(value, 2.5);
    // Days 1, 2, 3, 4: standard error 0.6455, t(3) = 3.182.
    assert.ok(Math.abs(high - value - 3.182 * 0.6455) < 0.06, String(high - value));
    assert.ok(Math.abs(value - low - 3.182 * 0.6455) < 0.06);
  });

  it("expects of sleep what was used above idle in its hours, and nothing of what was never measured", () => {
    const schedule = { by: "learned", windows: [{ from: 120, hours: 48 }] } as const;
    const history = Array.from({ length: 4 * 168 }, (_, hour) => ({
      hour: MONDAY - 4 * WEEK + hour * HOUR,
      activeKwh: hour % 168 >= 120 ? 0.01 : 0.05,
    }));
    const expected = expectSleep({ ...schedule, windows: [...schedule.windows] }, history, MONDAY, INTENSITY)!;
    near(expected.kwh.value, 0.01 * 720 * (48 / 168));
    near(expected.gramsCo2e.value, expected.kwh.value * 400);
    near(expected.baselineKwh, ((120 * 0.05 + 48 * 0.01) / 168) * 720);
    assert.match(expected.method, /average 400 gCO2e\/kWh of test table, as of 2025/);
    const weekdays = history.filter((_, index) => index % 168 < 120);
    assert.equal(
      expectSleep({ by: "learned", windows: [...schedule.windows] }, weekdays, MONDAY, INTENSITY),
      undefined,
    );
    near(counterfactual(history, MONDAY + 119.5 * HOUR, MONDAY + 121 * HOUR)!, 0.025 + 0.01);
    assert.equal(counterfactual([], 0, HOUR), undefined);
  });

  it("caps power at the measured peaks where it may, in steps", () => {
    const limit = { file: "f", zone: "package-0", limitWatts: 200, mostWatts: 250, writable: true };
    const watts = Array.from({ length: 100 }, (_, hour) => (hour % 10 === 0 ? 190 : 160));
    const { cap, expected } = planPowerCap(limit, watts, INTENSITY)!;
    assert.deepEqual(cap, { file: "f", fromWatts: 200, toWatts: 160 });
    near(expected.kwh.value, 0.003 * 720);
    assert.equal(expected.kwh.low, 0);
    assert.equal(planPowerCap({ ...limit, writable: false }, watts, INTENSITY), undefined);
    assert.equal(planPowerCap(limit, watts.slice(0, 10), INTENSITY), undefined);
    assert.equal(planPowerCap({ ...limit, limitWatts: 161 }, watts, INTENSITY), undefined, "nothing worth a plan");
    assert.equal(planPowerCap({ ...limit, limitWatts: 1000 }, watts, INTENSITY), undefined, "a quarter trims no peak");
  });

  it("advises to keep what is needed, and no longer", () => {
    const kept = {
      name: "logs",
      medium: "ssd",
      copies: 3,
      bytes: 90e12,
      bytesPerDay: 1e12,
      keptDays: 90,
      neededDays: 30,
    } as const;
    const advice = adviseRetention(kept, INTENSITY)!;
    assert.equal(advice.freedBytes, 60e12);
    near(advice.expected.kwh.value, (60 * 3 * 1.2 * 720) / 1000);
    assert.equal(adviseRetention({ ...kept, neededDays: 90 }, INTENSITY), undefined);
    assert.equal(adviseRetention({ ...kept, bytes: 0 }, INTENSITY), undefined);
  });

  it("judges a plan only by what was measured, for long enough", () => {
    const expected = expectation({ value: 72, low: 60, high: 80 }, 200, INTENSITY, "test");
    const week = { from: MONDAY, to: MONDAY + WEEK, coverage: 1, baselineKwh: 50 };
    assert.equal(judge(expected, { ...week, to: MONDAY + HOUR, usedKwh: 0 }).verdict, "too-early");
    assert.equal(judge(expected, { ...week, coverage: 0.5, usedKwh: 0 }).verdict, "too-early");
    const kept = judge(expected, { ...week, usedKwh: 34 });
    assert.ok(kept.verdict === "kept");
    near(kept.expectedKwh, 16.8);
    near(kept.savedKwh, 16);
    assert.equal(judge(expected, { ...week, usedKwh: 45 }).verdict, "missed");
    assert.equal(judge(expected, { ...week, usedKwh: 51 }).verdict, "missed", "more than before");
  });

  it("learns what plans come to, and believes no single one at once", () => {
    assert.equal(realisation([]), 1);
    assert.equal(realisation([{ expectedKwh: 10, savedKwh: 0 }]), 0.5);
    near(realisation(Array(9).fill({ expectedKwh: 10, savedKwh: 5 })), 0.55);
    assert.equal(realisation(Array(9).fill({ expectedKwh: 10, savedKwh: -50 })), 0);
    assert.equal(realisation([{ expectedKwh: 0, savedKwh: 5 }]), 1, "what promised nothing teaches nothing");
  });
});
