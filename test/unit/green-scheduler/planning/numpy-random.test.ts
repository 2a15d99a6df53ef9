import assert from "node:assert/strict";
import { NumpyRandom } from "../../../../bench/green-scheduler/numpy-random";

/** Expected values: NumPy 2.4.6, default_rng. */
describe("bench green-scheduler: NumPy's numbers", () => {
  it("draws the normal numbers of default_rng, rare paths of the ziggurat included", () => {
    const random = new NumpyRandom(0);
    const expected = [0.1257302210933933, -0.1321048632913019, 0.6404226504432821, 0.10490011715303971];
    for (const value of expected) assert.ok(Math.abs(random.normal() - value) < 1e-11);
    const other = new NumpyRandom(3);
    let sum = 0;
    for (let i = 0; i < 200_000; i++) sum += other.normal();
    assert.ok(Math.abs(sum - 86.8770200558233) < 1e-6);
  });

  it("draws its multinomial and bounded numbers", () => {
    const random = new NumpyRandom(0);
    const thrown = random.multinomial(3387, 262);
    assert.deepEqual(thrown.slice(0, 12), [14, 11, 7, 6, 16, 18, 14, 15, 13, 19, 16, 4]);
    const below = (count: number): number[] => Array.from({ length: 9 }, () => random.below(count));
    assert.deepEqual(below(16), [11, 5, 9, 12, 11, 3, 6, 5, 11]);
    assert.deepEqual(below(172), [71, 72, 93, 99, 19, 159, 69, 30, 0]);
  });
});
