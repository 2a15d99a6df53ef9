import assert from "node:assert/strict";
import { MnoError } from "../../../../runtime/exports";
import { embodiedShare, sci } from "../../../../runtime/kernel/energy/sci";

describe("kernel: software carbon intensity", () => {
  it("is (E * I + M) per R", () => {
    const score = sci({ energyKwh: 2, gramsPerKwh: 300, embodiedGrams: 60, functionalUnits: 1000 });
    assert.deepEqual(score, { operationalGrams: 600, embodiedGrams: 60, gramsPerUnit: 0.66 });
  });

  it("has the standard's worked example: 1000 kg over four years, one hour", () => {
    const grams = embodiedShare({
      totalGrams: 1e6,
      reserved: 1,
      expectedLife: 35_040,
      resourcesReserved: 1,
      totalResources: 1,
    });
    assert.ok(Math.abs(grams - 28.54) < 0.01);
  });

  it("refuses to divide by nothing, and negative figures", () => {
    const input = { energyKwh: 1, gramsPerKwh: 1, embodiedGrams: 1, functionalUnits: 1 };
    for (const bad of [
      { functionalUnits: 0 },
      { functionalUnits: Number.NaN },
      { energyKwh: -1 },
      { gramsPerKwh: -1 },
      { embodiedGrams: -1 },
    ]) {
      assert.throws(
        () => sci({ ...input, ...bad }),
        (error) =>
          error instanceof MnoError && error.code === "MNO_SCI_INVALID" && error.message.includes(Object.keys(bad)[0]!),
      );
    }
  });
});
