import assert from "node:assert/strict";
import fc from "fast-check";
import { seeded } from "../../../../runtime/kernel/random";
import { Oracle, ours, ourVerdict, scenario } from "../../../support/cedar/differential";

const QUESTIONS = 10;

describe("compiled Cedar policies", () => {
  it("decide, by the same policies and with faults of the same, as cedar-wasm does", function () {
    this.timeout(120_000);
    let [compared, allowed, faulty, refused] = [0, 0, 0, 0];
    fc.assert(
      fc.property(fc.integer(), (seed) => {
        const generated = scenario(seeded(seed), QUESTIONS);
        const world = ours(generated);
        if (!world) {
          refused++;
          return;
        }
        const oracle = new Oracle(generated, world);
        for (const question of generated.questions) {
          const verdict = oracle.verdict(question);
          assert.equal(ourVerdict(world, question), verdict, JSON.stringify(question));
          compared++;
          if (verdict.startsWith("allow")) allowed++;
          if (verdict.includes("faults of [") && !verdict.endsWith("[]")) faulty++;
        }
      }),
      { numRuns: 300 },
    );
    // That the generator makes all kinds of cases.
    assert.ok(compared > 2000, `${compared} compared`);
    assert.ok(allowed > compared / 50, `${allowed} of ${compared} allowed`);
    assert.ok(faulty > compared / 50, `${faulty} of ${compared} with faults`);
    assert.ok(refused < 100, `${refused} policy sets refused`);
  });
});
