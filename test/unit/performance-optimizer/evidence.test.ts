import assert from "node:assert/strict";
import { evidence } from "../../../runtime/scalability/performance-optimizer/experiments/evidence";
import { seeded } from "../../../runtime/kernel/random";

const normal = (random: () => number): number =>
  Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());

describe("evidence for a difference", () => {
  it("is 1 where there is nothing, and where all differences are nothing", () => {
    assert.equal(evidence([]), 1);
    assert.equal(evidence([0, 0, 0]), 1);
  });

  it("does not depend on the unit", () => {
    const differences = [1, 2, 0.5, 1.5];
    const scaled = differences.map((one) => one * 1e6);
    assert.ok(Math.abs(evidence(differences) - evidence(scaled)) < 1e-9);
  });

  it("has its closed form: three differences of one give (1/2) x (1/4)^(-3/2)", () => {
    assert.ok(Math.abs(evidence([1, 1, 1]) - 0.5 * 0.25 ** -1.5) < 1e-12);
  });

  it("finds nothing where there is nothing, however often it is looked at", () => {
    const random = seeded(1);
    let alarms = 0;
    for (let run = 0; run < 1000; run++) {
      const differences: number[] = [];
      for (let look = 0; look < 50; look++) {
        differences.push(normal(random));
        if (evidence(differences) >= 20) {
          alarms += 1;
          break;
        }
      }
    }
    assert.ok(alarms <= 50, `${String(alarms)} false alarms in 1000 runs; 50 are promised at most`);
  });

  it("finds an effect of one standard deviation, as a rule within 15 pairs", () => {
    const random = seeded(2);
    let found = 0;
    for (let run = 0; run < 200; run++) {
      const differences = Array.from({ length: 15 }, () => normal(random) + 1);
      if (differences.some((_, index) => evidence(differences.slice(0, index + 1)) >= 20)) found += 1;
    }
    assert.ok(found >= 140, String(found));
  });
});
