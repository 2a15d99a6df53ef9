import assert from "node:assert/strict";
import type { IntensityForecast } from "../../../../runtime/kernel/intensity/intensity";
import { resample } from "../../../../runtime/sustainability/green-scheduler/engine";
import { distrust, jumpOf, TRUST } from "../../../../runtime/sustainability/green-scheduler/jobs/trust";
import { HOUR, NOW } from "./fakes";

const grid = { from: NOW, stepMs: HOUR, steps: 4 };

function forecast(values: readonly number[], changes: Partial<IntensityForecast> = {}): IntensityForecast {
  const points = values.map((gramsPerKwh, i) => ({
    from: NOW + i * HOUR,
    to: NOW + (i + 1) * HOUR,
    gramsPerKwh,
    estimated: false,
  }));
  const origin = { signal: "average", source: "test", asOf: NOW, method: "synthetic", stale: false, why: "" } as const;
  return { ...origin, region: "DE", points, generatedAt: NOW, errorShare: null, by: "feed", ...changes };
}

const judge = (one: IntensityForecast): string | undefined =>
  distrust(one, { grid, values: resample(one.points, grid) });

describe("green scheduler: which forecasts it plans by", () => {
  it("trusts what can be, zero included", () => {
    assert.equal(judge(forecast([0, 100, TRUST.mostGramsPerKwh, 300])), undefined);
  });

  it("trusts a stand-in that says that it is old, and no feed that does", () => {
    assert.equal(judge(forecast([1, 2, 3, 4], { stale: true, by: "profile" })), undefined);
    assert.match(judge(forecast([1, 2, 3, 4], { stale: true }))!, /stale/);
  });

  it("wants half of the next hours covered, and no more: many feeds end after a day", () => {
    assert.equal(judge(forecast([1, 2])), undefined);
    const week = { ...grid, steps: 168 };
    const day = forecast(Array<number>(24).fill(100));
    assert.equal(distrust(day, { grid: week, values: resample(day.points, week) }), undefined);
    assert.match(judge(forecast([1]))!, /covers 1 of the next 4 steps/);
  });

  it("takes no stretch that ends before it begins", () => {
    const one = forecast([1, 2, 3, 4]);
    const points = one.points.map((point, i) => (i === 1 ? { ...point, to: point.from } : point));
    assert.match(judge({ ...one, points })!, /cannot be/);
  });

  it("measures a jump over the hours that both forecasts have", () => {
    const before = { grid, values: Float64Array.of(100, 100, 100, NaN) };
    const later = { ...grid, from: NOW + HOUR };
    assert.equal(jumpOf(before, { grid: later, values: Float64Array.of(100, 100, 900, 900) }), 0);
    assert.equal(jumpOf(before, { grid: later, values: Float64Array.of(100, 300, 900, 900) }), 1);
    assert.equal(jumpOf({ grid, values: new Float64Array(4) }, before), Infinity);
    assert.equal(jumpOf(before, { grid: { ...grid, from: NOW + 9 * HOUR }, values: Float64Array.of(1, 1, 1, 1) }), 0);
  });
});
