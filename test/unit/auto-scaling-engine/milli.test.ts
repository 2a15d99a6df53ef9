import assert from "node:assert/strict";
import { approximateFloat, milli } from "../../../runtime/scalability/auto-scaling-engine/milli";

describe("auto-scaling engine: quantities in thousandths", () => {
  it("round up from billionths, and noise is none", () => {
    const cases: [number, bigint][] = [
      [0, 0n],
      [0.1 + 0.2, 300n],
      [0.0000001, 1n],
      [0.123456789, 124n],
      [1.001, 1001n],
      [68719476736, 68719476736000n],
      [1e300, 2n ** 63n - 1n],
    ];
    for (const [quantity, expected] of cases) assert.equal(milli(quantity), expected, String(quantity));
  });

  it("become floats by a power of ten, as in Kubernetes", () => {
    assert.equal(approximateFloat(0.57), 57 * 0.01);
    assert.notEqual(approximateFloat(0.57), 0.57);
    for (const plain of [0, 0.1, 0.05, 1, 1e-9, 12]) assert.equal(approximateFloat(plain), plain);
  });
});
