import assert from "node:assert/strict";
import fc from "fast-check";
import { type BenchRow, faultsOf, median, spread } from "../../../bench/contract";

const row: BenchRow = { work: "w", metric: "m", unit: "u", better: "lower", ours: 1, spread: 0, peers: { other: 2 } };

describe("median and spread", () => {
  it("take the middle, or the mean of the two in the middle", () => {
    assert.equal(median([3, 1, 2]), 2);
    assert.equal(median([10, 2, 4, 1]), 3);
    assert.throws(() => median([]), RangeError);
  });

  it("lie within the values, whatever their order, and leave them as they are", () => {
    fc.assert(
      fc.property(fc.array(fc.integer(), { minLength: 1 }), (values) => {
        const copy = [...values];
        const middle = median(values);
        assert.ok(middle >= Math.min(...values) && middle <= Math.max(...values));
        assert.equal(median(values.toReversed()), middle);
        assert.ok(values.filter((value) => value <= middle).length >= values.length / 2);
        assert.deepEqual(values, copy);
      }),
    );
  });

  it("give the range as a share of the median", () => {
    assert.equal(spread([90, 100, 110]), 0.2);
    assert.equal(spread([-90, -100, -110]), 0.2);
    assert.equal(spread([0, 0]), 0);
    assert.equal(spread([5]), 0);
  });
});

describe("faultsOf", () => {
  it("accepts whole rows, with and without what is optional", () => {
    assert.deepEqual(faultsOf([row, { ...row, peers: {}, bound: 0, source: "a paper", better: "higher" }]), []);
  });

  it("names every fault by row and member", () => {
    const wrong = { ...row, work: "", better: "more", ours: NaN, spread: -1, peers: { other: Infinity }, bound: null };
    assert.deepEqual(faultsOf([row, wrong]), [
      "row 2: work must be a text",
      'row 2: better must be "higher" or "lower"',
      "row 2: ours must be a finite number, not NaN",
      "row 2: spread must be a finite number of at least 0, not -1",
      "row 2: bound must be a finite number, not null",
      "row 2: peers.other must be a finite number, not Infinity",
    ]);
    assert.deepEqual(faultsOf([{ ...row, peers: undefined }]), [
      "row 1: peers must be an object, {} where there is none",
    ]);
  });

  it("refuses no rows", () => {
    for (const nothing of [[], undefined, {}]) assert.equal(faultsOf(nothing).length, 1);
  });
});
