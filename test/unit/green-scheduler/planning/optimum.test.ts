import assert from "node:assert/strict";
import loadHighs from "highs";
import { instanceOf, SHAPES } from "../../../../bench/green-scheduler/instances";
import { judge } from "../../../../bench/green-scheduler/optimum";
import { programOf } from "../../../../bench/green-scheduler/program";
import { planAll } from "../../../../runtime/sustainability/green-scheduler/engine";

describe("bench green-scheduler: beside a mixed-integer program", () => {
  it("no plan is better than the optimum of the same problem, of any kind, and few are much worse", async () => {
    const highs = await loadHighs();
    let solved = 0;
    for (const shape of SHAPES) {
      const small = { ...shape, jobs: 8, load: 0.25, most: { work: 3, slack: 6 } };
      const instance = instanceOf(small, 77);
      const { Status, ObjectiveValue } = highs.solve(programOf(instance), { mip_rel_gap: 1e-6 });
      if (Status !== "Optimal") continue;
      const plans = planAll(instance.jobs, { now: 0, grid: instance.grid, regions: instance.regions });
      const grams = judge(instance, plans);
      assert.ok(grams !== undefined, `${shape.name}: late, or too many cores taken`);
      assert.ok(grams >= ObjectiveValue * (1 - 1e-5), `${shape.name}: ${String(grams)} < ${String(ObjectiveValue)}`);
      assert.ok(grams <= ObjectiveValue * 1.02, `${shape.name}: ${String(grams)} > ${String(ObjectiveValue)}`);
      solved++;
    }
    assert.ok(solved >= SHAPES.length - 2);
  });

  it("counts no plan that breaks a rule of the problem", () => {
    const instance = instanceOf({ ...SHAPES[0]!, jobs: 2 }, 5);
    const plans = planAll(instance.jobs, { now: 0, grid: instance.grid, regions: instance.regions });
    assert.ok(judge(instance, plans) !== undefined);
    const [first, second] = plans as [(typeof plans)[0], (typeof plans)[0]];
    assert.equal(judge(instance, [first, { ...second, outcome: "late" }]), undefined);
    const early = first.slots.map((slot) => ({ ...slot, from: instance.jobs[0]!.releaseAt - 1 }));
    assert.equal(judge(instance, [{ ...first, slots: early }, second]), undefined);
    for (const { freeCores } of instance.regions) freeCores.fill(0);
    assert.equal(judge(instance, plans), undefined);
  });
});
