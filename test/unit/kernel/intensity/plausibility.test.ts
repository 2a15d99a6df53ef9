import assert from "node:assert/strict";
import fc from "fast-check";
import type { IntensityPoint } from "../../../../runtime/kernel/intensity/intensity";
import { judge, type Judging } from "../../../../runtime/kernel/intensity/plausibility";
import { HOUR_MS } from "../../../../runtime/kernel/intensity/series";
import { day, hours, NOW } from "../../../support/intensity/feeds";

const plain: Judging = { now: NOW, zeroIsReal: false, before: [], forecast: false };
const grams = (points: readonly IntensityPoint[]): number[] => points.map(({ gramsPerKwh }) => gramsPerKwh);
const withLast = (...values: number[]): IntensityPoint[] => {
  const points = day();
  return points.map((point, i) => ({
    ...point,
    gramsPerKwh: values[i - points.length + values.length] ?? point.gramsPerKwh,
  }));
};

describe("plausibility of intensity", () => {
  it("leaves a day of ordinary figures as it is", () => {
    assert.deepEqual(judge(day(), plain), { points: day(), notes: [], flat: false });
  });

  for (const [what, value, why] of [
    ["a negative value", -5, /-5 g\/kWh is negative/],
    ["not a number", NaN, /is not a number/],
    ["infinity", Infinity, /is not a number/],
    ["zero", 0, /is 0, which no grid is/],
    ["more than any grid", 2001, /2001 g\/kWh is above 2000/],
  ] as const) {
    it(`leaves out ${what} and says so`, () => {
      const judged = judge(withLast(value), plain);
      assert.equal(judged.points.length, 23);
      assert.equal(judged.refused, undefined);
      assert.match(judged.notes.join(), why);
      assert.match(judged.notes.join(), /^left out 2026-11-23T11:00/);
    });
  }

  it("leaves out a stretch that lasts for ever: what counts its days would never end", () => {
    const endless = day().map((point, i) =>
      i === 23 ? { ...point, to: Date.parse("+275760-09-13T00:00:00Z") } : point,
    );
    const judged = judge(endless, plain);
    assert.equal(judged.points.length, 23);
    assert.match(judged.notes.join(), /lasts longer than a year/);
  });

  it("takes zero at the margin, where curtailment makes it true", () => {
    assert.equal(judge(withLast(0), { ...plain, zeroIsReal: true }).points.at(-1)?.gramsPerKwh, 0);
  });

  it("refuses the whole answer when more than a tenth of it is beyond belief", () => {
    const judged = judge(withLast(0, 0, 0), plain);
    assert.match(judged.refused ?? "", /3 of 24 points/);
  });

  it("refuses a single point that is beyond belief", () => {
    assert.match(judge(hours(NOW - HOUR_MS, [0]), plain).refused ?? "", /1 of 1 points.*is 0/);
  });

  it("leaves out what lies in the future, but for a quarter of an hour", () => {
    const ahead = [...day(), ...hours(NOW + HOUR_MS, [210])];
    assert.match(judge(ahead, plain).notes.join(), /in the future/);
    assert.deepEqual(judge([...day(), ...hours(NOW + 60_000, [270])], plain).notes, []);
    assert.deepEqual(judge(ahead, { ...plain, forecast: true }).notes, []);
  });

  it("does not believe a thousandfold jump that nothing confirms", () => {
    const judged = judge(withLast(0.27), plain);
    assert.deepEqual(grams(judged.points), grams(day()).slice(0, 23));
    assert.match(judged.notes.join(), /jumps to 0.27 from 266 g\/kWh and nothing confirms it/);
  });

  it("believes a jump that three stretches in a row confirm", () => {
    assert.deepEqual(grams(judge(withLast(12, 11, 13), plain).points).slice(-3), [12, 11, 13]);
  });

  it("does not take a spike there and back for a jump, nor two spikes that disagree", () => {
    const judged = judge(withLast(3, 12, 270), plain);
    assert.deepEqual(grams(judged.points).slice(-2), [260, 270]);
    assert.equal(judged.notes.length, 2);
  });

  it("holds the first point against what was believed before", () => {
    const before = hours(NOW - 30 * HOUR_MS, [200, 210, 220]);
    assert.match(judge(hours(NOW - HOUR_MS, [2]), { ...plain, before }).refused ?? "", /jumps to 2 from 210/);
  });

  it("refuses a feed that restates the past in another unit", () => {
    const restated = day().map((point) => ({ ...point, gramsPerKwh: point.gramsPerKwh / 1000 }));
    assert.match(
      judge(restated, { ...plain, before: day() }).refused ?? "",
      /contradicts itself: .* was 200 and is now 0.2/,
    );
    const corrected = day().map((point) => ({ ...point, gramsPerKwh: point.gramsPerKwh * 1.3 }));
    assert.equal(judge(corrected, { ...plain, before: day() }).refused, undefined);
  });

  it("refuses a forecast of another world than the measured one", () => {
    const ahead = hours(NOW, Array<number>(24).fill(0.2));
    const judged = judge(ahead, { ...plain, forecast: true, before: day() });
    assert.match(judged.refused ?? "", /it is about 0.200 g\/kWh, where 236 was measured/);
  });

  it("sees a feed that has said the same for a day", () => {
    const same = hours(NOW - 25 * HOUR_MS, Array<number>(24).fill(180));
    assert.equal(judge(same, plain).flat, true);
    assert.equal(judge(same.slice(1), plain).flat, false);
    assert.equal(judge([...same.slice(0, -1), { ...same.at(-1)!, gramsPerKwh: 181 }], plain).flat, false);
  });

  it("believes only numbers that can be, and loses none without a word (property)", () => {
    const value = fc.oneof(fc.double(), fc.constantFrom(0, -0, NaN, 1e9), fc.double({ min: 1, max: 900, noNaN: true }));
    fc.assert(
      fc.property(fc.array(value, { maxLength: 40 }), fc.boolean(), fc.boolean(), (values, zeroIsReal, forecast) => {
        const points = hours(NOW - values.length * HOUR_MS, values);
        const judged = judge(points, { ...plain, zeroIsReal, forecast });
        for (const { gramsPerKwh } of judged.points) {
          assert.ok(gramsPerKwh <= 2000 && (zeroIsReal ? gramsPerKwh >= 0 : gramsPerKwh > 0), String(gramsPerKwh));
        }
        assert.equal(judged.points.length + judged.notes.length, points.length);
      }),
    );
  });
});
