import assert from "node:assert/strict";
import fc from "fast-check";
import {
  apportion,
  fromMicrograms,
  fromNanoKwh,
  microgramsOf,
  toMicrograms,
  toNanoKwh,
} from "../../../../runtime/kernel/energy/exact";
import { calibrate } from "../../../../runtime/kernel/energy/calibrated";

const sum = (parts: readonly bigint[]): bigint => parts.reduce((all, part) => all + part, 0n);
const weights = fc.array(fc.double({ min: 0, max: 1e12, noNaN: true }), { minLength: 1, maxLength: 50 });
const amounts = fc.bigInt({ min: 0n, max: 2n ** 60n });

describe("kernel: exact amounts", () => {
  it("parts sum to the whole, and none is more than a unit beside its share", () => {
    fc.assert(
      fc.property(amounts, weights, (total, each) => {
        const parts = apportion(total, each);
        assert.equal(sum(parts), total);
        assert.ok(parts.every((part) => part >= 0n));
        const most = Math.max(...each);
        if (most === 0) return;
        const all = each.reduce((one, other) => one + other / most, 0);
        parts.forEach((part, index) => {
          const share = (Number(total) * (each[index]! / most)) / all;
          assert.ok(
            Math.abs(Number(part) - share) <= 1 + Number(total) * 1e-14,
            `${String(part)} for ${String(share)}`,
          );
        });
      }),
    );
  });

  it("gives a weight of 0 nothing", () => {
    assert.deepEqual(apportion(10n, [0, 1, 0, 2]), [0n, 3n, 0n, 7n]);
    assert.deepEqual(apportion(5n, [0, 0]), [3n, 2n]);
    assert.deepEqual(apportion(0n, []), []);
    assert.throws(() => apportion(1n, []), RangeError);
  });

  it("whole amounts survive the way through doubles", () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 2n ** 50n }), (whole) => {
        assert.equal(toNanoKwh(fromNanoKwh(whole)), whole);
        assert.equal(toMicrograms(fromMicrograms(whole)), whole);
      }),
    );
  });

  it("carbon is energy times intensity", () => {
    assert.equal(microgramsOf(toNanoKwh(2), 400), toMicrograms(800));
    assert.equal(microgramsOf(1n, 400), 0n);
    assert.equal(microgramsOf(3n, 400), 1n);
  });

  it("a calibrated curve never falls, whatever was measured", () => {
    const point = fc.record({
      utilisation: fc.double({ min: 0, max: 1, noNaN: true }),
      watts: fc.double({ min: 0.1, max: 1000, noNaN: true }),
    });
    fc.assert(
      fc.property(fc.array(point, { minLength: 4, maxLength: 40 }), (points) => {
        const model = calibrate(points, "test");
        if (!model) return;
        const watts = Array.from({ length: 101 }, (_, index) => model.watts(index / 100));
        watts.forEach((one, index) => assert.ok(index === 0 || one >= watts[index - 1]! - 1e-9));
        assert.ok(watts[0]! >= 0);
      }),
    );
  });
});
